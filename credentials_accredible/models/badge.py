"""A badge that a learner has earned."""

from __future__ import annotations

import uuid
from enum import Enum

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.group import AccredibleGroup


class AccredibleBadge(TimeStampedModel):
    """What was decided for a learner, and how far it has come at Accredible: the outbox of what is to be sent there.

    It outlives its group and its configuration, and so repeats what it needs of them. There is something to be done
    when ``next_attempt_at`` has come. A sender that takes it on puts its name into ``claim`` and moves the time to the
    end of its lease: should it die, the badge is due again. ``failures`` in a row since ``due_since`` are what the
    delays grow with; ``attempts`` counts all tries there ever were. ``custom_attributes`` are those that Accredible is
    told, by name, as they were when the badge was decided.

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
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    due_since = models.DateTimeField(_("due since"), default=timezone.now, null=True, blank=True, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now, null=True, blank=True)
    claim = models.CharField(max_length=64, blank=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True, editable=False)
    problem = models.CharField(
        _("problem"), max_length=16, choices=BadgeProblem.choices, default=BadgeProblem.NONE, blank=True
    )
    last_error = models.TextField(_("last error"), blank=True)
    custom_attributes = models.JSONField(_("custom attributes"), default=dict, blank=True, editable=False)
    # A fingerprint of the name and address that were refused: other ones are worth another try.
    refused_recipient = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("Accredible badge")
        verbose_name_plural = _("Accredible badges")
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "api_config", "accredible_group_id"], name="accredible_badge_once_per_learner"
            )
        ]
        indexes = [
            models.Index(fields=["api_config", "next_attempt_at"], name="accredible_badge_due_by_config"),
            models.Index(fields=["state", "problem"], name="accredible_badge_state"),
            models.Index(fields=["delivered_at"], name="accredible_badge_delivered"),
        ]
        permissions = [
            ("award_accrediblebadge", "Can award badges by hand"),
            ("revoke_accrediblebadge", "Can revoke badges by hand"),
            ("deliver_accrediblebadge", "Can have badges delivered, and retry their delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.user} / {self.group_name}"


class BadgeLogEntry(TimeStampedModel):
    """Something that was done about a badge, or tried: by a member of staff, or towards Accredible.

    ``detail`` holds a person's reason, or Accredible's words.

    .. pii: Links a member of staff to what they did; what Accredible says can quote an e-mail address.
    .. pii_types: id, email_address
    .. pii_retirement: consumer_api
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
        return f"{self.get_action_display()}, {self.created:%Y-%m-%d %H:%M:%S} UTC"


class Job(Enum):
    """The next step towards what was decided."""

    NOTHING = "nothing"
    ISSUE = "issue"  # nothing of it can be at Accredible
    SEARCH = "search"  # it may be at Accredible: look by our own id, adopt it or go on
    PUBLISH = "publish"  # it is at Accredible, but not visible
    EXPIRE = "expire"  # it is at Accredible, and was revoked here
    REINSTATE = "reinstate"  # it was revoked at Accredible, and awarded here again


def job_of(badge: AccredibleBadge) -> Job:
    """What is to be done next. A revoked badge of which nothing was ever sent has nothing left to be done."""
    if badge.status == BadgeStatus.REVOKED:
        if badge.state == BadgeState.EXPIRED:
            return Job.NOTHING
        return Job.EXPIRE if badge.external_id else _unless_certain(badge, Job.NOTHING)
    if badge.state == BadgeState.ACCEPTED:
        return Job.NOTHING
    if badge.external_id:
        # The day stays until it is reinstated, also where that was refused and the state is ``error``.
        was_revoked = badge.state == BadgeState.EXPIRED or badge.expired_on is not None
        return Job.REINSTATE if was_revoked else Job.PUBLISH
    return _unless_certain(badge, Job.ISSUE)


def is_urgent(job: Job) -> bool:
    """Whether it is to be done at once; what is not published is looked at now and then."""
    return job not in {Job.NOTHING, Job.PUBLISH}


def _unless_certain(badge: AccredibleBadge, job: Job) -> Job:
    # ``created`` and ``expired`` without a credential say for certain that there is none.
    return job if badge.state in {BadgeState.CREATED, BadgeState.EXPIRED} else Job.SEARCH
