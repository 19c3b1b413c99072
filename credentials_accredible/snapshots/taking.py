"""Removes groups, and keeps in a snapshot what goes with each: its configuration, its learners, their badges."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.utils.translation import ngettext

from credentials_accredible import host
from credentials_accredible.choices import SnapshotCause
from credentials_accredible.database import batches, pages, retried, text_bytes
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
from credentials_accredible.rules.configuration import GroupConfiguration, figures_in_words
from credentials_accredible.rules.rows import configuration_of
from credentials_accredible.rules.version import lock_groups, rules_locked
from credentials_accredible.snapshots import format

# Learners read at once, and in one row of the database, where their entries are not long.
LEARNERS = 500
# Groups whose configuration is in memory at once.
_REMOVED_AT_ONCE = 200

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

    def __str__(self) -> str:
        attributes = ngettext("%d custom attribute", "%d custom attributes", self.attributes) % self.attributes
        parts = (
            *figures_in_words(self.requirements, self.rules, self.penalties),
            *([attributes] if self.attributes else []),
            ngettext("%d learner in progress", "%d learners in progress", self.learners) % self.learners,
        )
        return ", ".join(parts)


def holdings(groups: Sequence[int]) -> dict[int, Holdings]:
    """That, for each of the groups with these primary keys."""
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


def _counts(rows: QuerySet[Any], path: str) -> QuerySet[Any, tuple[int, int]]:
    return rows.order_by().values_list(path).annotate(Count("pk"))


def remove_groups(groups: Iterable[AccredibleGroup], *, user: Any = None) -> list[int]:
    """Delete ``groups`` with all that hangs on them, after a snapshot of each; all of them or none.

    Earned badges stay. ``user`` is who did it. Returns the primary keys of the snapshots. Raises GroupsBusy.
    """
    groups = list(groups)
    return _remove_groups([group.pk for group in groups], {group.api_config_id for group in groups}, user)


def remove_configs(configs: Iterable[AccredibleAPIConfig], *, user: Any = None) -> list[int]:
    """Delete ``configs`` with their groups, after a snapshot of each group; all of them or none.

    Returns the primary keys of the snapshots. Raises GroupsBusy.
    """
    return _remove_configs({config.pk for config in configs}, user)


@retried
def _remove_groups(keys: list[int], configs: set[int], user: Any) -> list[int]:
    with rules_locked(configs), _new_snapshots(configs) as kept:
        lock_groups(keys)
        remove(keys, cause=SnapshotCause.PERSON, user=user)
    return kept


@retried
def _remove_configs(keys: set[int], user: Any) -> list[int]:
    # A sync that wants to write groups of theirs waits, and is refused then.
    with rules_locked(keys):
        with _new_snapshots(keys) as kept:
            found = AccredibleGroup.objects.filter(api_config__in=keys).order_by("pk").values_list("pk", flat=True)
            groups = list(found)
            lock_groups(groups)
            remove(groups, cause=SnapshotCause.CONFIGURATION, user=user)
        AccredibleAPIConfig.objects.filter(pk__in=keys).delete()
    return kept


@contextmanager
def _new_snapshots(configs: Collection[int]) -> Iterator[list[int]]:
    """The primary keys of the snapshots that are taken within, of groups of these configurations, which are locked."""
    snapshots = GroupSnapshot.objects.filter(api_config__in=configs).order_by("pk").values_list("pk", flat=True)
    # MySQL does not say which keys the rows of a bulk statement got.
    kept: list[int] = []
    before = snapshots.last() or 0
    yield kept
    kept += snapshots.filter(pk__gt=before)


def remove(groups: Sequence[int], *, cause: str, run: SyncRun | None = None, user: Any = None) -> None:
    """Delete the groups with these primary keys and all that belongs to them, after a snapshot of each.

    Earned badges stay. ``user`` is who did it. Wants ``rules_locked`` around it, and ``lock_groups`` before it.
    """
    for batch in batches(groups, _REMOVED_AT_ONCE):
        snapshots = _begin(batch, cause=cause, run=run, user=user)
        # With learners, one by one: what is kept of them refers to the snapshot.
        with_learners = {item.group.pk for item in snapshots if item.has_learners}
        others = (item for item in snapshots if item.group.pk not in with_learners)
        for part in batches(others, _REMOVED_AT_ONCE, _Snapshot.weight):
            GroupSnapshot.objects.bulk_create(item.row for item in part)
        for item in snapshots:
            if item.group.pk in with_learners:
                item.row.save(force_insert=True)
                _take_progress(item)
                item.add_badges()
        with history.because(str(SnapshotCause(cause).label), user=user):
            _delete([item.group.pk for item in snapshots if item.is_configured], with_learners, batch)


def _take_progress(snapshot: _Snapshot) -> None:
    for rows in snapshot.add_progress():
        keys = [row.pk for row in rows]
        Fulfillment.objects.filter(progress__in=keys).delete()
        BadgeProgress.objects.filter(pk__in=keys).delete()


def _delete(configured: Collection[int], with_learners: Collection[int], groups: Sequence[int]) -> None:
    """Delete ``groups``; ``configured`` are those of them under which there is anything."""
    if configured:
        history.delete(PenaltyDataRule.objects.filter(penalty__group__in=configured))
        BadgePenalty.requirements.through.objects.filter(badgepenalty__group__in=configured).delete()
        history.delete(BadgePenalty.objects.filter(group__in=configured), referred=True)
        history.delete(DataRule.objects.filter(requirement__group__in=configured))
        history.delete(BadgeRequirement.objects.filter(group__in=configured), referred=True)
        history.delete(CustomAttribute.objects.filter(group__in=configured))
    if with_learners:
        AccredibleBadge.objects.filter(group__in=with_learners).update(group=None)
    token = _kept.set(True)
    try:
        history.delete(AccredibleGroup.objects.filter(pk__in=groups), referred=True)
    finally:
        _kept.reset(token)


def keep_deleted(group: AccredibleGroup, origin: Any) -> None:
    """Keep a group that Django's ORM is about to delete, not ``remove``; ``origin``: what it was told to delete."""
    if _kept.get():
        return
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    by_configuration = isinstance(deleted, type) and issubclass(deleted, AccredibleAPIConfig)
    cause = SnapshotCause.CONFIGURATION if by_configuration else SnapshotCause.PERSON
    lock_groups([group.pk])
    for snapshot in _begin([group.pk], cause=cause):
        snapshot.row.save(force_insert=True)
        for _rows in snapshot.add_progress():
            pass
        snapshot.add_badges()


