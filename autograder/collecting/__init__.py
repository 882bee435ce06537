"""Collecting: from what a learning platform gives to submissions in their places."""
