"""Words and figures for an outcome: the same ones in every door."""

from __future__ import annotations

from django.utils.translation import ngettext

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import SyncRun
from credentials_accredible.snapshots.taking import Holdings
from credentials_accredible.sync.engine import Outcome
from credentials_accredible.sync.runs import plan_figures


def outcome_sentence(outcome: Outcome) -> str:
    """One line for an operator: the figures where it succeeded, else the reason."""
    if outcome.is_queued:
        return "a worker will do it."
    return _in_words(plan_figures(outcome.plan)) if outcome.succeeded else outcome.error


def run_sentence(run: SyncRun) -> str:
    """The figures of a run that succeeded, in one line; empty while it runs."""
    if run.status != RunStatus.SUCCEEDED:
        return ""
    return _in_words({name: getattr(run, f"{name}_count") for name in plan_figures(None)})


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
