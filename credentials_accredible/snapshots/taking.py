"""Keeps what a removal takes away: writes snapshots, a group's configuration first and its learners some at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Prefetch, QuerySet
from django.db.models.signals import pre_delete

from credentials_accredible import blueprints, host
from credentials_accredible.choices import SnapshotCause
from credentials_accredible.database import batches, lock
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
    GroupSnapshot,
    PenaltyDataRule,
    SnapshotPart,
    SyncRun,
    history,
)
from credentials_accredible.snapshots import format as form

# Learners read at once, and the bytes of JSON that one row of the database gets.
LEARNERS = 500
_PART_BYTES = 500_000


class Snapshotter:
    """Writes the snapshot of one group. Wants a transaction around it, the one that removes the group."""

    def __init__(self, group: AccredibleGroup, *, cause: str, run: SyncRun | None = None, user: Any = None) -> None:
        """Keep the group and what is configured under it."""
        self.group = group
        blueprint, self._refs = blueprints.describe(group)
        config = group.api_config
        self.snapshot = GroupSnapshot.objects.create(
            sync_run=run,
            cause=cause,
            user=user,
            api_config=config,
            config_name=config.name,
            environment=config.environment,
            accredible_id=group.accredible_id,
            name=group.name[: form.LONGEST_TEXT],
            version=form.VERSION,
            data=form.group_data(group, blueprint),
        )
        self._parts = 0

    def add_progress(self, rows: Sequence[BadgeProgress]) -> None:
        """Keep these learners' progress, with its fulfilments."""
        fulfilled: dict[int, list[Fulfillment]] = defaultdict(list)
        # Locking reads show what is newest in the database, not what was so when the transaction began to read.
        for item in Fulfillment.objects.select_for_update().filter(progress__in=[row.pk for row in rows]):
            fulfilled[item.progress_id].append(item)
        lms_ids = _lms_user_ids(row.user_id for row in rows)
        self._write(
            entry
            for row in rows
            for entry in form.progress_entries(row, lms_ids.get(row.user_id), fulfilled[row.pk], self._refs)
        )
        self.snapshot.learners += len(rows)
        self.snapshot.save(update_fields=["learners", "modified"])

    def add_badges(self) -> None:
        """Keep which badges of the group learners have."""
        badges = AccredibleBadge.objects.filter(group=self.group).order_by("pk")
        done = 0
        while batch := list(badges.filter(pk__gt=done).values_list("pk", "user_id", "uuid")[:LEARNERS]):
            lms_ids = _lms_user_ids(user for _pk, user, _uuid in batch)
            self._write(
                {"user": user, "lms_user_id": lms_ids.get(user), "badge": str(uuid)} for _pk, user, uuid in batch
            )
            done = batch[-1][0]

    def _write(self, entries: Iterable[dict[str, Any]]) -> None:
        for part in _parts(entries):
            self._parts += 1
            SnapshotPart.objects.create(snapshot=self.snapshot, number=self._parts, learners=part)


def begin(groups: Sequence[int], *, cause: str, run: SyncRun | None = None, user: Any = None) -> list[Snapshotter]:
    """Begin the snapshots of the groups with these primary keys."""
    # What hangs on a group is locked as it is read: nobody may change it between its snapshot and its removal.
    requirements = BadgeRequirement.objects.select_for_update().order_by("pk")
    rows = AccredibleGroup.objects.filter(pk__in=groups).select_related("api_config", "site")
    locked = rows.prefetch_related(
        Prefetch("requirements", requirements),
        Prefetch("requirements__rules", DataRule.objects.select_for_update()),
        Prefetch("penalties", BadgePenalty.objects.select_for_update().order_by("pk")),
        Prefetch("penalties__rules", PenaltyDataRule.objects.select_for_update()),
        Prefetch("penalties__requirements", requirements),
        Prefetch("custom_attributes", CustomAttribute.objects.select_for_update()),
    )
    return [Snapshotter(group, cause=cause, run=run, user=user) for group in locked.order_by("pk")]


def progress_of(group: AccredibleGroup) -> Iterator[list[BadgeProgress]]:
    """The progress in ``group``, some learners at a time, locked."""
    rows = BadgeProgress.objects.select_for_update().filter(group=group).order_by("pk")
    done = 0
    while batch := list(rows.filter(pk__gt=done)[:LEARNERS]):
        yield batch
        done = batch[-1].pk


def _parts(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        length = len(json.dumps(entry))
        if part and (size + length > _PART_BYTES or len(part) == LEARNERS):
            yield part
            part, size = [], 0
        part.append(entry)
        size += length
    if part:
        yield part


def _lms_user_ids(users: Iterable[int]) -> dict[int, int]:
    """The LMS's ids of these users, where the service keeps them."""
    if not host.has_field("lms_user_id"):
        return {}
    known: Any = get_user_model()._default_manager.filter(pk__in=set(users), lms_user_id__isnull=False)
    return dict(known.values_list("pk", "lms_user_id"))


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
    for batch in batches(groups):
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


def remove(groups: Sequence[int], *, cause: str, run: SyncRun | None = None, user: Any = None) -> list[int]:
    """Delete the groups with these primary keys and all that hangs on them; returns the keys of their snapshots.

    Earned badges stay. ``user`` is who did it. Wants ``rules_locked`` around it.
    """
    kept: list[int] = []
    for batch in batches(groups, _REMOVED_AT_ONCE):
        beginnings = begin(batch, cause=cause, run=run, user=user)
        # A learner's event locks the learner's progress before the group: so does this, lest they wait for each other.
        _take_progress(beginnings)
        lock(AccredibleGroup.objects.filter(pk__in=batch))
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
    for item in begin([instance.pk], cause=SnapshotCause.CONFIGURATION if by_configuration else SnapshotCause.PERSON):
        for rows in progress_of(item.group):
            item.add_progress(rows)
        item.add_badges()


def _take_progress(beginnings: list[Snapshotter]) -> None:
    for item in beginnings:
        for rows in progress_of(item.group):
            item.add_progress(rows)
            Fulfillment.objects.filter(progress__in=[row.pk for row in rows]).delete()
            BadgeProgress.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _delete(groups: Sequence[int]) -> None:
    """Children first, in statements for many rows at once."""
    history.delete(PenaltyDataRule.objects.filter(penalty__group__in=groups))
    BadgePenalty.requirements.through.objects.filter(badgepenalty__group__in=groups).delete()
    history.delete(BadgePenalty.objects.filter(group__in=groups), referred=True)
    history.delete(DataRule.objects.filter(requirement__group__in=groups))
    history.delete(BadgeRequirement.objects.filter(group__in=groups), referred=True)
    history.delete(CustomAttribute.objects.filter(group__in=groups))
    AccredibleBadge.objects.filter(group__in=groups).update(group=None)
    token = _kept.set(True)
    try:
        history.delete(AccredibleGroup.objects.filter(pk__in=groups), referred=True)
    finally:
        _kept.reset(token)


def _counts(rows: QuerySet[Any], path: str) -> QuerySet[Any, tuple[int, int]]:
    return rows.order_by().values_list(path).annotate(Count("pk"))
