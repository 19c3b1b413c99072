"""Brings removed groups back from their snapshots: all that was asked for in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.sites.models import Site
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from credentials_accredible import blueprints
from credentials_accredible.badges import index
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot, history
from credentials_accredible.sync import returning, snapshot_format
from credentials_accredible.sync.restoration import Restoration, RestoreChoices, plan


def preview(snapshots: Sequence[GroupSnapshot], choices: RestoreChoices) -> list[Restoration]:
    """How ``snapshots`` would come back now, with figures; writes nothing."""
    plans = plan(snapshots, choices)
    for item in plans:
        if item.config and not item.refused and item.wanted:
            item.learners = returning.count(item.snapshot, item.config, item.group)
    return plans


def restore(snapshots: Sequence[GroupSnapshot], choices: RestoreChoices, *, user: Any = None) -> list[Restoration]:
    """Bring ``snapshots`` back, all of them or, where one is refused, none; returns how each came back.

    ``user`` is who does it. A snapshot that was restored before is left alone. Learners of groups that come back get
    nothing at once: groups are inactive.
    """
    with history.because(gettext("Restored from a snapshot"), user=user):
        return retrying(partial(_restore, [snapshot.pk for snapshot in snapshots], choices))


def _restore(keys: list[int], choices: RestoreChoices) -> list[Restoration]:
    with transaction.atomic():
        # It also keeps syncs and other restorations out, which could take a group that is found to be free.
        index.changed()
        locked = GroupSnapshot.objects.select_for_update().filter(pk__in=keys)
        found = {snapshot.pk: snapshot for snapshot in locked}
        plans = plan([found[key] for key in keys if key in found], choices)
        if any(item.refused for item in plans) or not any(item.wanted for item in plans):
            transaction.set_rollback(True)
            return plans
        for item in plans:
            if item.wanted:
                _bring_back(item)
    return plans


def _bring_back(item: Restoration) -> None:
    snapshot, added = item.snapshot, item.added
    if item.config is None or added is None:
        raise TypeError("a snapshot comes back into a configuration")
    group = item.group or _make(snapshot, item.config)
    if item.group:
        _join(snapshot, group, deactivate=bool(added))
    known = {ref: item.here[there] for ref, there in added.known.items()}
    requirements = blueprints.build(group, added.blueprint, known)
    item.group = group
    item.learners = returning.bring_back(snapshot, group, requirements)
    snapshot.restored_at, snapshot.restored_to = timezone.now(), group
    snapshot.save(update_fields=["restored_at", "restored_to", "modified"])


def _make(snapshot: GroupSnapshot, config: AccredibleAPIConfig) -> AccredibleGroup:
    values = snapshot_format.group_values(snapshot.data)
    if AccredibleGroup.objects.filter(uuid=values["uuid"]).exists():
        del values["uuid"]
    group = AccredibleGroup(
        api_config=config, accredible_id=snapshot.accredible_id, site=_site(snapshot), is_active=False, **values
    )
    group.save(force_insert=True)
    return group


def _join(snapshot: GroupSnapshot, group: AccredibleGroup, *, deactivate: bool) -> None:
    # A write in any case: who wants to begin progress in the group waits.
    AccredibleGroup.objects.filter(pk=group.pk).update(modified=F("modified"))
    if group.site is None:
        group.site = _site(snapshot)
    if deactivate:
        group.is_active = False
    group.save(update_fields=["site", "is_active", "modified"])


def _site(snapshot: GroupSnapshot) -> Site | None:
    domain = snapshot.data["group"]["site"]
    return Site.objects.filter(domain=domain).first() if domain else None
