"""How far a learner has come towards a group's badge."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.rules import BadgeRequirement


class BadgeProgress(TimeStampedModel):
    """A learner on the way to a group's badge.

    .. pii: Links a learner to a group.
    .. pii_types: id
    .. pii_retirement: consumer_api
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("learner"))
    group = models.ForeignKey(AccredibleGroup, models.CASCADE, related_name="progresses", verbose_name=_("group"))

    class Meta:
        verbose_name = _("badge progress")
        verbose_name_plural = _("badge progress")
        ordering = ["-modified", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="accredible_progress_once_per_group")]

    def __str__(self) -> str:
        return f"{self.user} / {self.group}"


class Fulfillment(TimeStampedModel):
    """A requirement that a learner has fulfilled.

    ``context`` holds what fulfilled it: the event's id, its time and the facts the rules looked at.

    .. pii: Links a learner, through the progress, to an event.
    .. pii_types: id
    .. pii_retirement: consumer_api
    """

    progress = models.ForeignKey(
        BadgeProgress, models.CASCADE, related_name="fulfillments", verbose_name=_("progress")
    )
    requirement = models.ForeignKey(
        BadgeRequirement, models.CASCADE, related_name="fulfillments", verbose_name=_("requirement")
    )
    context = models.JSONField(_("context"), default=dict, blank=True)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["progress", "requirement"], name="accredible_fulfillment_once")
        ]

    def __str__(self) -> str:
        return f"{self.progress} / {self.requirement}"
