"""The embedded host's users."""
