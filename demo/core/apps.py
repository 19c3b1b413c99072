"""The embedded host's own app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Brings the user model; labelled as in the real service."""

    name = "demo.core"
    label = "core"
