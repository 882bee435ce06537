"""The sandbox: a process that runs a student's code and can reach nothing else."""
