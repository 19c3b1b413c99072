"""How far a learner has come towards a group's badge."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from model_utils.models import TimeStampedModel

from credentials_accredible import conf, database
from credentials_accredible.models.group import AccredibleGroup
from credentials_accredible.models.rules import BadgeRequirement

# Expired penalties that are deleted when new ones are kept.
_AT_ONCE = 50

# A requirement without a letter counts as having one of its own.
_LETTERS = Count("blend", distinct=True, filter=~Q(blend="")) + Count("pk", distinct=True, filter=Q(blend=""))


class BadgeProgressQuerySet(models.QuerySet["BadgeProgress"]):
    def with_letters(self) -> BadgeProgressQuerySet:
        """Annotate how many letters the group has, and how many of them the learner has fulfilled.

        ``letters_total`` and ``letters_fulfilled`` are counted by the database, in the query that fetches the rows.
        """
        required = BadgeRequirement.objects.filter(group=OuterRef("group"))
        return self.annotate(
            letters_total=_letters(required),
            letters_fulfilled=_letters(required.filter(fulfillments__progress=OuterRef("pk"))),
        )


class BadgeProgress(TimeStampedModel):
    """A learner on the way to a group's badge.

    ``last_event_at`` is the time of the newest event that counted. ``resets`` says, by the requirement's primary key,
    the time of the newest penalty for it, so that an older event that comes late does not fulfil it.

    .. pii: Links a learner to a group.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("learner"))
    group = models.ForeignKey(AccredibleGroup, models.CASCADE, related_name="progresses", verbose_name=_("group"))
    last_event_at = models.DateTimeField(_("latest event"), null=True, blank=True, editable=False)
    resets = models.JSONField(default=dict, blank=True, editable=False)

    objects = BadgeProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("badge progress")
        verbose_name_plural = _("badge progress")
        ordering = ["-modified", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="accredible_progress_once_per_group")]

    def __str__(self) -> str:
        # Pages that list many would ask for each name: only what is known is told.
        if {"user", "group"} <= self._state.fields_cache.keys():
            return f"{self.user} / {self.group}"
        return gettext("a learner's progress")

    @property
    def ratio(self) -> float:
        """The share of the group's letters that are fulfilled, 0.0 to 1.0; 0.0 where the group has none.

        One query, or none where the progress was fetched by ``with_letters()``: these figures stay as they were.
        """
        fulfilled, total = self._letters()
        return fulfilled / total if total else 0.0

    @property
    def completed(self) -> bool:
        """Whether every letter is fulfilled, and there is one; queries as ``ratio`` does."""
        fulfilled, total = self._letters()
        return fulfilled == total > 0

    def _letters(self) -> tuple[int, int]:
        if "letters_total" in self.__dict__:
            return self.__dict__["letters_fulfilled"], self.__dict__["letters_total"]
        counted: Any = type(self).objects.with_letters().filter(pk=self.pk).first()
        return (counted.letters_fulfilled, counted.letters_total) if counted else (0, 0)


def _letters(requirements: models.QuerySet[BadgeRequirement]) -> Coalesce:
    counted: Any = requirements.order_by().values("group").annotate(letters=_LETTERS).values("letters")
    return Coalesce(Subquery(counted), 0)


class Fulfillment(TimeStampedModel):
    """A requirement that a learner has fulfilled.

    ``context`` holds what fulfilled it: the event's id, its time and the facts the rules looked at.

    .. pii: Links a learner, through the progress, to an event.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    progress = models.ForeignKey(BadgeProgress, models.CASCADE, related_name="fulfillments", verbose_name=_("progress"))
    requirement = models.ForeignKey(
        BadgeRequirement, models.CASCADE, related_name="fulfillments", verbose_name=_("requirement")
    )
    context = models.JSONField(_("context"), default=dict, blank=True)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["progress", "requirement"], name="accredible_fulfillment_once")]

    def __str__(self) -> str:
        known = self._state.fields_cache.get("requirement")
        return str(known) if known else gettext("a fulfilled requirement")


class EarlyPenaltyQuerySet(models.QuerySet["EarlyPenalty"]):
    def keep(self, learner: str, requirements: Collection[int], at: datetime) -> None:
        """Keep that a penalty of the time ``at`` was about ``requirements``; the newest for each of them counts."""
        kept = self.filter(learner=learner, requirement__in=requirements)
        values = {"time": Case(When(time__lt=at, then=Value(at)), default="time"), "modified": timezone.now()}
        # A learner who keeps failing costs this one statement.
        if kept.update(**values) == len(requirements):
            return
        with transaction.atomic(using=database.alias()):
            rows = [EarlyPenalty(learner=learner, requirement_id=pk, time=at) for pk in sorted(requirements)]
            database.insert_or_lock(rows, unique=["learner", "requirement"])
            kept.update(**values)
        # Where new ones come in, old ones go: no row stays for ever, whether or not anybody prunes.
        if over := list(self.expired().values_list("pk", flat=True)[:_AT_ONCE]):
            self.expired().filter(pk__in=over).delete()

    def expired(self, days: float | None = None) -> EarlyPenaltyQuerySet:
        """Those that came in longer ago than that, or than the setting ``LATE_EVENT_DAYS`` says."""
        longest = conf.number("LATE_EVENT_DAYS", least=0) if days is None else days
        return self.filter(modified__lt=timezone.now() - timedelta(days=longest))


class EarlyPenalty(models.Model):
    """A penalty for a requirement in a group in which its learner has no progress: an older event may yet arrive.

    ``learner`` is the key of ``badges.learners``: the learner need not have an account. ``time`` is when the newest
    such penalty happened. Once there is progress, its ``resets`` take over. Kept for ``LATE_EVENT_DAYS``.

    .. pii: Names a learner who has failed at something, for some days.
    .. pii_types: id, username
    .. pii_retirement: local_api
    """

    learner = models.CharField(max_length=160)
    requirement = models.ForeignKey(BadgeRequirement, models.CASCADE, related_name="+")
    time = models.DateTimeField()
    # When it came in last: its days count from here, however old the event was.
    modified = models.DateTimeField(default=timezone.now, db_index=True)

    objects = EarlyPenaltyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "requirement"], name="accredible_early_penalty_once")]

    def __str__(self) -> str:
        return gettext("requirement %(id)s") % {"id": self.requirement_id}
