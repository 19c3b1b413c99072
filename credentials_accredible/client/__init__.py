"""Accredible over HTTP; knows no Django model."""
