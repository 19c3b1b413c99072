"""Brings what was decided about badges to Accredible: once, soon, and whatever fails in between."""
