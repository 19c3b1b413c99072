"""Carries the configuration of groups between installations, as files that people can read and write."""
