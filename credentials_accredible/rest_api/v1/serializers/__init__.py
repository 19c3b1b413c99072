"""What resources look like, a module for each."""
