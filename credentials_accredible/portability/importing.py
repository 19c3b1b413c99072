"""From a file to the database: all is checked before anything is written, and all of it is written, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from credentials_accredible.badges import index
from credentials_accredible.badges.activation import activation_problems
from credentials_accredible.exceptions import FileProblem, ImportRefused
from credentials_accredible.models import AccredibleGroup
from credentials_accredible.portability.applying import apply
from credentials_accredible.portability.checking import (
    Found,
    all_objections,
    attribute_objections,
    contradictions,
    objections,
    unearnable,
)
from credentials_accredible.portability.document import GroupEntry
from credentials_accredible.portability.matching import Pair
from credentials_accredible.portability.planning import GroupPlan, make_plans
from credentials_accredible.portability.reading import Source, read
from credentials_accredible.portability.targets import Match, find_targets

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
        with transaction.atomic():
            return _carry_out(source, chosen, match, keep_activation, force)
    except IntegrityError as error:
        words = f"The database does not take it; it may hold two things for one that differ in case only: {error}"
        raise ImportRefused([FileProblem(0, 0, words)]) from error
    except DatabaseError as error:
        raise ImportRefused([FileProblem(0, 0, f"The database did not take the changes: {error}")]) from error


def _carry_out(source: Source, chosen: Sequence[str], match: Match, keep_activation: bool, force: bool) -> Imported:
    # The version of the rules is locked before the groups, here as everywhere; then everything is planned behind the
    # locks, so that what was checked is what is there.
    index.changed()
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
