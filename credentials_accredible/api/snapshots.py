"""Removing groups by hand, the snapshots that bring them back, and how long these are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from credentials_accredible.badges import index
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.choices import SnapshotCause
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot, SyncRun
from credentials_accredible.sync.removal import remove


def remove_groups(groups: Iterable[AccredibleGroup], *, user: Any = None) -> list[int]:
    """Delete ``groups`` with all that hangs on them, after a snapshot of each; all of them or none.

    Earned badges stay. ``user`` is who did it. Returns the primary keys of the snapshots.
    """
    return retrying(partial(_remove_groups, [group.pk for group in groups], user))


def remove_configs(configs: Iterable[AccredibleAPIConfig], *, user: Any = None) -> list[int]:
    """Delete ``configs`` with their groups, after a snapshot of each group; all of them or none.

    Returns the primary keys of the snapshots.
    """
    return retrying(partial(_remove_configs, [config.pk for config in configs], user))


def find_snapshots(keys: Sequence[int] = (), *, runs: Sequence[int] = ()) -> list[GroupSnapshot]:
    """The snapshots with these primary keys, in that order, then those of these sync runs.

    Raises ConfigurationError for one that does not exist, and for a run without snapshots.
    """
    found = {snapshot.pk: snapshot for snapshot in GroupSnapshot.objects.filter(pk__in=keys)}
    missing = [str(key) for key in keys if key not in found]
    if missing:
        raise ConfigurationError(f"There is no snapshot {', '.join(missing)}: the admin lists those there are.")
    wanted = {key: found[key] for key in keys}
    for run in runs:
        if not SyncRun.objects.filter(pk=run).exists():
            raise ConfigurationError(f"There is no sync run {run}: the admin lists those there are.")
        of_run = list(GroupSnapshot.objects.filter(sync_run=run).order_by("pk"))
        if not of_run:
            raise ConfigurationError(f"The sync run {run} has removed no group, or its snapshots are pruned.")
        wanted |= {snapshot.pk: snapshot for snapshot in of_run}
    return list(wanted.values())


def _remove_groups(keys: list[int], user: Any) -> list[int]:
    with transaction.atomic():
        # The version of the rules is locked before any group, here as everywhere.
        index.changed()
        return remove(keys, cause=SnapshotCause.PERSON, user=user)


def _remove_configs(keys: list[int], user: Any) -> list[int]:
    with transaction.atomic():
        # A sync that wants to write groups of theirs waits, and is refused then.
        index.changed()
        groups = AccredibleGroup.objects.filter(api_config__in=keys).order_by("pk").values_list("pk", flat=True)
        kept = remove(list(groups), cause=SnapshotCause.CONFIGURATION, user=user)
        AccredibleAPIConfig.objects.filter(pk__in=keys).delete()
    return kept
