"""Taking over from the service's built-in integration, and giving it back."""
