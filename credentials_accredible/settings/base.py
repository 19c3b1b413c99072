"""The hook of the host's base settings."""

from __future__ import annotations

from typing import Any


def plugin_settings(settings: Any) -> None:
    """Make sure the operator's dict exists; defaults are merged when a setting is read (see ``conf``).

    The host may call a hook twice, and its YAML comes after: what is there stays.
    """
    settings.CREDENTIALS_ACCREDIBLE = getattr(settings, "CREDENTIALS_ACCREDIBLE", None) or {}
