"""What hangs on groups, and removing them together with it: never without a snapshot, whatever the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.signals import pre_delete

from credentials_accredible.choices import SnapshotCause
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    Fulfillment,
    PenaltyDataRule,
    SyncRun,
    bulk_history,
    history,
)
from credentials_accredible.sync import snapshots
from credentials_accredible.sync.plan import Plan
from credentials_accredible.sync.snapshots import Snapshotter

# Databases limit the values of one statement: SQLite to 999 where it is old.
_BATCH = 500
# Groups whose configuration is in memory at once.
_REMOVED_AT_ONCE = 50

# Whether groups that are deleted have their snapshots already.
_kept: ContextVar[bool] = ContextVar("_kept", default=False)


@dataclass(frozen=True)
class Holdings:
    """How much is configured under a group, and how many learners are on their way to its badge."""

    requirements: int = 0
    rules: int = 0
    penalties: int = 0
    attributes: int = 0
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
            ("attributes", CustomAttribute.objects.filter(group__in=batch), "group"),
            ("learners", BadgeProgress.objects.filter(group__in=batch), "group"),
        ):
            for pk, count in _counts(rows, path):
                found[pk][name] = found[pk].get(name, 0) + count
    return {pk: Holdings(**counts) for pk, counts in found.items()}


def approval(plan: Plan, hanging: dict[int, Holdings]) -> str:
    """A fingerprint of what a person has seen before saying yes: the plan, and what goes with the groups it removes.

    Learners come and go all the time, so their number stays out.
    """
    seen = [
        (pk, held.requirements, held.rules, held.penalties, held.attributes) for pk, held in sorted(hanging.items())
    ]
    return hashlib.sha256(f"{plan.digest} {seen}".encode()).hexdigest()


def remove(groups: Sequence[int], *, cause: str, run: SyncRun | None = None, user: Any = None) -> list[int]:
    """Delete the groups with these primary keys and all that hangs on them; returns the keys of their snapshots.

    Earned badges stay. ``user`` is who did it. Wants a transaction around it that has called ``badges.index.changed``:
    whoever changes rules waits for its end.
    """
    kept: list[int] = []
    for batch in _batches(groups, _REMOVED_AT_ONCE):
        beginnings = snapshots.begin(batch, cause=cause, run=run, user=user)
        # A learner's event locks the learner's progress before the group: so does this, lest they wait for each other.
        _take_progress(beginnings)
        AccredibleGroup.objects.filter(pk__in=batch).update(modified=F("modified"))
        # From here on nobody can begin; few can have begun since.
        late = set(BadgeProgress.objects.filter(group__in=batch).values_list("group", flat=True))
        _take_progress([item for item in beginnings if item.group.pk in late])
        for item in beginnings:
            item.add_badges()
        with history.because(str(SnapshotCause(cause).label), user=user):
            _delete(batch)
        kept += [item.snapshot.pk for item in beginnings]
    return kept


def watch() -> None:
    """Have a snapshot written of every group that is deleted in another way than by ``remove``: by Django's ORM."""
    pre_delete.connect(_keep, sender=AccredibleGroup, dispatch_uid=f"{__name__}.keep")


def _keep(instance: AccredibleGroup, origin: Any = None, **_kwargs: Any) -> None:
    if _kept.get():
        return
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    by_configuration = isinstance(deleted, type) and issubclass(deleted, AccredibleAPIConfig)
    for item in snapshots.begin(
        [instance.pk], cause=SnapshotCause.CONFIGURATION if by_configuration else SnapshotCause.PERSON
    ):
        for rows in snapshots.progress_of(item.group):
            item.add_progress(rows)
        item.add_badges()


def _take_progress(beginnings: list[Snapshotter]) -> None:
    for item in beginnings:
        for rows in snapshots.progress_of(item.group):
            item.add_progress(rows)
            Fulfillment.objects.filter(progress__in=[row.pk for row in rows]).delete()
            BadgeProgress.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _delete(groups: Sequence[int]) -> None:
    """Children first, in statements for many rows at once."""
    bulk_history.delete(PenaltyDataRule.objects.filter(penalty__group__in=groups))
    BadgePenalty.requirements.through.objects.filter(badgepenalty__group__in=groups).delete()
    bulk_history.delete(BadgePenalty.objects.filter(group__in=groups), referred=True)
    bulk_history.delete(DataRule.objects.filter(requirement__group__in=groups))
    bulk_history.delete(BadgeRequirement.objects.filter(group__in=groups), referred=True)
    bulk_history.delete(CustomAttribute.objects.filter(group__in=groups))
    AccredibleBadge.objects.filter(group__in=groups).update(group=None)
    token = _kept.set(True)
    try:
        bulk_history.delete(AccredibleGroup.objects.filter(pk__in=groups), referred=True)
    finally:
        _kept.reset(token)


def _counts(rows: QuerySet[Any], path: str) -> QuerySet[Any, tuple[int, int]]:
    return rows.order_by().values_list(path).annotate(Count("pk"))


def _batches(values: Sequence[int], size: int = _BATCH) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
