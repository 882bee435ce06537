"""Grading: transplant, run, judge, write; with nbgrader or with `./course grade`."""
