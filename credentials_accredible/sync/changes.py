"""How a sync ended, or would end, and what it does to each group: in figures and words, and as a run keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, takewhile
from math import ceil
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Left
from django.utils.translation import gettext, gettext_lazy

from credentials_accredible import conf
from credentials_accredible.choices import ChangeAction, RunStatus
from credentials_accredible.database import batches, insert_selected
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot, SyncChange, SyncRun
from credentials_accredible.snapshots.taking import Holdings
from credentials_accredible.sync.plan import CarryOver, Change, Plan, Update

_FIGURES = {
    "created": gettext_lazy("%(count)s created"),
    "updated": gettext_lazy("%(count)s updated"),
    "unchanged": gettext_lazy("%(count)s unchanged"),
    "removed": gettext_lazy("%(count)s removed"),
    "conflicting": gettext_lazy("%(count)s conflicting"),
}
# Changes written in one statement.
_CHANGES_AT_ONCE = 100
# Characters. What is kept is for people to read; the texts themselves are at Accredible.
_LONGEST = 200
_LONGEST_NAME = 255
_BEFORE = 30
# Conflicts of one run: it has to fit into the database, however many there are.
_MOST_CONFLICTS = 100


@dataclass(frozen=True)
class Outcome:
    """How a synchronisation of one configuration ended, or how it would end; *queued* where a worker will do it.

    ``plan`` is None where it did not come that far. ``holdings`` says, by primary key, what hangs on the groups the
    plan removes or carries over; it is filled where nothing was removed yet. ``run`` is None for a preview.
    """

    config: AccredibleAPIConfig
    status: RunStatus
    error: str = ""
    plan: Plan | None = None
    holdings: dict[int, Holdings] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    run: SyncRun | None = None
    reason: AccredibleError | None = None

    @property
    def approval(self) -> str:
        """What ``Consent.approved`` takes to carry out this plan and no other; empty where there is none."""
        return approval(self.plan, self.holdings) if self.plan else ""

    @property
    def succeeded(self) -> bool:
        """Whether the plan was carried out, or could be."""
        return self.status == RunStatus.SUCCEEDED

    @property
    def sentence(self) -> str:
        """One line for an operator: the figures where it succeeded, else the reason."""
        if self.is_queued:
            return gettext("a worker will do it.")
        return figures_in_words(plan_figures(self.plan)) if self.succeeded else self.error

    @property
    def needs_approval(self) -> bool:
        """Whether groups would be removed, which somebody has to agree to."""
        return bool(self.plan and self.plan.remove)

    @property
    def is_queued(self) -> bool:
        """Whether it has yet to be done, by a worker."""
        return self.status == RunStatus.QUEUED


def approval(plan: Plan, configured: dict[int, Holdings]) -> str:
    """A fingerprint of what a person has seen before saying yes: the plan, and what goes with the groups it removes.

    Learners come and go all the time, so their number stays out.
    """
    seen = [
        (pk, held.requirements, held.rules, held.penalties, held.attributes) for pk, held in sorted(configured.items())
    ]
    return hashlib.sha256(f"{plan.digest} {seen}".encode()).hexdigest()


def plan_figures(plan: Plan | None) -> dict[str, int]:
    """How many groups the plan creates, updates, leaves, removes and finds in another configuration."""
    plan = plan or Plan()
    return {
        "created": len(plan.create),
        "updated": len(plan.update) + len(plan.carry),
        "unchanged": len(plan.unchanged),
        "removed": len(plan.remove),
        "conflicting": len(plan.conflicting),
    }


def conflicts_of(plan: Plan, most: int = _MOST_CONFLICTS) -> list[dict[str, Any]]:
    """The first groups that ``plan`` leaves out, as a run keeps them."""
    return [
        {
            "accredible_id": conflict.remote.accredible_id,
            "name": conflict.remote.name[:_LONGEST_NAME],
            "holder": conflict.holder,
        }
        for conflict in plan.conflicting[:most]
    ]


def conflict_advice() -> str:
    """What conflicts are, and what to do about them, in one paragraph."""
    return gettext(
        "Another configuration of the same environment holds these groups. They are left out, because two copies would "
        "issue two badges. If both keys belong to one account, one configuration is enough. To have such a group in "
        "this one, delete it in the other one, and sync this one next."
    )


def figures_in_words(figures: Mapping[str, int]) -> str:
    return ", ".join(str(_FIGURES[name] % {"count": count}) for name, count in figures.items()) + "."


def run_sentence(run: SyncRun) -> str:
    """The figures of a run that succeeded, in one line; empty while it runs."""
    if run.status != RunStatus.SUCCEEDED:
        return ""
    return figures_in_words({name: getattr(run, f"{name}_count") for name in plan_figures(None)})


def wait_sentence(kept_back: float) -> str:
    """What a sync waits for that Accredible's rate limit keeps back for so many seconds; empty where it does not."""
    if not kept_back:
        return ""
    requests, window = conf.pair("RATE_LIMIT")
    figures = {"left": ceil(kept_back), "requests": f"{requests:g}", "window": f"{window:g}"}
    return gettext("Waits %(left)s s for Accredible's limit of %(requests)s requests in %(window)s s.") % figures


def record_changes(run: SyncRun, plan: Plan, made: QuerySet[AccredibleGroup]) -> None:
    """Keep what ``plan`` does to each group, in the same transaction: once it has made the groups ``made``, and taken
    the snapshots of those that it removes."""
    if plan.create:
        _record(run, ChangeAction.CREATED, made, group=F("pk"))
    for batch in batches(_changes(run, plan), _CHANGES_AT_ONCE):
        SyncChange.objects.bulk_create(batch)
    if plan.remove:
        _record(run, ChangeAction.REMOVED, GroupSnapshot.objects.filter(sync_run=run), group=None)


def field_label(name: str) -> str:
    """What people call a field of a group."""
    known = {field.name: field for field in AccredibleGroup._meta.fields}
    return str(known[name].verbose_name) if name in known else name


def change_entry(change: Change) -> dict[str, object]:
    """``change`` as a SyncChange holds it: long texts are cut down to where they begin to differ."""
    old, new = _as_json(change.old), _as_json(change.new)
    if isinstance(old, str) and isinstance(new, str):
        old, new = _cut(old, new), _cut(new, old)
    return {"field": change.field, "old": old, "new": new}


def _changes(run: SyncRun, plan: Plan) -> Iterator[SyncChange]:
    updated = ((ChangeAction.UPDATED, item) for item in plan.update)
    carried = ((ChangeAction.CARRIED_OVER, item) for item in plan.carry)
    for action, item in chain[tuple[ChangeAction, Update | CarryOver]](updated, carried):
        yield SyncChange(
            sync_run_id=run.pk,
            action=action,
            group_id=item.local.pk,
            accredible_id=item.remote.accredible_id,
            name=item.remote.name[:_LONGEST_NAME],
            fields=[change_entry(change) for change in item.changes],
        )


def _record(run: SyncRun, action: ChangeAction, rows: QuerySet[Any], *, group: Any) -> None:
    insert_selected(
        SyncChange,
        rows.order_by("pk"),
        sync_run=run.pk,
        action=action,
        group=group,
        accredible_id=F("accredible_id"),
        name=Left("name", _LONGEST_NAME),
        fields=[],
    )


def _as_json(value: object) -> object:
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _cut(text: str, other: str) -> str:
    if len(text) <= _LONGEST:
        return text
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    start = same - _BEFORE if same > _LONGEST // 2 else 0
    end = start + _LONGEST
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
