"""Drivers of lesson 05: models and curves that are rebuilt from data."""

DRIVERS = {}
