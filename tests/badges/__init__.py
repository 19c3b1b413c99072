"""Rules and what becomes of them."""
