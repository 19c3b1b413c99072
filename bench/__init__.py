"""Measurements of what has to stay fast: ``python -m bench``."""
