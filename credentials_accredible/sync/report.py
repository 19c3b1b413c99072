"""Words and figures for an outcome: the same ones in every door."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import ngettext

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import SyncRun
from credentials_accredible.snapshots.taking import Holdings
from credentials_accredible.sync.engine import Outcome
from credentials_accredible.sync.plan import Change, Plan

_LONGEST = 60


def figures(plan: Plan | None) -> dict[str, int]:
    """How many groups the plan creates, updates, leaves, removes and finds in another configuration."""
    plan = plan or Plan()
    return {
        "created": len(plan.create),
        "updated": len(plan.update) + len(plan.carry),
        "unchanged": len(plan.unchanged),
        "removed": len(plan.remove),
        "conflicting": len(plan.conflicting),
    }


def sentence(outcome: Outcome) -> str:
    """One line for an operator: the figures where it succeeded, else the reason."""
    if outcome.is_queued:
        return "a worker will do it."
    return _in_words(figures(outcome.plan)) if outcome.succeeded else outcome.error


def run_sentence(run: SyncRun) -> str:
    """The figures of a run that succeeded, in one line; empty while it runs."""
    if run.status != RunStatus.SUCCEEDED:
        return ""
    return _in_words({name: getattr(run, f"{name}_count") for name in figures(None)})


def as_dict(outcome: Outcome) -> dict[str, object]:
    """What ``--format json`` prints of an outcome."""
    return {
        "config": outcome.config.pk,
        "name": outcome.config.name,
        "status": str(outcome.status),
        **figures(outcome.plan if outcome.succeeded else None),
        "same_name": [
            {"removed": offer.local.accredible_id, "created": offer.remote.accredible_id}
            for offer in (outcome.plan.lookalikes if outcome.plan else ())
        ],
        "error": outcome.error,
        "run": outcome.run.pk if outcome.run else None,
    }


def plan_lines(plan: Plan, hanging: dict[int, Holdings]) -> Iterator[str]:
    """A line for each group that would change, and what could be done instead.

    ``+`` created, ``~`` updated, ``>`` carried over, ``-`` removed, ``!`` conflicting, ``?`` could be carried over.
    """
    for group in plan.create:
        yield f"+ {group.accredible_id}  {group.name}"
    for update in plan.update:
        yield f"~ {update.local.accredible_id}  {update.remote.name}"
        yield from (f"    {describe(change)}" for change in update.changes)
    for carried in plan.carry:
        yield f"> {carried.local.accredible_id} -> {carried.remote.accredible_id}  {carried.remote.name}"
        yield f"    keeps {describe_holdings(hanging.get(carried.local.pk, Holdings()))}; is inactive afterwards"
    for local in plan.remove:
        state = "active" if local.is_active else "inactive"
        yield f"- {local.accredible_id}  {local.name}"
        yield f"    {state}, {describe_holdings(hanging.get(local.pk, Holdings()))}"
    for conflict in plan.conflicting:
        yield f"! {conflict.remote.accredible_id}  {conflict.remote.name}"
        yield f"    held by “{conflict.holder}” already: skipped, because two copies would issue two badges"
    for offer in plan.lookalikes:
        old, new = offer.local.accredible_id, offer.remote.accredible_id
        yield f"? {old} -> {new}  {offer.remote.name}"
        yield "    this looks like the same group, made anew at Accredible. To carry its configuration over:"
        yield f"    --carry-over {old}={new}"


def describe(change: Change) -> str:
    """A change as ``field: old -> new``, long values shortened."""
    return f"{change.field}: {_short(change.old)} -> {_short(change.new)}"


def describe_holdings(holdings: Holdings) -> str:
    """What hangs on a group, in words."""
    attributes = ngettext("%d custom attribute", "%d custom attributes", holdings.attributes) % holdings.attributes
    parts = (
        ngettext("%d requirement", "%d requirements", holdings.requirements) % holdings.requirements,
        ngettext("%d data rule", "%d data rules", holdings.rules) % holdings.rules,
        ngettext("%d penalty", "%d penalties", holdings.penalties) % holdings.penalties,
        *([attributes] if holdings.attributes else []),
        ngettext("%d learner in progress", "%d learners in progress", holdings.learners) % holdings.learners,
    )
    return ", ".join(parts)


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) + "."


def _short(value: object) -> str:
    text = " ".join(str(value if value not in (None, "") else "(none)").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
