"""What snapshots hold of a learner who leaves."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from credentials_accredible.badges.learners import Leaver
from credentials_accredible.database import in_transaction
from credentials_accredible.models import GroupSnapshot, SnapshotPart


def erase(leaver: Leaver) -> int:
    """Erase the progress of somebody who leaves from all snapshots, and whose badges were; returns how many entries.

    Each part in a transaction of its own: there can be many, and none may be held for long.
    """
    # One by one: MySQL's driver holds all rows of a query in memory.
    return sum(_erase(pk, leaver) for pk in list(SnapshotPart.objects.order_by("pk").values_list("pk", flat=True)))


@in_transaction
def _erase(pk: int, leaver: Leaver) -> int:
    rows = SnapshotPart.objects.filter(pk=pk)
    part = rows.first()
    if part is None or not any(_is_of(entry, leaver) for entry in part.learners):
        return 0
    # A write that changes nothing locks the row.
    rows.update(number=F("number"))
    part.refresh_from_db()
    found = [entry for entry in part.learners if _is_of(entry, leaver)]
    progress = [entry for entry in found if "progress" in entry]
    # That there was a badge stays, and leads to no one.
    part.learners = [
        {**entry, "user": None, "lms_user_id": None} if entry in found else entry
        for entry in part.learners
        if entry not in progress
    ]
    part.save(update_fields=["learners"])
    fewer = sum(not entry["progress"]["continued"] for entry in progress)
    GroupSnapshot.objects.filter(pk=part.snapshot_id, learners__gte=fewer).update(learners=F("learners") - fewer)
    return len(found)


def _is_of(entry: dict[str, Any], leaver: Leaver) -> bool:
    number = entry["lms_user_id"]
    if number and leaver.lms_user_id:
        return bool(number == leaver.lms_user_id)
    return leaver.account is not None and entry["user"] == leaver.account.pk
