"""A badge that a learner has earned."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.group import AccredibleGroup


class AccredibleBadge(TimeStampedModel):
    """What was decided for a learner, and how far it has come at Accredible.

    It outlives its group and its configuration, and so repeats what it needs of them.

    .. pii: Links a learner to a public credential page.
    .. pii_types: id, external_service
    .. pii_retirement: consumer_api
    """

    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("learner"))
    group = models.ForeignKey(
        AccredibleGroup, models.SET_NULL, null=True, blank=True, related_name="badges", verbose_name=_("group")
    )
    api_config = models.ForeignKey(
        AccredibleAPIConfig,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="badges",
        verbose_name=_("API configuration"),
    )
    accredible_group_id = models.BigIntegerField(_("Accredible group ID"))
    group_name = models.TextField(_("group name"))
    status = models.CharField(_("status"), max_length=16, choices=BadgeStatus.choices, default=BadgeStatus.AWARDED)
    state = models.CharField(_("state"), max_length=16, choices=BadgeState.choices, default=BadgeState.CREATED)
    # Accredible answers with a string here and an int there; text holds both.
    external_id = models.CharField(_("credential ID"), max_length=255, blank=True)
    url = models.TextField(_("credential URL"), blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    expired_on = models.DateField(_("expired on"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("Accredible badge")
        verbose_name_plural = _("Accredible badges")
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "api_config", "accredible_group_id"], name="accredible_badge_once_per_learner"
            )
        ]
        indexes = [models.Index(fields=["state", "next_attempt_at"], name="accredible_badge_due")]

    def __str__(self) -> str:
        return f"{self.user} / {self.group_name}"
