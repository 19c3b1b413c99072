"""A badge that a learner has earned, and its life cycle.

``state`` is how far it has come at Accredible. This is all that changes it: each arrow bears the names of methods of
this module, ``any`` is any other state, and a test compares the drawing with what the methods do.

    Decided, sent, answered, and at last revoked:
        created --mark_sent--> no_response --accept--> accepted --expire--> expired

    Sent once more, when it is certain that nothing is at Accredible:
        expired | error --mark_sent--> no_response

    Accredible's word counts, whatever was known before:
        any --accept--> accepted | unpublished
        any --expire--> expired
        any --mark_absent | send_alone--> created

    A person is needed, who corrects what is wrong and has it tried again:
        any --give_up | give_up_orphans--> error

    Decided otherwise while there is a credential, so that it has to be expired, or reinstated:
        expired --revoke | retire--> accepted
        any --award_again--> expired

Decided by another integration, and taken over as it is there:
        any --take_over--> created | no_response | accepted | expired

The other methods leave the state alone, and say who has the badge and when it is looked at: ``claim``,
``mark_tried``, ``mark_changing``, ``mark_expiring``, ``release``, ``make_due``, ``cut_delays``; and ``succeed``,
``fail``, ``count_failure``, ``proceed``, ``postpone``, ``finish``, ``let_go``. Nobody else changes these columns.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, DateTimeField, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible import database
from credentials_accredible.choices import AtAccredible, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.models import badge_facts
from credentials_accredible.models.badge_facts import Step
from credentials_accredible.models.config import AccredibleAPIConfig
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.retired_learner import RetiredLearner

_ORPHANED = _(
    "Its API configuration was deleted, so that nobody can send it. Add a configuration for the "
    "same account, sync its groups, and retry the delivery."
)
# Badges that have failed so often are sent one by one: the reason may be one of those that were sent along.
ALONE_AFTER = 2


class BadgeQuerySet(models.QuerySet["AccredibleBadge"]):
    def due(self) -> BadgeQuerySet:
        """Those that there is something to be done about now."""
        return self.filter(next_attempt_at__lte=database.now())

    def nowhere(self) -> BadgeQuerySet:
        """Those of which certainly nothing is at Accredible."""
        return self.filter(external_id="", state__in=[BadgeState.CREATED, BadgeState.EXPIRED])

    def claim(self, token: str, until: datetime) -> int:
        """A sender takes them on under its ``token``, or keeps them, until its lease ends; returns how many."""
        return self.update(claim=token, next_attempt_at=until)

    def mark_sent(self, until: datetime) -> None:
        """Their issuing is about to be sent: from now on they may be at Accredible.

        Not those that are there, and not those that were revoked.
        """
        # Nor those of learners who have left.
        sendable = [BadgeState.CREATED, BadgeState.NO_RESPONSE, BadgeState.ERROR, BadgeState.EXPIRED]
        self.filter(status=BadgeStatus.AWARDED, state__in=sendable, at_accredible="").update(
            state=BadgeState.NO_RESPONSE,
            attempts=F("attempts") + 1,
            sent_at=database.now(),
            next_attempt_at=until,
            modified=database.now(),
        )

    def mark_expiring(self, on: date, valid_until: date | None) -> int:
        """Their expiry is about to take the place of this last day, which None leaves as it is; returns how many."""
        return self.update(expired_on=on, valid_until=valid_until or F("valid_until"))

    def mark_tried(self) -> None:
        """Something is about to be tried that can be repeated without harm."""
        self.update(attempts=F("attempts") + 1)

    def mark_changing(self, *, shows: bool) -> None:
        """They are about to be shown at Accredible, or else revoked there, which can be repeated without harm."""
        column = "showing_sent_at" if shows else "revoking_sent_at"
        self.update(attempts=F("attempts") + 1, **{column: database.now()})

    def release(self) -> None:
        """Their sender leaves them to the next one."""
        self.update(claim="", next_attempt_at=database.now())

    def make_due(self, **values: Any) -> None:
        """Have them tried as if for the first time, but for those that a sender has; ``values`` are written along."""
        now = database.now()
        self.filter(claim="").update(
            next_attempt_at=now, due_since=now, failures=0, problem=BadgeProblem.NONE, modified=now, **values
        )

    def cut_delays(self) -> None:
        """Have those tried now that wait because they failed, and forget that they did."""
        waiting = self.filter(claim="", failures__gt=0, next_attempt_at__isnull=False)
        waiting.update(failures=0, next_attempt_at=database.now())

    def give_up_orphans(self) -> int:
        """End what waits for a configuration that was deleted in an error that says so; returns how many.

        Those that a sender has at this moment are left to it, until its lease is over.
        """
        now = database.now()
        waiting = self.filter(Q(claim="") | Q(next_attempt_at__lte=now), api_config=None, next_attempt_at__isnull=False)
        return waiting.update(
            state=BadgeState.ERROR,
            problem=BadgeProblem.ORPHANED,
            last_error=str(_ORPHANED),
            next_attempt_at=None,
            due_since=None,
            claim="",
            modified=now,
        )

    def revoke(self, **values: Any) -> None:
        """Take them away, and have it told to Accredible where that may know of them; ``values`` are written along."""
        now = database.now()
        # Looks at the state, and so is written before it: MySQL goes from left to right.
        next_attempt_at = Case(
            # Its sender sees the revocation when it writes down what came of it.
            When(~Q(claim=""), then=F("next_attempt_at")),
            # Nothing was sent, and nothing ever will be.
            When(state=BadgeState.CREATED, then=Value(None)),
            default=Value(now),
            output_field=DateTimeField(),
        )
        # One that was to be reinstated can be visible already.
        to_be_reinstated = When(~Q(external_id=""), state=BadgeState.EXPIRED, then=Value(BadgeState.ACCEPTED))
        state = Case(to_be_reinstated, default=F("state"), output_field=CharField())
        as_new = {"modified": now, "due_since": now, "failures": 0, "problem": BadgeProblem.NONE}
        self.update(status=BadgeStatus.REVOKED, next_attempt_at=next_attempt_at, state=state, **{**as_new, **values})

    def retire(self, learner: RetiredLearner, at_accredible: AtAccredible) -> None:
        """Part them from their learner, who has left, and have done at Accredible what was asked for.

        What is to be kept is not sent any more, and not changed there; what was revoked before still is. Everything
        else is revoked, in that way.
        """
        parted: dict[str, Any] = {
            "user": None, "retired_learner": learner, "at_accredible": at_accredible, "custom_attributes": {},
            "url": "", "last_error": "", "refused_recipient": "",
        }  # fmt: skip
        if at_accredible != AtAccredible.KEEP:
            self.revoke(**parted)
            return
        # What a sender has ends when that one writes down what came of it.
        ends = When(claim="", status=BadgeStatus.AWARDED, then=Value(None))
        next_attempt_at = Case(ends, default=F("next_attempt_at"), output_field=DateTimeField())
        self.update(next_attempt_at=next_attempt_at, modified=database.now(), **parted)


class AccredibleBadge(TimeStampedModel):
    """What was decided for a learner, and how far it has come at Accredible: the outbox of what is to be sent there.

    It outlives its group and its configuration, and so repeats what it needs of them. There is something to be done
    when ``next_attempt_at`` has come. A sender that takes it on puts its name into ``claim`` and moves the time to the
    end of its lease: should it die, the badge is due again. ``sent_at`` is when its issuing was sent last;
    ``showing_sent_at`` (published or reinstated) and ``revoking_sent_at`` are when that was asked for last without an
    answer. These times are of the database's clock. ``failures`` in a row since ``due_since`` are what the delays grow
    with; ``attempts`` counts all tries there ever were. ``custom_attributes`` are those that Accredible is told, by
    name, as they were when the badge was decided. ``expired_on`` is the day of a revocation from here, from just before
    it is sent. ``valid_until`` is the last day that Accredible itself has set: NO_END for none, None if nobody knows.
    Once the learner has left, ``user`` is None, ``at_accredible`` says what becomes of the credential, and
    ``retired_learner`` is set for as long as something of it is, or may be, at Accredible.

    .. pii: Links a learner to a public credential page.
    .. pii_types: id, external_service
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("learner")
    )
    retired_learner = models.ForeignKey(
        RetiredLearner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="badges",
        verbose_name=_("retired learner"),
        editable=False,
    )
    at_accredible = models.CharField(
        _("after the learner has left"), max_length=16, choices=AtAccredible.choices, default="", blank=True
    )
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
    # With the group's id, the place at Accredible: numbers count within an environment. Empty where nobody knows it.
    environment = models.CharField(_("environment"), max_length=32, default="", blank=True, editable=False)
    accredible_group_id = models.BigIntegerField(_("Accredible group ID"))
    group_name = models.TextField(_("group name"))
    status = models.CharField(_("status"), max_length=16, choices=BadgeStatus.choices, default=BadgeStatus.AWARDED)
    state = models.CharField(_("state"), max_length=16, choices=BadgeState.choices, default=BadgeState.CREATED)
    # Accredible answers with a string here and an int there; text holds both.
    external_id = models.CharField(_("credential ID"), max_length=255, blank=True)
    url = models.TextField(_("credential URL"), blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    expired_on = models.DateField(_("expired on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    due_since = models.DateTimeField(_("due since"), default=database.now, null=True, blank=True, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=database.now, null=True, blank=True)
    claim = models.CharField(max_length=64, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    showing_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoking_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True, editable=False)
    problem = models.CharField(_("problem"), max_length=16, choices=BadgeProblem.choices, default="", blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    custom_attributes = models.JSONField(_("custom attributes"), default=dict, blank=True, editable=False)
    # A fingerprint of the name and address that were refused: other ones are worth another try.
    refused_recipient = models.CharField(max_length=64, blank=True, editable=False)

    objects = BadgeQuerySet.as_manager()

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
            # Nothing more in it: a claim reads it in order, and would else sort, and lock, all that is due.
            models.Index(fields=["api_config", "next_attempt_at"], name="accredible_badge_due_by_config"),
            models.Index(fields=["state", "problem"], name="accredible_badge_state"),
            # For the lists of staff, as is the next one.
            models.Index(fields=["status"], name="accredible_badge_status"),
            models.Index(fields=["external_id"], name="accredible_badge_credential"),
            # With the configuration: on the day of a large backlog, nobody looks at each of its rows to count them.
            models.Index(fields=["delivered_at", "api_config"], name="accredible_badge_by_delivery"),
        ]
        permissions = [
            ("award_accrediblebadge", "Can award badges by hand"),
            ("revoke_accrediblebadge", "Can revoke badges by hand"),
            ("deliver_accrediblebadge", "Can have badges delivered, and retry their delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.user or _('a learner who has left')} / {self.group_name}"

    @property
    def next_step(self) -> Step:
        """What is to be done next; see ``badge_facts``."""
        return badge_facts.next_step(self)

    @property
    def is_unread(self) -> bool:
        """Whether another integration has issued it, and Accredible was not asked about it yet."""
        return badge_facts.is_unread(self)

    def accept(self, external_id: str, url: str, *, published: bool, valid_until: date | None = None) -> None:
        """Accredible has the credential, visible or not. Of its address and last day stays what it does not tell."""
        self.state, self.expired_on = BadgeState.ACCEPTED if published else BadgeState.UNPUBLISHED, None
        self.external_id, self.valid_until = external_id, valid_until or self.valid_until
        self._point_to(url)

    def expire(self, on: date, external_id: str = "", url: str = "") -> None:
        """Accredible has revoked the credential on that day. Its id and address stay, where no others are given."""
        self.state, self.expired_on = BadgeState.EXPIRED, on
        self.external_id = external_id or self.external_id
        self._point_to(url)

    def mark_absent(self) -> None:
        """It is certain that there is no credential at Accredible."""
        self.state, self.expired_on, self.valid_until = BadgeState.CREATED, None, None
        self.external_id = self.url = ""

    def send_alone(self) -> None:
        """Nothing was made of many that were sent together: the next time it goes alone."""
        self.mark_absent()
        self.failures = ALONE_AFTER

    def award_again(self, group: AccredibleGroup, attributes: Mapping[str, str]) -> None:
        """Award a badge that was revoked; ``attributes`` are told to Accredible, unless something was sent before."""
        now = database.now()
        self.status, self.group = BadgeStatus.AWARDED, group
        self.failures, self.problem, self.last_error, self.due_since = 0, BadgeProblem.NONE, "", now
        if self.external_id:
            # Its expiry may be on its way, done and not answered, or outstanding: it is right to reinstate it.
            self.state = BadgeState.EXPIRED
            self.expired_on = self.expired_on or timezone.localdate(now)
        elif self.state == BadgeState.CREATED:
            self.issued_on, self.custom_attributes = timezone.localdate(now), dict(attributes)
        if not self.claim:
            # Otherwise its sender sees the award when it writes down what came of its request.
            self.next_attempt_at = now

    def succeed(self, detail: str) -> None:
        """A try has brought what it should; what Accredible does not publish keeps ``detail``, which says why."""
        self.failures, self.problem, self.refused_recipient, self.due_since = 0, BadgeProblem.NONE, "", None
        self.last_error = detail if self.state == BadgeState.UNPUBLISHED else ""

    def proceed(self, now: datetime) -> None:
        self.due_since = self.next_attempt_at = now

    def finish(self, now: datetime) -> None:
        self.delivered_at = now if self.external_id else self.delivered_at
        self.due_since = self.next_attempt_at = None
        if self.at_accredible:
            self.last_error = ""
        if self.at_accredible == AtAccredible.DELETE or (self.at_accredible and badge_facts.is_nowhere(self)):
            self.external_id, self.retired_learner = "", None

    def fail(self, error: Exception) -> None:
        self.last_error = str(error)

    def count_failure(self, now: datetime) -> datetime:
        """It has failed once more in a row; returns since when it has been due."""
        self.failures += 1
        self.due_since = self.due_since or now
        return self.due_since

    def postpone(self, until: datetime) -> None:
        """It is looked at again at that time."""
        self.next_attempt_at = until

    def take_over(self, external_id: str, *, awarded: bool, expired: bool, at: datetime) -> None:
        """Another integration has decided it; what has no credential there may be at Accredible all the same."""
        self.status = BadgeStatus.AWARDED if awarded else BadgeStatus.REVOKED
        self.state = BadgeState.NO_RESPONSE if awarded else BadgeState.CREATED
        if external_id:
            self.accept(external_id, "", published=True)
        if expired:
            self.expire(timezone.localdate(at))
        if self.next_step is Step.NOTHING and not self.is_unread:
            self.due_since = self.next_attempt_at = None

    def give_up(self, problem: BadgeProblem) -> None:
        """A person is needed; after ``RECIPIENT``, a correction of the learner's record is enough."""
        self.state, self.problem, self.next_attempt_at, self.due_since = BadgeState.ERROR, problem, None, None
        if problem == BadgeProblem.RECIPIENT and self.user is not None:
            self.refused_recipient = badge_facts.recipient_fingerprint(self.user)
        if problem == BadgeProblem.ORPHANED:
            self.last_error = str(_ORPHANED)

    def let_go(self, now: datetime) -> None:
        """Its sender is done with it. Without a configuration there is no next one."""
        self.claim, self.modified = "", now
        if self.api_config_id is None and self.next_attempt_at is not None:
            self.give_up(BadgeProblem.ORPHANED)

    def _point_to(self, url: str) -> None:
        # The page tells the name of a learner who has left.
        self.url = "" if self.at_accredible else url or self.url
