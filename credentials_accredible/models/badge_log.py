"""What was done about a badge, and by whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import BadgeAction
from credentials_accredible.models.badge import AccredibleBadge
from credentials_accredible.text import moment


class BadgeLogEntry(TimeStampedModel):
    """Something that was done about a badge, or tried: by a member of staff, or towards Accredible.

    ``detail`` holds a person's reason, or Accredible's words.

    .. pii: Links a member of staff to what they did; what Accredible says can quote an e-mail address.
    .. pii_types: id, email_address
    .. pii_retirement: local_api
    """

    badge = models.ForeignKey(AccredibleBadge, models.CASCADE, related_name="log", verbose_name=_("badge"))
    action = models.CharField(_("action"), max_length=16, choices=BadgeAction.choices)
    succeeded = models.BooleanField(_("succeeded"))
    detail = models.TextField(_("detail"), blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    class Meta:
        verbose_name = _("badge log entry")
        verbose_name_plural = _("badge log entries")
        ordering = ["-created", "-pk"]
        indexes = [models.Index(fields=["created"], name="accredible_badge_log_age")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}, {moment(self.created)}"
