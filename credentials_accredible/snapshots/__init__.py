"""What a removed group leaves behind, and how it comes back."""