def _begin(groups: Sequence[int], *, cause: str, run: SyncRun | None = None, user: Any = None) -> list[_Snapshot]:
    # Groups share their configuration and their site: one object of each.
    rows = list(
        AccredibleGroup.objects.filter(pk__in=groups)
        .annotate(
            is_configured=_with_any(BadgeRequirement, BadgePenalty, CustomAttribute),
            has_learners=_with_any(BadgeProgress, AccredibleBadge),
        )
        .prefetch_related("api_config", "site")
        .order_by("pk")
    )
    # What belongs to a group is locked as it is read: nobody may change it between its snapshot and its removal.
    requirements = BadgeRequirement.objects.select_for_update().order_by("pk")
    prefetch_related_objects(
        [group for group in rows if group.is_configured],
        Prefetch("requirements", requirements),
        Prefetch("requirements__rules", DataRule.objects.select_for_update()),
        Prefetch("penalties", BadgePenalty.objects.select_for_update().order_by("pk")),
        Prefetch("penalties__rules", PenaltyDataRule.objects.select_for_update()),
        Prefetch("penalties__requirements", requirements),
        Prefetch("custom_attributes", CustomAttribute.objects.select_for_update()),
    )
    return [
        _Snapshot(group, configuration_of(group) if group.is_configured else None, cause=cause, run=run, user=user)
        for group in rows
    ]


def _with_any(*models: type[Any]) -> ExpressionWrapper:
    """Whether there is a row of one of ``models`` that belongs to a group."""
    found = (Q(Exists(model._default_manager.filter(group=OuterRef("pk")))) for model in models)
    return ExpressionWrapper(reduce(or_, found), BooleanField())


class _Snapshot:
    """What is kept of ``group``: ``row``, which is not saved yet, and what is added to it once it is."""

    def __init__(
        self,
        group: Any,
        configuration: tuple[GroupConfiguration, dict[int, int]] | None,
        *,
        cause: str,
        run: SyncRun | None,
        user: Any,
    ) -> None:
        self.group = group
        self.is_configured, self.has_learners = group.is_configured, group.has_learners
        configured, self._refs = configuration or (GroupConfiguration(), {})
        config = group.api_config
        self.row = GroupSnapshot(
            sync_run_id=run.pk if run else None,
            cause=cause,
            user_id=user.pk if user else None,
            api_config_id=config.pk,
            config_name=config.name,
            environment=config.environment,
            accredible_id=group.accredible_id,
            name=group.name[: format.LONGEST_TEXT],
            version=format.SNAPSHOT_VERSION,
            data=format.group_data(group, configured),
        )
        self._parts = 0

    def weight(self) -> int:
        """The bytes that the row takes, about: for ``batches``."""
        return len(json.dumps(self.row.data)) if self.is_configured else text_bytes(self.group)

    def add_progress(self) -> Iterator[list[BadgeProgress]]:
        """Keep the learners' progress, with its fulfilments; yields what was kept, some learners at a time, locked."""
        for rows in pages(BadgeProgress.objects.select_for_update().filter(group=self.group), LEARNERS):
            fulfilled: dict[int, list[Fulfillment]] = defaultdict(list)
            # Locking reads show what is newest in the database, not what was so when the transaction began to read.
            for item in Fulfillment.objects.select_for_update().filter(progress__in=[row.pk for row in rows]):
                fulfilled[item.progress_id].append(item)
            lms_ids = _lms_user_ids(row.user_id for row in rows)
            self._write(
                entry
                for row in rows
                for entry in format.progress_entries(row, lms_ids.get(row.user_id), fulfilled[row.pk], self._refs)
            )
            self.row.learners += len(rows)
            self.row.save(update_fields=["learners", "modified"])
            yield rows

    def add_badges(self) -> None:
        """Keep which badges of the group learners have."""
        for rows in pages(AccredibleBadge.objects.filter(group=self.group).only("user", "uuid"), LEARNERS):
            lms_ids = _lms_user_ids(row.user_id for row in rows)
            self._write(format.badge_entry(row, lms_ids.get(row.user_id)) for row in rows)

    def _write(self, entries: Iterable[dict[str, Any]]) -> None:
        for part in batches(entries, LEARNERS, lambda entry: len(json.dumps(entry))):
            self._parts += 1
            SnapshotPart.objects.create(snapshot=self.row, number=self._parts, learners=part)


def _lms_user_ids(users: Iterable[int | None]) -> dict[int | None, int]:
    if not host.has_field("lms_user_id"):
        return {}
    known: Any = get_user_model()._default_manager.filter(pk__in=set(users), lms_user_id__isnull=False)
    return dict(known.values_list("pk", "lms_user_id"))
