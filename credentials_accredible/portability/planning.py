"""What it would take to make the configuration of a group what an entry of a file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Count, prefetch_related_objects

from credentials_accredible.database import batches
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, CustomAttribute, Fulfillment
from credentials_accredible.portability.document import GroupEntry
from credentials_accredible.rules.configuration import (
    ALL_FIELDS,
    AttributeEntry,
    Entry,
    PenaltyEntry,
    RequirementEntry,
    Step,
    changed_fields,
    partners,
    renumbered,
)
from credentials_accredible.rules.rows import PREFETCH, by_pk, configuration_of
from credentials_accredible.rules.validation import clean_rules

Wanted = TypeVar("Wanted")
Stored = TypeVar("Stored")

_STEPS = (
    Step(ALL_FIELDS),
    # Whatever it is called, an event that fulfils the one fulfils the other.
    Step(("event_type", "any_event", "rules")),
    Step(("event_type", "blend", "description"), unique=True),
)


@dataclass
class Pair(Generic[Wanted, Stored]):
    """An entry and a row: both, or one of them alone.

    ``changes`` are the fields of the row that become others; ``fulfilled``, by how many learners a requirement is.
    """

    wanted: Wanted | None
    stored: Stored | None
    changes: list[str] = field(default_factory=list)
    fulfilled: int = 0


@dataclass
class GroupPlan:
    """What becomes of one group. ``activation`` None: it stays as it is.

    Pairs with an entry come first, in the order of the entries.
    """

    group: AccredibleGroup
    requirements: list[Pair[RequirementEntry, BadgeRequirement]]
    penalties: list[Pair[PenaltyEntry, BadgePenalty]]
    attributes: list[Pair[AttributeEntry, CustomAttribute]]
    activation: bool | None = None

    @property
    def is_active(self) -> bool:
        return self.group.is_active if self.activation is None else self.activation

    @property
    def costs(self) -> int:
        """How many fulfilments of learners go with the requirements that are removed."""
        return sum(each.fulfilled for each in self.requirements if each.wanted is None)

    @property
    def counts(self) -> dict[str, int]:
        """How many requirements, penalties and attributes are created, updated, removed and left as they are."""
        pairs = self.pairs
        return {
            "created": sum(each.stored is None for each in pairs),
            "updated": sum(bool(each.changes) for each in pairs),
            "removed": sum(each.wanted is None for each in pairs),
            "unchanged": sum(
                each.wanted is not None and each.stored is not None and not each.changes for each in pairs
            ),
        }

    @property
    def pairs(self) -> list[Pair[Any, Any]]:
        """All pairs of entries and rows."""
        return [*self.requirements, *self.penalties, *self.attributes]

    @property
    def changed(self) -> dict[str, set[int]]:
        """The positions of the entries that create or change a row."""
        return {
            "requirements": _changed(self.requirements),
            "penalties": _changed(self.penalties),
            "custom_attributes": _changed(self.attributes),
        }

    def __bool__(self) -> bool:
        counts = self.counts
        return self.activation is not None or counts["unchanged"] < len(self.pairs)


def make_plans(entries: Sequence[tuple[GroupEntry, AccredibleGroup]], *, keep_activation: bool) -> list[GroupPlan]:
    """A plan for each entry and its group, in their order; reads the database and writes nothing."""
    for batch in batches([group for _entry, group in entries]):
        prefetch_related_objects(batch, *PREFETCH)
    plans = [_plan(entry, group, keep_activation) for entry, group in entries]
    for plan in plans:
        stored = {each.stored.pk: each for each in plan.requirements if each.stored}
        fulfilled = Fulfillment.objects.filter(requirement__in=list(stored)).order_by().values_list("requirement")
        for pk, number in fulfilled.annotate(Count("pk")):
            stored[pk].fulfilled = number
    return plans


def _plan(entry: GroupEntry, group: AccredibleGroup, keep_activation: bool) -> GroupPlan:
    there, refs = configuration_of(group)
    requirements: list[Pair[RequirementEntry, BadgeRequirement]] = _pairs(
        entry.requirements, by_pk(group.requirements.all()), entry.requirements, _cleaned(there.requirements)
    )
    # What a penalty takes back is compared by the refs of what is there: who writes a file can make refs any number.
    known = {each.wanted.ref: refs[each.stored.pk] for each in requirements if each.wanted and each.stored}
    penalties: list[Pair[PenaltyEntry, BadgePenalty]] = _pairs(
        entry.penalties, by_pk(group.penalties.all()), renumbered(entry.penalties, known), _cleaned(there.penalties)
    )
    activation = None if keep_activation or entry.is_active in {None, group.is_active} else entry.is_active
    return GroupPlan(group, requirements, penalties, _attributes(entry, group), activation)


def _pairs(
    wanted: Sequence[Wanted], rows: Sequence[Stored], after: Sequence[Entry], before: Sequence[Entry]
) -> list[Pair[Wanted, Stored]]:
    """Pairs of what stands for each other; ``after`` are the wanted entries and ``before`` the rows, comparable."""
    found = partners(after, before, _STEPS)
    pairs: list[Pair[Wanted, Stored]] = []
    for number, item in enumerate(wanted):
        if number in found:
            position = found[number]
            pairs.append(Pair(item, rows[position], changed_fields(before[position], after[number])))
        else:
            pairs.append(Pair(item, None))
    left = sorted(set(range(len(rows))) - set(found.values()))
    return pairs + [Pair(None, rows[position]) for position in left]


def _attributes(entry: GroupEntry, group: AccredibleGroup) -> list[Pair[AttributeEntry, CustomAttribute]]:
    stored = {row.name: row for row in by_pk(group.custom_attributes.all())}
    pairs: list[Pair[AttributeEntry, CustomAttribute]] = []
    for item in entry.custom_attributes:
        row = stored.pop(item.name, None)
        changes = [name for name in ("source", "value") if row and getattr(row, name) != getattr(item, name)]
        pairs.append(Pair(item, row, changes))
    return pairs + [Pair(None, row) for row in stored.values()]


def _cleaned(entries: Iterable[Entry]) -> list[Entry]:
    """Entries of the database with their rules as the admin would keep them, as those of a file are."""
    return [item.model_copy(update={"rules": clean_rules(item.event_type, item.rules)}) for item in entries]


def _changed(pairs: Sequence[Pair[Any, Any]]) -> set[int]:
    return {number for number, each in enumerate(pairs) if each.wanted and (each.stored is None or bool(each.changes))}
