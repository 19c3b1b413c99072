"""Carries plans out, row by row: each change is saved by itself, so that the history has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_noop

from credentials_accredible.models import (
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)
from credentials_accredible.portability.checking import cleaned
from credentials_accredible.portability.document import PenaltyEntry, RequirementEntry
from credentials_accredible.portability.matching import Pair
from credentials_accredible.portability.planning import GroupPlan

_REASON = gettext_noop("Imported from a file.")


def apply(plans: Iterable[GroupPlan]) -> None:
    """Make the configuration of groups what ``plans`` say. Wants a transaction around it."""
    with history.because(_REASON):
        for plan in plans:
            if plan:
                _apply(plan)


def _apply(plan: GroupPlan) -> None:
    rows: dict[int, BadgeRequirement] = {}
    for each in plan.requirements:
        if each.wanted:
            rows[each.wanted.ref] = _requirement(plan, each.wanted, each.stored, each.changes)
    for penalty in plan.penalties:
        if penalty.wanted:
            _penalty(plan, penalty.wanted, penalty.stored, penalty.changes, rows)
    # First those that go: databases differ in whether names are the same that differ in case only.
    _delete_unwanted(plan.attributes)
    for attribute in plan.attributes:
        if attribute.wanted and (attribute.stored is None or attribute.changes):
            row = attribute.stored or CustomAttribute(group=plan.group, name=attribute.wanted.name)
            _save(row, source=str(attribute.wanted.source), value=attribute.wanted.value)
    _delete_unwanted(plan.requirements)
    _delete_unwanted(plan.penalties)
    if plan.activation is not None:
        _save(plan.group, is_active=plan.activation)


def _delete_unwanted(pairs: Iterable[Pair[Any, Any]]) -> None:
    for pair in pairs:
        if pair.wanted is None and pair.stored is not None:
            pair.stored.delete()


def _requirement(
    plan: GroupPlan, wanted: RequirementEntry, stored: BadgeRequirement | None, changes: list[str]
) -> BadgeRequirement:
    row = stored or BadgeRequirement(group=plan.group)
    if stored is None or changes:
        values = ("event_type", "description", "blend", "any_event")
        _save(row, **{name: getattr(wanted, name) for name in values})
        _set_rules(row, "requirement", DataRule, wanted)
    return row


def _penalty(
    plan: GroupPlan,
    wanted: PenaltyEntry,
    stored: BadgePenalty | None,
    changes: list[str],
    requirements: dict[int, BadgeRequirement],
) -> None:
    row = stored or BadgePenalty(group=plan.group)
    if stored is None or changes:
        _save(row, event_type=wanted.event_type, description=wanted.description)
        _set_rules(row, "penalty", PenaltyDataRule, wanted)
        row.requirements.set([requirements[ref] for ref in wanted.requirements])


def _set_rules(owner: Any, name: str, model: type[Any], wanted: RequirementEntry | PenaltyEntry) -> None:
    """Make the rules of ``owner`` the wanted ones; those that stay keep their rows."""
    kept = {(rule.data_path, rule.operator, cleaned(wanted.event_type, rule)): rule for rule in owner.rules.all()}
    keys = {(rule.data_path, str(rule.operator), cleaned(wanted.event_type, rule)): rule for rule in wanted.rules}
    for key, row in kept.items():
        if key not in keys:
            row.delete()
    for key in keys:
        if key not in kept:
            path, operator, value = key
            _save(model(**{name: owner}), data_path=path, operator=operator, value=value)


def _save(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
