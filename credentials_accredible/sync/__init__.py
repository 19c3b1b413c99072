"""Importing an account's groups."""
