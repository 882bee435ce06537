"""What a teacher runs: questions, build, grading and benchmarks."""
