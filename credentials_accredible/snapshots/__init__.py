"""What a removed group leaves behind, and how it is restored."""
