"""Groups that were removed, and the way back that tests take."""

from __future__ import annotations

from typing import Any

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup, BadgeProgress, Fulfillment, GroupSnapshot

CHOICES = api.RestoreChoices()


def removed(group: AccredibleGroup) -> GroupSnapshot:
    """The snapshot of the group, which is gone."""
    api.remove_groups([group])
    return GroupSnapshot.objects.latest("pk")


def restore(*snapshots: GroupSnapshot, **choices: Any) -> list[api.Restoration]:
    """Restore them as they are in the database now."""
    return api.restore(api.find_snapshots([item.pk for item in snapshots]), api.RestoreChoices(**choices))


def fulfil(progress: BadgeProgress, requirement: Any, time: str) -> None:
    """Have the learner fulfil it by an event of that time."""
    Fulfillment.objects.update_or_create(
        progress=progress, requirement=requirement, defaults={"context": {"time": time, "event_id": time, "facts": {}}}
    )


EARLY, LATE, LATER = (f"2026-0{month}-01T00:00:00+00:00" for month in (1, 2, 3))
