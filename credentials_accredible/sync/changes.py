"""Keeps what a synchronisation did to each group, beside the figures of its run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Any

from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import AccredibleGroup, SyncChange, SyncRun
from credentials_accredible.sync.plan import Change, LocalGroup, Plan, RemoteGroup

# Rows of one statement.
_BATCH = 100

# Characters. What is kept is for people to read; the texts themselves are at Accredible.
_LONGEST = 200
_LONGEST_NAME = 255
_BEFORE = 30


def record(run: SyncRun, plan: Plan) -> None:
    """Write down what ``plan`` did, once its groups are written, in the same transaction.

    Costs a statement for every hundred groups that have changed, and one more where some are new.
    """
    rows = _rows(run, plan)
    while batch := list(islice(rows, _BATCH)):
        SyncChange.objects.bulk_create(batch)


def shortened(change: Change) -> dict[str, object]:
    """``change`` as a SyncChange holds it: long texts are cut down to where they begin to differ."""
    old, new = _plain(change.old), _plain(change.new)
    if isinstance(old, str) and isinstance(new, str):
        old, new = _cut(old, new), _cut(new, old)
    return {"field": change.field, "old": old, "new": new}


def _rows(run: SyncRun, plan: Plan) -> Iterator[SyncChange]:
    # MySQL does not say which keys the rows of a bulk statement got.
    mine = AccredibleGroup.objects.filter(api_config=run.api_config)
    keys = dict(mine.values_list("accredible_id", "pk")) if plan.create else {}
    for created in plan.create:
        yield _row(run, ChangeAction.CREATED, created, group_id=keys.get(created.accredible_id))
    for update in plan.update:
        fields = [shortened(change) for change in update.changes]
        yield _row(run, ChangeAction.UPDATED, update.remote, group_id=update.local.pk, fields=fields)
    for carried in plan.carry:
        fields = [shortened(change) for change in carried.changes]
        yield _row(run, ChangeAction.CARRIED_OVER, carried.remote, group_id=carried.local.pk, fields=fields)
    for removed in plan.remove:
        yield _row(run, ChangeAction.REMOVED, removed)


def _row(run: SyncRun, action: ChangeAction, described: RemoteGroup | LocalGroup, **values: Any) -> SyncChange:
    name = described.name[:_LONGEST_NAME]
    return SyncChange(sync_run=run, action=action, accredible_id=described.accredible_id, name=name, **values)


def _plain(value: object) -> object:
    """``value`` as JSON has it."""
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _cut(text: str, other: str) -> str:
    """A part of ``text``, from a little before it begins to differ from ``other``."""
    if len(text) <= _LONGEST:
        return text
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    start = same - _BEFORE if same > _LONGEST // 2 else 0
    end = start + _LONGEST
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
