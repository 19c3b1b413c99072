"""What became of badges after somebody had them delivered, as the database says it now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils import timezone

from credentials_accredible.badges.delivery.jobs import Job, is_urgent, job_of
from credentials_accredible.choices import BadgeState
from credentials_accredible.models import AccredibleBadge

_BATCH = 500


class Fate(Enum):
    """What became of a badge."""

    DELIVERED = "delivered"  # what was decided is done at Accredible
    NOTHING_TO_DO = "nothing to do"  # it was before, or there is nothing that Accredible has to know
    UNPUBLISHED = "unpublished"  # made, but not visible
    FAILED = "failed"  # refused, or given up: a person is needed
    LATER = "later"  # did not work, and is tried again
    PAUSED = "paused"  # not sent: nothing of its configuration is
    TAKEN = "taken"  # another sender has it
    DUE = "due"  # not reached, left to whoever sends next


@dataclass(frozen=True)
class BadgeOutcome:
    """What became of ``badge``. ``detail`` is the reason, in Accredible's words, where there is one."""

    badge: AccredibleBadge
    fate: Fate
    detail: str = ""


def badge_outcomes(badges: Iterable[int], since: datetime) -> list[BadgeOutcome]:
    """What became of the badges of these primary keys from the time ``since`` on, in that order; one query for 500."""
    keys = list(badges)
    found: dict[int, AccredibleBadge] = {}
    for start in range(0, len(keys), _BATCH):
        rows = AccredibleBadge.objects.filter(pk__in=keys[start : start + _BATCH])
        found |= {badge.pk: badge for badge in rows.select_related("user", "api_config")}
    return [_outcome(found[key], since) for key in keys if key in found]


def _outcome(badge: AccredibleBadge, since: datetime) -> BadgeOutcome:
    if badge.state == BadgeState.ERROR and badge.next_attempt_at is None:
        return BadgeOutcome(badge, Fate.FAILED, badge.last_error)
    job = job_of(badge)
    if job is Job.NOTHING:
        done = badge.delivered_at is not None and badge.delivered_at >= since
        return BadgeOutcome(badge, Fate.DELIVERED if done else Fate.NOTHING_TO_DO)
    waits = badge.next_attempt_at is not None and badge.next_attempt_at > timezone.now()
    if badge.claim and waits:
        return BadgeOutcome(badge, Fate.TAKEN)
    if waits:
        return BadgeOutcome(badge, Fate.LATER if is_urgent(job) else Fate.UNPUBLISHED, badge.last_error)
    if badge.api_config is None or badge.api_config.paused_at:
        return BadgeOutcome(badge, Fate.PAUSED, badge.api_config.pause_reason if badge.api_config else "")
    return BadgeOutcome(badge, Fate.DUE)
