"""Badges that are due because a group's requirements were changed, not because of an event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from credentials_accredible.badges import awarding
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.models import AccredibleGroup, BadgeProgress

_BATCH = 500


@dataclass(frozen=True)
class Reevaluation:
    """How many learners have progress in a group, and how many badges they got, or would get."""

    learners: int
    badges: int


def reevaluate(group: AccredibleGroup, *, dry_run: bool) -> Reevaluation:
    """Award the badges of everybody whose progress is complete by the requirements as they are now.

    Nobody who has or had the badge gets it again, and none is revoked. An inactive group awards nothing. ``dry_run``
    only counts. Goes through the learners in batches, each in a transaction of its own.
    """
    progress = BadgeProgress.objects.filter(group=group, group__is_active=True)
    learners = BadgeProgress.objects.filter(group=group).count()
    if dry_run:
        return Reevaluation(learners, awarding.due(progress).count())
    awarded, done = 0, 0
    while batch := list(
        awarding.due(progress.filter(pk__gt=done)).order_by("pk").values_list("pk", flat=True)[:_BATCH]
    ):
        awarded += retrying(partial(_award, batch))
        done = batch[-1]
    return Reevaluation(learners, awarded)


def _award(batch: list[int]) -> int:
    with transaction.atomic():
        # For the lock: an event of the same learner waits, or is through.
        BadgeProgress.objects.filter(pk__in=batch).update(user=F("user"))
        progress = BadgeProgress.objects.filter(pk__in=batch, group__is_active=True)
        return awarding.award(progress, timezone.localdate())
