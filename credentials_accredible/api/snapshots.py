"""Removing groups by hand, and the snapshots that bring them back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from credentials_accredible.badges import index
from credentials_accredible.choices import SnapshotCause
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from credentials_accredible.sync.removal import remove


def remove_groups(groups: Iterable[AccredibleGroup], *, user: Any = None) -> None:
    """Delete ``groups`` with all that hangs on them, after a snapshot of each; all of them or none.

    Earned badges stay. ``user`` is who did it.
    """
    with transaction.atomic():
        # The version of the rules is locked before any group, here as everywhere.
        index.changed()
        remove([group.pk for group in groups], cause=SnapshotCause.PERSON, user=user)


def remove_configs(configs: Iterable[AccredibleAPIConfig], *, user: Any = None) -> None:
    """Delete ``configs`` with their groups, after a snapshot of each group; all of them or none."""
    keys = [config.pk for config in configs]
    with transaction.atomic():
        # First the configurations, as a sync does: one that wants to write groups of theirs waits, and is refused then.
        locked = AccredibleAPIConfig.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        found = [config.pk for config in locked]
        index.changed()
        groups = AccredibleGroup.objects.filter(api_config__in=found).order_by("pk").values_list("pk", flat=True)
        remove(list(groups), cause=SnapshotCause.CONFIGURATION, user=user)
        AccredibleAPIConfig.objects.filter(pk__in=found).delete()
