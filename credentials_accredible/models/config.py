"""An account at Accredible."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible import conf
from credentials_accredible.models.fields import SecretField
from credentials_accredible.secrets import Secret


class AccredibleAPIConfig(TimeStampedModel):
    """An API key, the environment it belongs to, and what Accredible says of the account behind it.

    .. no_pii: The issuer is an organisation.
    """

    name = models.CharField(_("name"), max_length=255, unique=True, help_text=_("How this list calls the account."))
    # No choices here: the environments are a setting, and no setting may reach a migration.
    environment = models.CharField(
        _("environment"), max_length=32, default="us", help_text=_("Where the account lives at Accredible.")
    )
    api_key: models.Field[Secret | str, Secret] = SecretField(_("API key"), editable=False, default="")
    issuer_name = models.CharField(_("issuer"), max_length=255, blank=True, editable=False)
    credits_left = models.IntegerField(_("credits left"), null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(_("key last checked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Accredible API configuration")
        verbose_name_plural = _("Accredible API configurations")
        ordering = ["name"]
        permissions = [("sync_accredibleapiconfig", "Can sync the groups of an Accredible API configuration")]

    def __str__(self) -> str:
        return self.name

    @property
    def environment_name(self) -> str:
        """The environment's name for people; its key where the settings do not know it."""
        found = conf.environments().get(self.environment)
        return found.name if found else self.environment
