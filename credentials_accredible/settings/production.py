"""The hook of the host's production settings: the same as for the base."""

from credentials_accredible.settings.base import plugin_settings

__all__ = ["plugin_settings"]
