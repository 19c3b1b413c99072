"""Delivery of badges to Accredible."""
