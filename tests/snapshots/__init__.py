"""What is removed can be brought back."""
