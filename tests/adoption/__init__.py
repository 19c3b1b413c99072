"""Taking over from the service's built-in Accredible integration."""
