"""What waits to be sent, and what people do about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from credentials_accredible.badges.delivery import orphans
from credentials_accredible.badges.delivery.jobs import Job, job_of
from credentials_accredible.badges.delivery.recipients import fingerprint
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeLogEntry

_BATCH = 500


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
    batches = [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
    return [badge for batch in batches for badge in retrying(partial(_retry, batch, user))]


def _retry(batch: list[int], user: Any) -> list[AccredibleBadge]:
    with transaction.atomic():
        free = AccredibleBadge.objects.filter(pk__in=batch, claim="")
        # A write first: it locks the rows, on SQLite the database.
        free.update(modified=F("modified"))
        open_ones = [badge for badge in free.order_by("pk") if job_of(badge) is not Job.NOTHING]
        orphaned = [badge for badge in open_ones if badge.api_config_id is None]
        homeless = set(orphaned) - set(orphans.adopt(orphaned))
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
    corrected = [
        badge for badge in refused.iterator(chunk_size=_BATCH) if fingerprint(badge.user) != badge.refused_recipient
    ]
    _make_due(corrected)
    return len(corrected)


def _make_due(badges: list[AccredibleBadge]) -> None:
    now = timezone.now()
    for start in range(0, len(badges), _BATCH):
        pks = [badge.pk for badge in badges[start : start + _BATCH]]
        AccredibleBadge.objects.filter(pk__in=pks, claim="").update(
            next_attempt_at=now, due_since=now, failures=0, problem=BadgeProblem.NONE, modified=now
        )
