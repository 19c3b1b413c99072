"""Languages: what is marked, what is translated, and how it looks."""
