"""From an event to a badge."""
