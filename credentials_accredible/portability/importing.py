"""From a file to the database: all is checked before anything is written, and all of it is written, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, IntegrityError
from django.db.models import F
from django.utils.translation import gettext_noop

from credentials_accredible.exceptions import FileProblem, ImportRefused
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    history,
)
from credentials_accredible.portability.checking import (
    Found,
    all_objections,
    attribute_objections,
    cleaned,
    contradictions,
    objections,
    unearnable,
)
from credentials_accredible.portability.document import GroupEntry, PenaltyEntry, RequirementEntry
from credentials_accredible.portability.planning import GroupPlan, Pair, make_plans
from credentials_accredible.portability.reading import Source, read
from credentials_accredible.portability.targets import Match, find_targets
from credentials_accredible.rules.activation import activation_problems
from credentials_accredible.rules.version import rules_locked

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


_BATCH = 500


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

    ``chosen``: see ``targets.find_targets``. ``force``: also where learners lose fulfilments. ``dry_run``: write
    nothing, and refuse nothing for want of ``force``. Raises ImportRefused, before anything is written, with all
    problems that were found.
    """
    source, problems = read(content)
    if source is None:
        raise ImportRefused(problems)
    if dry_run:
        return Imported(_plans(source, chosen, match, keep_activation))
    try:
        with rules_locked():
            return _carry_out(source, chosen, match, keep_activation, force)
    except IntegrityError as error:
        words = f"The database does not take it; it may hold two things for one that differ in case only: {error}"
        raise ImportRefused([FileProblem(0, 0, words)]) from error
    except DatabaseError as error:
        raise ImportRefused([FileProblem(0, 0, f"The database did not take the changes: {error}")]) from error


def _carry_out(source: Source, chosen: Sequence[str], match: Match, keep_activation: bool, force: bool) -> Imported:
    # Everything is planned behind the locks, so that what was checked is what is there.
    targets, _problems = find_targets(source, chosen, match)
    pks = [target.group.pk for target in targets]
    for start in range(0, len(pks), _BATCH):
        AccredibleGroup.objects.filter(pk__in=pks[start : start + _BATCH]).update(modified=F("modified"))
    imported = Imported(_plans(source, chosen, match, keep_activation))
    if imported.costs and not force:
        words = (
            f"Learners would lose {imported.costs} fulfilments of requirements that are removed: it has to be forced."
        )
        raise ImportRefused([FileProblem(0, 0, words)])
    apply(imported.plans)
    for plan in imported.plans:
        problems = activation_problems(plan.group) if plan and plan.is_active else []
        if problems:
            raise ImportRefused(
                [FileProblem(0, 0, f"Group {plan.group.accredible_id}: {problem}") for problem in problems]
            )
    return imported


def _plans(source: Source, chosen: Sequence[str], match: Match, keep_activation: bool) -> list[GroupPlan]:
    targets, problems = find_targets(source, chosen, match)
    broken = list(_contradictions(source))
    if broken:
        # What contradicts itself cannot be compared with what is there: whatever it holds is checked as if it were new.
        raise ImportRefused(problems + broken + list(_content_problems(source)))
    plans = make_plans([(target.entry, target.group) for target in targets], keep_activation=keep_activation)
    for target, plan in zip(targets, plans, strict=True):
        problems += [source.problem((*target.path, *path), words) for path, words in _objections(target.entry, plan)]
    if problems:
        raise ImportRefused(problems)
    return plans


def _contradictions(source: Source) -> Iterator[FileProblem]:
    for path, entry in source.groups():
        yield from (source.problem((*path, *inner), words) for inner, words in contradictions(entry))


def _content_problems(source: Source) -> Iterator[FileProblem]:
    for path, entry in source.groups():
        yield from (source.problem((*path, *inner), words) for inner, words in all_objections(entry))


def _objections(entry: GroupEntry, plan: GroupPlan) -> Iterator[Found]:
    """What is wrong with what is new or changed; what is as it was stays, as in the admin, whatever it is."""
    wrong = [
        found for number, item in _written(plan.requirements) for found in objections(("requirements", number), item)
    ]
    yield from wrong
    for number, item in _written(plan.penalties):
        yield from objections(("penalties", number), item)
    for number, item in _written(plan.attributes):
        yield from attribute_objections(entry, ("custom_attributes", number), item)
    if plan and plan.is_active and not wrong:
        yield from unearnable(entry)


def _written(pairs: Sequence[Pair[Any, Any]]) -> Iterator[tuple[int, Any]]:
    """Entries that are created or change a row, with their numbers: they come first, in their order."""
    for number, pair in enumerate(pairs):
        if pair.wanted and (pair.stored is None or pair.changes):
            yield number, pair.wanted
