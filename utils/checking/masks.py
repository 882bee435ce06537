"""Drivers and laws of lesson 04: dropout masks and what they do."""

DRIVERS = {}
