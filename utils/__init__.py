"""What a lesson imports: data, a small network, its training, figures and checks."""
