"""Accredible digital badges for the Open edX Credentials service."""

__version__ = "0.1.0"
