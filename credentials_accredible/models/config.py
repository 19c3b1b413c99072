"""An account at Accredible."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible import conf
from credentials_accredible.models.history import History
from credentials_accredible.secrets import Secret


class _SecretAttribute(DeferredAttribute):
    """Turns what is assigned into a Secret at once, so that no instance holds a key in the clear by accident."""

    def __set__(self, instance: models.Model, value: Secret | str | None) -> None:
        instance.__dict__[self.field.attname] = Secret.of(value)


class SecretField(models.TextField):
    """A Secret, encrypted in the database. Fixtures get an empty value: where they load, the key is entered again."""

    descriptor_class = _SecretAttribute

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret:
        """The stored value, still encrypted: a page that only lists configurations decrypts nothing."""
        return Secret(token=value or "")

    def to_python(self, value: Any) -> Secret:
        return Secret.of(value)

    def get_prep_value(self, value: Any) -> str:
        return Secret.of(value).encrypted()

    def get_lookup(self, lookup_name: str) -> Any:
        """None but for ``isnull``: what a query cannot compare, nobody can guess letter by letter."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        """What ``dumpdata`` writes: nothing."""
        return ""


PAUSE_FIELDS = ("paused_at", "pause_reason", "held_until", "outages")


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
    sync_interval = models.PositiveIntegerField(
        _("sync every"),
        null=True,
        blank=True,
        help_text=_("Minutes between two scheduled syncs; empty: none. Needs a worker with a beat, or cron."),
    )
    next_sync_at = models.DateTimeField(_("next scheduled sync"), null=True, blank=True, editable=False)
    # A key that Accredible refuses stops deliveries until it is changed or a person lifts the pause.
    paused_at = models.DateTimeField(_("delivery paused"), null=True, blank=True, editable=False)
    pause_reason = models.TextField(_("reason of the pause"), blank=True, editable=False)
    # While Accredible is out of reach, or asks to slow down, all senders wait, and one tries now and then.
    held_until = models.DateTimeField(_("waits until"), null=True, blank=True, editable=False)
    outages = models.PositiveIntegerField(default=0, editable=False)
    # What needs a person is told once: all that came up until then has been.
    told_at = models.DateTimeField(null=True, editable=False)

    history = History(["name", "environment", "sync_interval"], masked="api_key")

    class Meta:
        verbose_name = _("Accredible API configuration")
        verbose_name_plural = _("Accredible API configurations")
        ordering = ["name"]
        permissions = [
            ("sync_accredibleapiconfig", "Can sync the groups of an Accredible API configuration"),
            ("adopt_accredibleapiconfig", "Can take over from the built-in integration of the service"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; another API key lifts the pause that the former one has brought about."""
        if self.paused_at and self.pk:
            stored = type(self).objects.filter(pk=self.pk).first()
            if stored and stored.api_key != self.api_key:
                self.paused_at, self.pause_reason, self.held_until, self.outages = None, "", None, 0
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], *PAUSE_FIELDS}
        super().save(*args, **kwargs)

    @property
    def environment_name(self) -> str:
        """The environment's name for people; its key where the settings do not know it."""
        found = conf.environments().get(self.environment)
        return found.name if found else self.environment
