"""A stand-in for the catalogue of the real service."""
