"""A stand-in for the certificates of the real service."""
