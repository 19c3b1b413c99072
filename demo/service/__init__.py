"""Stand-ins for tables of the real service: what it knows of courses, grades and certificates."""
