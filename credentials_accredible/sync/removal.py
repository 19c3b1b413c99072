"""What hangs on groups, and removing them together with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    Fulfillment,
    PenaltyDataRule,
)
from credentials_accredible.sync.plan import Plan

# Databases limit the values of one statement: SQLite to 999 where it is old.
_BATCH = 500


@dataclass(frozen=True)
class Holdings:
    """How much is configured under a group, and how many learners are on their way to its badge."""

    requirements: int = 0
    rules: int = 0
    penalties: int = 0
    learners: int = 0


def holdings(groups: Sequence[int]) -> dict[int, Holdings]:
    """What hangs on each of the groups with these primary keys."""
    found: dict[int, dict[str, int]] = {pk: {} for pk in groups}
    for batch in _batches(groups):
        for name, rows, path in (
            ("requirements", BadgeRequirement.objects.filter(group__in=batch), "group"),
            ("rules", DataRule.objects.filter(requirement__group__in=batch), "requirement__group"),
            ("rules", PenaltyDataRule.objects.filter(penalty__group__in=batch), "penalty__group"),
            ("penalties", BadgePenalty.objects.filter(group__in=batch), "group"),
            ("learners", BadgeProgress.objects.filter(group__in=batch), "group"),
        ):
            for pk, count in _counts(rows, path):
                found[pk][name] = found[pk].get(name, 0) + count
    return {pk: Holdings(**counts) for pk, counts in found.items()}


def approval(plan: Plan, hanging: dict[int, Holdings]) -> str:
    """A fingerprint of what a person has seen before saying yes: the plan, and what goes with the groups it removes.

    Learners come and go all the time, so their number stays out.
    """
    seen = [(pk, held.requirements, held.rules, held.penalties) for pk, held in sorted(hanging.items())]
    return hashlib.sha256(f"{plan.digest} {seen}".encode()).hexdigest()


def remove(groups: Sequence[int]) -> None:
    """Delete the groups with these primary keys and all that hangs on them; earned badges stay.

    Children go first, in statements for many rows at once. Wants a transaction around it.
    """
    for batch in _batches(groups):
        Fulfillment.objects.filter(progress__group__in=batch).delete()
        BadgeProgress.objects.filter(group__in=batch).delete()
        PenaltyDataRule.objects.filter(penalty__group__in=batch).delete()
        BadgePenalty.requirements.through.objects.filter(badgepenalty__group__in=batch).delete()
        BadgePenalty.objects.filter(group__in=batch).delete()
        DataRule.objects.filter(requirement__group__in=batch).delete()
        BadgeRequirement.objects.filter(group__in=batch).delete()
        AccredibleBadge.objects.filter(group__in=batch).update(group=None)
        AccredibleGroup.objects.filter(pk__in=batch).delete()


def _counts(rows: QuerySet[Any], path: str) -> QuerySet[Any, tuple[int, int]]:
    return rows.order_by().values_list(path).annotate(Count("pk"))


def _batches(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
