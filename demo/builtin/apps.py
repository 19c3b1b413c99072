"""The embedded host's stand-in for the service's own badges."""

from django.apps import AppConfig


class BuiltinConfig(AppConfig):
    """Tables alone: nothing here awards badges. Labelled as in the real service."""

    name = "demo.builtin"
    label = "badges"
    verbose_name = "Badges"
