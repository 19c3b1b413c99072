"""What an Open edX event says: its types and key paths, its values, and the event itself."""
