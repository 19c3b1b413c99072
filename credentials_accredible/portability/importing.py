"""From a file to the database: all is checked before anything is written, and all of it is written, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from credentials_accredible.database_errors import why_not_stored
from credentials_accredible.exceptions import FileProblem, GroupsBusy, ImportRefused
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)
from credentials_accredible.portability.checking import contradictions, objections, unearnable
from credentials_accredible.portability.groups import Match, find_groups
from credentials_accredible.portability.planning import GroupPlan, Pair, make_plans
from credentials_accredible.portability.reading import Source, read
from credentials_accredible.rules.activation import activation_problems
from credentials_accredible.rules.both_sides import builtin_objection
from credentials_accredible.rules.configuration import PenaltyEntry, RequirementEntry
from credentials_accredible.rules.validation import clean_rules
from credentials_accredible.rules.version import groups_locked

_REASON = gettext_noop("Imported from a file.")


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do: ``plans`` has all groups of the file, also those that stay as they are."""

    plans: list[GroupPlan] = field(default_factory=list)

    @property
    def costs(self) -> int:
        """How many fulfilments of learners go with the requirements that are removed."""
        return sum(plan.costs for plan in self.plans)


def import_groups(
    content: bytes,
    *,
    chosen: Sequence[str] = (),
    match: Match = Match.ID,
    keep_activation: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Make what is configured under groups what a file says; groups that are not in the file stay as they are.

    ``chosen``: see ``groups.find_groups``. ``force``: also where learners lose fulfilments. ``dry_run``: write
    nothing, and refuse nothing for want of ``force``. Raises ImportRefused, before anything is written, with all
    problems that were found.
    """
    source, problems = read(content)
    if source is None:
        raise ImportRefused(problems)
    if dry_run:
        return Imported(_plans(source, chosen, match, keep_activation))
    try:
        found, _problems = find_groups(source, chosen, match)
        with groups_locked(each.group.pk for each in found):
            return _carry_out(source, chosen, match, keep_activation, force)
    except GroupsBusy as error:
        raise _refusal(str(error)) from None
    except IntegrityError as error:
        words = _(
            "The database does not take it; it may hold two things for one that differ in case only: %(error)s"
        ) % {"error": error}
        raise _refusal(words) from error
    except DatabaseError as error:
        words = _("The database did not take the changes. %(why)s") % {"why": why_not_stored(error)}
        raise _refusal(words) from error


def _carry_out(source: Source, chosen: Sequence[str], match: Match, keep_activation: bool, force: bool) -> Imported:
    # Everything is planned behind the locks, so that what was checked is what is there.
    imported = Imported(_plans(source, chosen, match, keep_activation))
    if imported.costs and not force:
        raise _refusal(
            _("Learners would lose %(costs)s fulfilments of requirements that are removed: it has to be forced.")
            % {"costs": imported.costs}
        )
    changed = [plan for plan in imported.plans if plan]
    with history.because(_REASON):
        for plan in changed:
            _apply(plan)
    for plan in changed:
        problems = activation_problems(plan.group) if plan.is_active else []
        if problems:
            raise _refusal(
                *(
                    _("Group %(accredible_id)s: %(problem)s")
                    % {"accredible_id": plan.group.accredible_id, "problem": problem}
                    for problem in problems
                )
            )
    return imported


def _plans(source: Source, chosen: Sequence[str], match: Match, keep_activation: bool) -> list[GroupPlan]:
    """A plan for each group of the file; raises ImportRefused for all that is wrong with what is new or changed.

    What is as it was stays, as in the admin, whatever it is.
    """
    found, problems = find_groups(source, chosen, match)
    entries = list(source.groups())
    broken = [source.problem((*path, *at), words) for path, entry in entries for at, words in contradictions(entry)]
    if broken:
        # What contradicts itself cannot be compared with what is there: whatever it holds is checked as if it were new.
        broken += [source.problem((*path, *at), words) for path, entry in entries for at, words in objections(entry)]
        raise ImportRefused(problems + broken)
    plans = make_plans([(each.entry, each.group) for each in found], keep_activation=keep_activation)
    for each, plan in zip(found, plans, strict=True):
        wrong = list(objections(each.entry, plan.changed))
        if plan and plan.is_active and not any(at[0] == "requirements" for at, _words in wrong):
            wrong += unearnable(each.entry)
        problems += [source.problem((*each.path, *at), words) for at, words in wrong]
        if plan.activation and (objection := builtin_objection(plan.group)):
            problems.append(source.problem(each.path, objection))
    if problems:
        raise ImportRefused(problems)
    return plans


def _apply(plan: GroupPlan) -> None:
    rows: dict[int, BadgeRequirement] = {}
    for each in plan.requirements:
        if each.wanted:
            rows[each.wanted.ref] = _save_requirement(plan.group, each, each.wanted)
    for penalty in plan.penalties:
        if penalty.wanted:
            _save_penalty(plan.group, penalty, penalty.wanted, rows)
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


def _save_requirement(group: AccredibleGroup, pair: Pair[Any, Any], wanted: RequirementEntry) -> BadgeRequirement:
    row = pair.stored or BadgeRequirement(group=group)
    if pair.stored is None or pair.changes:
        values = ("event_type", "description", "blend", "any_event")
        _save(row, **{name: getattr(wanted, name) for name in values})
        _set_rules(row, "requirement", DataRule, wanted)
    return row


def _save_penalty(
    group: AccredibleGroup, pair: Pair[Any, Any], wanted: PenaltyEntry, requirements: dict[int, BadgeRequirement]
) -> None:
    row = pair.stored or BadgePenalty(group=group)
    if pair.stored is None or pair.changes:
        _save(row, event_type=wanted.event_type, description=wanted.description)
        _set_rules(row, "penalty", PenaltyDataRule, wanted)
        row.requirements.set([requirements[ref] for ref in wanted.requirements])


def _set_rules(owner: Any, name: str, model: type[Any], wanted: RequirementEntry | PenaltyEntry) -> None:
    rows = list(owner.rules.all())
    kept = dict(zip(clean_rules(wanted.event_type, rows), rows, strict=True))
    stay = set(wanted.rules)
    for rule, row in kept.items():
        if rule not in stay:
            row.delete()
    for rule in wanted.rules:
        if rule not in kept:
            _save(model(**{name: owner}), **rule.model_dump())


def _delete_unwanted(pairs: Iterable[Pair[Any, Any]]) -> None:
    for pair in pairs:
        if pair.wanted is None and pair.stored is not None:
            pair.stored.delete()


def _save(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _refusal(*messages: str) -> ImportRefused:
    return ImportRefused([FileProblem(0, 0, message) for message in messages])
