"""A stand-in for the built-in badges of the real service."""
