"""What waits to be sent, and what people do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.signals import post_delete
from django.utils import timezone

from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.database import batches, in_transaction, lock
from credentials_accredible.delivery.recipients import fingerprint
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, BadgeLogEntry
from credentials_accredible.models.badge import Job, is_urgent, job_of

REASON = (
    "Its API configuration was deleted, so that nobody can send it. Add a configuration for the same account, sync its "
    "groups, and retry the delivery."
)


def watch() -> None:
    """Give up the badges of a configuration as soon as it is deleted."""
    post_delete.connect(_deleted, AccredibleAPIConfig, dispatch_uid="credentials_accredible.orphans")


def give_up() -> int:
    """Have badges that wait for a configuration that is gone end in an error that says so; returns how many.

    Those that a sender has at this moment are left to it, until its lease is over.
    """
    now = timezone.now()
    waiting = AccredibleBadge.objects.filter(api_config=None, next_attempt_at__isnull=False)
    return waiting.filter(Q(claim="") | Q(next_attempt_at__lte=now)).update(**given_up(), claim="", modified=now)


def given_up() -> dict[str, Any]:
    """The values of a badge that nobody can send."""
    return {
        "state": BadgeState.ERROR,
        "problem": BadgeProblem.ORPHANED,
        "last_error": REASON,
        "next_attempt_at": None,
        "due_since": None,
    }


def adopt(badges: Collection[AccredibleBadge]) -> list[AccredibleBadge]:
    """Join ``badges`` without a configuration to the one that has their group now; returns those that found one.

    That is the one group with their group's number at Accredible and its name. Numbers are unique within an
    environment only: where there are two such groups, or the learner has another badge of it, a badge stays as it is.
    Wants a transaction around it that has locked the badges.
    """
    groups = _groups_of(badges)
    adopted = []
    for badge in badges:
        found = groups[badge.accredible_group_id, badge.group_name]
        if len(found) != 1:
            continue
        [group] = found
        others = AccredibleBadge.objects.filter(
            user=badge.user_id, api_config=group.api_config_id, accredible_group_id=group.accredible_id
        )
        if others.exists():
            continue
        badge.group, badge.api_config_id = group, group.api_config_id
        badge.save(update_fields=["group", "api_config", "modified"])
        adopted.append(badge)
    return adopted


def _groups_of(badges: Collection[AccredibleBadge]) -> dict[tuple[int, str], list[AccredibleGroup]]:
    numbers = {badge.accredible_group_id for badge in badges}
    found: dict[tuple[int, str], list[AccredibleGroup]] = defaultdict(list)
    for group in AccredibleGroup.objects.filter(accredible_id__in=numbers):
        found[group.accredible_id, group.name].append(group)
    return found


def _deleted(**_kwargs: Any) -> None:
    give_up()


@dataclass(frozen=True)
class DeliveryStatus:
    """How deliveries of a configuration stand, as numbers of badges.

    ``due``: to be sent now. ``waiting``: for another try, or for a sender that has them. ``failed``: in state
    ``error``, until somebody retries them. ``unpublished``: at Accredible, and not visible. ``delivered_today``: since
    midnight, local time.
    """

    config: AccredibleAPIConfig
    due: int
    waiting: int
    failed: int
    unpublished: int
    delivered_today: int


def conditions() -> dict[str, Q]:
    """Which badges each of the numbers of a DeliveryStatus counts, as things are now."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "due": Q(next_attempt_at__lte=now),
        "waiting": Q(next_attempt_at__gt=now) & ~Q(state=BadgeState.UNPUBLISHED),
        "failed": Q(state=BadgeState.ERROR, next_attempt_at=None),
        "unpublished": Q(state=BadgeState.UNPUBLISHED),
        "delivered_today": Q(delivered_at__gte=midnight),
    }


def status() -> list[DeliveryStatus]:
    """How deliveries stand, by configuration; two queries for all."""
    counted = conditions()
    concerned = AccredibleBadge.objects.filter(reduce(or_, counted.values()), api_config__isnull=False)
    numbers = {name: Count("pk", filter=condition) for name, condition in counted.items()}
    by_config = concerned.order_by().values_list("api_config").annotate(**numbers)
    found = {config: dict(zip(counted, row, strict=True)) for config, *row in by_config}
    nothing = dict.fromkeys(counted, 0)
    return [DeliveryStatus(config, **found.get(config.pk, nothing)) for config in AccredibleAPIConfig.objects.all()]


def retry(badges: QuerySet[AccredibleBadge], user: Any) -> list[AccredibleBadge]:
    """Make ``badges`` due at once, as if for the first time; returns those that there is something to do about.

    What another sender is about to do is left to that one. Badges whose configuration was deleted are joined to the
    one that has their group now; where there is none, there is nothing to do about them.
    """
    keys = list(badges.order_by().values_list("pk", flat=True))
    return [badge for batch in batches(keys) for badge in _retry(batch, user)]


@in_transaction
def _retry(batch: list[int], user: Any) -> list[AccredibleBadge]:
    free = AccredibleBadge.objects.filter(pk__in=batch, claim="")
    lock(free)
    open_ones = [badge for badge in free.order_by("pk") if job_of(badge) is not Job.NOTHING]
    orphaned = [badge for badge in open_ones if badge.api_config_id is None]
    homeless = set(orphaned) - set(adopt(orphaned))
    open_ones = [badge for badge in open_ones if badge not in homeless]
    _make_due(open_ones)
    BadgeLogEntry.objects.bulk_create(
        BadgeLogEntry(badge=badge, action=BadgeAction.RETRY, succeeded=True, user=user) for badge in open_ones
    )
    return open_ones


def retry_corrected_recipients(config: AccredibleAPIConfig) -> int:
    """Make those badges due whose learner's record was refused and has been corrected since; returns how many."""
    refused = AccredibleBadge.objects.filter(
        api_config=config, state=BadgeState.ERROR, problem=BadgeProblem.RECIPIENT, claim="", status=BadgeStatus.AWARDED
    ).select_related("user")
    corrected = [badge for badge in refused.iterator() if fingerprint(badge.user) != badge.refused_recipient]
    _make_due(corrected)
    return len(corrected)


def _make_due(badges: list[AccredibleBadge]) -> None:
    now = timezone.now()
    for batch in batches(badges):
        AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in batch], claim="").update(
            next_attempt_at=now, due_since=now, failures=0, problem=BadgeProblem.NONE, modified=now
        )


_BATCH_OUTCOMES = 500


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
    for start in range(0, len(keys), _BATCH_OUTCOMES):
        rows = AccredibleBadge.objects.filter(pk__in=keys[start : start + _BATCH_OUTCOMES])
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
