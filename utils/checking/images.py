"""Drivers and laws of lesson 03: what is done to images."""

DRIVERS = {}
