"""What it would take to make the configuration of a group what an entry of a file says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Count, QuerySet, prefetch_related_objects

from credentials_accredible.blueprints import PREFETCH
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, CustomAttribute, Fulfillment
from credentials_accredible.portability.checking import cleaned
from credentials_accredible.portability.document import AttributeEntry, GroupEntry, PenaltyEntry, RequirementEntry

Wanted = TypeVar("Wanted")
Stored = TypeVar("Stored")

RuleKey = tuple[str, str, str]


@dataclass(frozen=True)
class Content:
    """What is comparable about a requirement or a penalty.

    ``about``: for a penalty, what it takes back: primary keys of requirements, and negative numbers of new ones.
    """

    event_type: str
    description: str
    rules: frozenset[RuleKey]
    blend: str = ""
    any_event: bool = False
    about: frozenset[int] = frozenset()

    def changes(self, other: Content) -> list[str]:
        """The names of the fields in which ``other`` differs, as the file calls them."""
        names = {"about": "requirements"}
        return [names.get(name, name) for name in vars(self) if getattr(self, name) != getattr(other, name)]


@dataclass
class Pair(Generic[Wanted, Stored]):
    """An entry and a row: both, or one of them alone.

    ``changes`` are the fields of the row that become others; ``fulfilled``, by how many learners a requirement is.
    """

    wanted: Wanted | None
    stored: Stored | None
    changes: list[str] = field(default_factory=list)
    fulfilled: int = 0


# A key under which an entry and a row are the same thing, and whether that holds only where no other has it.
Key = tuple[Callable[[Content], Hashable], bool]

_SAME: Key = (lambda content: content, False)
# Whatever it is called, an event that fulfils the one fulfils the other.
_SAME_RULES: Key = (lambda content: (content.event_type, content.any_event, content.rules), False)
_SAME_WORDS: Key = (lambda content: (content.event_type, content.blend, content.description), True)

REQUIREMENT_KEYS = (_SAME, _SAME_RULES, _SAME_WORDS)
PENALTY_KEYS = (_SAME, _SAME_RULES, _SAME_WORDS)


def pair(
    wanted: Sequence[tuple[Wanted, Content]], stored: Sequence[tuple[Stored, Content]], keys: Sequence[Key]
) -> list[Pair[Wanted, Stored]]:
    """Pairs of what stands for each other, in the order of ``wanted``; rows that nothing stands for come last.

    ``keys`` are tried one after the other, on what those before have left.
    """
    partner: dict[int, int] = {}
    for key, unique in keys:
        taken = set(partner.values())
        here = _by_key([(n, content) for n, (_item, content) in enumerate(wanted) if n not in partner], key)
        there = _by_key([(n, content) for n, (_item, content) in enumerate(stored) if n not in taken], key)
        for value, numbers in here.items():
            others = there.get(value, [])
            if not unique or len(numbers) == len(others) == 1:
                partner.update(zip(numbers, others, strict=False))
    pairs: list[Pair[Wanted, Stored]] = []
    for number, (item, content) in enumerate(wanted):
        if number in partner:
            row, before = stored[partner[number]]
            pairs.append(Pair(item, row, before.changes(content)))
        else:
            pairs.append(Pair(item, None))
    taken = set(partner.values())
    return pairs + [Pair(None, row) for number, (row, _content) in enumerate(stored) if number not in taken]


def _by_key(items: list[tuple[int, Content]], key: Callable[[Content], Hashable]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for number, content in items:
        found[key(content)].append(number)
    return found


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
