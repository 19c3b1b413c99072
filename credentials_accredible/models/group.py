"""A badge definition at Accredible."""

from __future__ import annotations

import uuid

from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.history import History


class AccredibleGroup(TimeStampedModel):
    """A group as Accredible describes it, and whether learners can earn it here.

    Accredible owns every field but ``site`` and ``is_active``; a sync writes the former and never the latter.
    Texts are as long as the provider likes, hence no length limits.

    .. no_pii: Describes a badge, not a person.
    """

    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
    api_config = models.ForeignKey(
        AccredibleAPIConfig, models.CASCADE, related_name="groups", verbose_name=_("API configuration")
    )
    # Accredible counts ids per environment, so one number can stand for groups of several configurations.
    accredible_id = models.BigIntegerField(_("Accredible ID"))
    name = models.TextField(_("name"), help_text=_("The title that learners see."))
    internal_name = models.TextField(_("internal name"), blank=True)
    description = models.TextField(_("description"), blank=True)
    icon_url = models.TextField(_("icon URL"), blank=True)
    design_id = models.BigIntegerField(_("design ID"), null=True, blank=True)
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("site"))
    is_active = models.BooleanField(
        _("active"), default=False, help_text=_("Only active groups are issued to learners.")
    )
    remote_created_at = models.DateTimeField(_("created at Accredible"), null=True, blank=True)
    remote_updated_at = models.DateTimeField(_("updated at Accredible"), null=True, blank=True)
    synced_at = models.DateTimeField(
        _("last written by a sync"), null=True, blank=True, help_text=_("A sync leaves unchanged groups alone.")
    )

    # What Accredible says of it is a matter of the syncs, see SyncChange.
    history = History(["site", "is_active"], labels=["api_config", "accredible_id", "name"])

    class Meta:
        verbose_name = _("Accredible group")
        verbose_name_plural = _("Accredible groups")
        ordering = ["api_config", "accredible_id"]
        constraints = [
            models.UniqueConstraint(fields=["api_config", "accredible_id"], name="accredible_group_once_per_config")
        ]
        indexes = [models.Index(fields=["accredible_id"], name="accredible_group_remote_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def management_url(self) -> str:
        """The group's page in Accredible's dashboard; empty where the settings do not know the environment."""
        try:
            dashboard = conf.environment(self.api_config.environment).dashboard_url
        except ConfigurationError:
            return ""
        return f"{dashboard}/issuer/dashboard/group/{self.accredible_id}/information-and-appearance"
