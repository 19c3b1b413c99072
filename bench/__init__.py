"""Measurements: what has to stay fast, and whether it does."""
