"""The questions of lesson 06."""
