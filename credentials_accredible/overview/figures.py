"""Groups and badges in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Value
from django.utils import timezone

from credentials_accredible import database
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeRequirement, GroupSnapshot

_REMOVED_LATELY = timedelta(days=30)
# A day can have some ten thousand badges, and all of them are counted.
_DAYS = 14


@dataclass(frozen=True)
class GroupFigures:
    """How many groups there are; ``bare`` are those that nobody can earn, because they ask for nothing."""

    total: int
    active: int
    bare: int


@dataclass(frozen=True)
class Day:
    """A day of the service's time zone, and how many badges were delivered on it."""

    date: date
    delivered: int


def group_figures() -> GroupFigures:
    """One query."""
    asks = Exists(BadgeRequirement.objects.filter(group=OuterRef("pk")))
    counted = AccredibleGroup.objects.annotate(asks=asks).aggregate(
        total=Count("pk"), active=Count("pk", filter=Q(is_active=True)), bare=Count("pk", filter=Q(asks=False))
    )
    return GroupFigures(**counted)


def removed_lately() -> int:
    """How many groups were removed in the last 30 days, and did not come back."""
    return GroupSnapshot.objects.filter(created__gte=database.now() - _REMOVED_LATELY, restored_at=None).count()


def badges_per_day() -> list[Day]:
    """The last 14 days, today included: one query, which reads an index alone.

    A badge counts on the day on which it was delivered last. The borders of the days are computed here: many a MySQL
    does not know time zones.
    """
    today = timezone.localdate(database.now())
    days = [today - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    counts: list[Any] = [_delivered(number, day) for number, day in enumerate(days)]
    found: dict[int, int] = dict(counts[0].union(*counts[1:], all=True))
    return [Day(day, found.get(number, 0)) for number, day in enumerate(days)]


def _delivered(number: int, day: date) -> Any:
    begins, ends = (timezone.make_aware(datetime.combine(start, time.min)) for start in (day, day + timedelta(days=1)))
    badges = AccredibleBadge.objects.filter(delivered_at__gte=begins, delivered_at__lt=ends).order_by()
    return (
        badges.annotate(number=Value(number))
        .values("number")
        .annotate(count=Count("pk"))
        .values_list("number", "count")
    )
