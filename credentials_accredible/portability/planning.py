"""What it would take to make the configuration of a group what an entry of a file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, prefetch_related_objects

from credentials_accredible.blueprints import PREFETCH
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    Fulfillment,
)
from credentials_accredible.portability.checking import cleaned
from credentials_accredible.portability.document import AttributeEntry, GroupEntry, PenaltyEntry, RequirementEntry
from credentials_accredible.portability.matching import PENALTY_KEYS, REQUIREMENT_KEYS, Content, Pair, RuleKey, pair

_BATCH = 500


@dataclass
class GroupPlan:
    """What becomes of one group. ``activation`` None: it stays as it is."""

    group: AccredibleGroup
    requirements: list[Pair[RequirementEntry, BadgeRequirement]]
    penalties: list[Pair[PenaltyEntry, BadgePenalty]]
    attributes: list[Pair[AttributeEntry, CustomAttribute]]
    activation: bool | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is active after that."""
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

    def __bool__(self) -> bool:
        """Whether anything changes."""
        counts = self.counts
        return self.activation is not None or counts["unchanged"] < len(self.pairs)


def make_plans(entries: Sequence[tuple[GroupEntry, AccredibleGroup]], *, keep_activation: bool) -> list[GroupPlan]:
    """A plan for each entry and its group, in their order; reads the database and writes nothing."""
    groups = [group for _entry, group in entries]
    for start in range(0, len(groups), _BATCH):
        prefetch_related_objects(groups[start : start + _BATCH], *PREFETCH)
    plans = [_plan(entry, group, keep_activation) for entry, group in entries]
    for plan in plans:
        stored = {each.stored.pk: each for each in plan.requirements if each.stored}
        for pk, number in _fulfilments(stored):
            stored[pk].fulfilled = number
    return plans


def _plan(entry: GroupEntry, group: AccredibleGroup, keep_activation: bool) -> GroupPlan:
    requirements = pair(
        [(item, _requirement(item, item.rules)) for item in entry.requirements],
        [(row, _requirement(row, row.rules.all())) for row in _by_pk(group.requirements.all())],
        REQUIREMENT_KEYS,
    )
    # What a penalty takes back is compared by rows; requirements that are new have negative numbers, which no row has.
    # Not their refs: who writes a file can make these any number.
    standing = {
        each.wanted.ref: each.stored.pk if each.stored else -number
        for number, each in enumerate(requirements, start=1)
        if each.wanted
    }
    penalties = pair(
        [(item, _penalty(item, item.rules, (standing[ref] for ref in item.requirements))) for item in entry.penalties],
        [
            (row, _penalty(row, row.rules.all(), (chosen.pk for chosen in row.requirements.all())))
            for row in _by_pk(group.penalties.all())
        ],
        PENALTY_KEYS,
    )
    changes = None if keep_activation or entry.is_active in {None, group.is_active} else entry.is_active
    return GroupPlan(group, requirements, penalties, _attributes(entry, group), changes)


def _attributes(entry: GroupEntry, group: AccredibleGroup) -> list[Pair[AttributeEntry, CustomAttribute]]:
    stored = {row.name: row for row in _by_pk(group.custom_attributes.all())}
    pairs: list[Pair[AttributeEntry, CustomAttribute]] = []
    for item in entry.custom_attributes:
        row = stored.pop(item.name, None)
        changes = [name for name in ("source", "value") if row and getattr(row, name) != getattr(item, name)]
        pairs.append(Pair(item, row, changes))
    return pairs + [Pair(None, row) for row in stored.values()]


def _requirement(item: RequirementEntry | BadgeRequirement, rules: Iterable[Any]) -> Content:
    rule_keys = _rules(item.event_type, rules)
    return Content(item.event_type, item.description, rule_keys, blend=item.blend, any_event=item.any_event)


def _penalty(item: PenaltyEntry | BadgePenalty, rules: Iterable[Any], about: Iterable[int]) -> Content:
    return Content(item.event_type, item.description, _rules(item.event_type, rules), about=frozenset(about))


def _rules(event_type: str, rules: Iterable[Any]) -> frozenset[RuleKey]:
    return frozenset((rule.data_path, str(rule.operator), cleaned(event_type, rule)) for rule in rules)


def _by_pk(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.pk)


def _fulfilments(requirements: Iterable[int]) -> QuerySet[Fulfillment, tuple[int, int]]:
    """How many learners have fulfilled each of these, by primary key."""
    counted = Fulfillment.objects.filter(requirement__in=list(requirements)).order_by().values_list("requirement")
    return counted.annotate(Count("pk"))
