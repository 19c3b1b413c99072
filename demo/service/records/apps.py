"""The embedded host's stand-in for the service's own app of that label."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Tables alone."""

    name = "demo.service.records"
    label = "records"
