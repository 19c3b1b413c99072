"""How the host finds the plugin, and what runs at its start."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import pre_migrate
from django.utils.translation import gettext_lazy as _
from edx_django_utils.plugins.constants import PluginSettings, PluginURLs

PROJECT_TYPE = "credentials.djangoapp"


class CredentialsAccredibleConfig(AppConfig):
    """The plugin, as edx-django-utils loads it into the Credentials service."""

    name = "credentials_accredible"
    verbose_name = _("Accredible badges")
    default_auto_field = "django.db.models.BigAutoField"

    plugin_app = {
        PluginSettings.CONFIG: {
            PROJECT_TYPE: {
                "base": {PluginSettings.RELATIVE_PATH: "settings.base"},
                "production": {PluginSettings.RELATIVE_PATH: "settings.production"},
            },
        },
        PluginURLs.CONFIG: {
            PROJECT_TYPE: {
                PluginURLs.NAMESPACE: "credentials_accredible",
                PluginURLs.REGEX: r"^accredible/",
                PluginURLs.RELATIVE_PATH: "urls",
            },
        },
    }

    def ready(self) -> None:
        """Register the system checks, and what listens: to connections, events, changed rules, and migrations."""
        from credentials_accredible import checks, database, downgrade, receivers  # noqa: F401, PLC0415  # registers

        receivers.connect()
        pre_migrate.connect(downgrade.refuse_losses, sender=self)
