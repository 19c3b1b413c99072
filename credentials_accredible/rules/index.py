"""Which requirements and penalties an event meets, and what that means for each group.

Each process keeps the rules of all active groups. ``RulesVersion`` holds a token for each configuration, which changes
in the same transaction as its rules. A process reads them for each event of a type that is in use, and every few
seconds for the others; where one has changed, the process reads the rules again.

Rules are evaluated once, in memory. What an event meets is then compared with the rows of the database: a process that
has fallen behind can miss something new for a moment, and never awards by rules that are gone.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from django.db.models import Case, CharField, F, Q, QuerySet, When

from credentials_accredible import conf
from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.events.event import Event, storable_facts
from credentials_accredible.events.values import Fact, boolean, instant, number
from credentials_accredible.models import BadgePenalty, BadgeRequirement, RulesVersion
from credentials_accredible.rules.matching import holds, split
from credentials_accredible.rules.version import changes

# Seconds. Rules that were changed past ``rules_changed``, with SQL for instance, are seen after this time.
_LONGEST_LIFE = 600.0

_ACTIVE = {"group__is_active": True}
_RULE = ("rules__data_path", "rules__operator", "rules__value")
_MAPPED = Case(
    When(group__custom_attributes__source=AttributeSource.PATH, then=F("group__custom_attributes__value")),
    output_field=CharField(),
)


class RuleData(NamedTuple):
    """A data rule without its row."""

    data_path: str
    operator: str
    value: str


Rules: TypeAlias = frozenset[RuleData]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A requirement or a penalty of a group, by the primary keys of the group and of itself.

    ``rules`` None: every event of its type meets it. A requirement has its ``letter`` and the paths that are ``mapped``
    to custom attributes of its group, a penalty has the requirements that it ``takes`` back.
    """

    group: int
    pk: int
    rules: Rules | None
    letter: str = ""
    mapped: frozenset[str] = frozenset()
    takes: frozenset[int] = frozenset()


@dataclass
class GroupMatch:
    """What an event means for one group, by primary keys of requirements.

    ``fulfils``: letter of each that it fulfils. ``facts``: what their rules looked at, and what custom attributes of
    the group want to know. ``penalised``: those that it takes back.
    """

    fulfils: dict[int, str] = field(default_factory=dict)
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    penalised: set[int] = field(default_factory=set)

    @property
    def gives(self) -> bool:
        """Whether it fulfils something that it does not take back."""
        return not self.fulfils.keys() <= self.penalised


def match(event: Event) -> dict[int, GroupMatch]:
    """What ``event`` means for each active group that it concerns, by the group's primary key.

    One query where it meets nothing; otherwise one more for requirements and one for penalties, where it meets any.
    """
    met = _index.find(event)
    if not _are_stored(event.type, met):
        # Rules were changed, and nobody was told.
        _index.forget()
        met = _index.find(event)
    return by_group(event, met)


def letter_of(pk: int, blend: str) -> str:
    """The letter of a requirement; without one, it counts as having a letter of its own."""
    return blend or f"#{pk}"


def criteria_of(group: int, *, active: bool) -> dict[str, list[Criterion]]:
    """What the group with that primary key asks for, by event type, as it is stored at this moment.

    ``active``: nothing, unless the group is active.
    """
    narrowed: dict[str, Any] = {"group": group, **(_ACTIVE if active else {})}
    found: dict[str, list[Criterion]] = defaultdict(list)
    for event_type, criterion in (*_requirements(**narrowed), *_penalties(**narrowed)):
        found[event_type].append(criterion)
    return dict(found)


def by_group(event: Event, met: Iterable[Criterion]) -> dict[int, GroupMatch]:
    """What an event that meets the criteria ``met`` means for each of their groups, by the group's primary key."""
    matches: dict[int, GroupMatch] = defaultdict(GroupMatch)
    for criterion in met:
        found = matches[criterion.group]
        found.penalised |= criterion.takes
        if criterion.letter:
            looked_at = {rule.data_path for rule in criterion.rules or ()}
            found.fulfils[criterion.pk] = criterion.letter
            found.facts[criterion.pk] = storable_facts(event.facts, looked_at | (criterion.mapped & event.facts.keys()))
    return dict(matches)


_Key: TypeAlias = tuple[str, type, Fact]


class Selection:
    """The requirements and penalties of one event type, ready to be looked up."""

    def __init__(self, criteria: Iterable[Criterion]) -> None:
        self._by_rules: dict[Rules | None, list[Criterion]] = defaultdict(list)
        for criterion in criteria:
            self._by_rules[criterion.rules].append(criterion)
        self._by_key: dict[_Key, list[Rules]] = defaultdict(list)
        self._by_guard: dict[RuleData, list[Rules]] = defaultdict(list)
        # Without rules, nothing ever holds.
        self._file([rules for rules in self._by_rules if rules])
        self._paths = {path for path, _kind, _value in self._by_key}

    def find(self, facts: Mapping[str, Fact]) -> list[Criterion]:
        """What an event with these facts, as ``events.event.flatten`` gives them, meets."""
        # Remembered: the same rule stands under many groups.
        hold = cache(lambda rule: holds(rule, facts))
        found = list(self._by_rules.get(None, ()))
        for rules in self._candidates(facts, hold):
            if all(map(hold, rules)):
                found += self._by_rules[rules]
        return found

    def _candidates(self, facts: Mapping[str, Fact], hold: Callable[[RuleData], bool]) -> Iterator[Rules]:
        for path in self._paths:
            key = _key(path, facts.get(path))
            if key in self._by_key:
                yield from self._by_key[key]
        for guard, candidates in self._by_guard.items():
            if hold(guard):
                yield from candidates

    def _file(self, distinct: Collection[Rules]) -> None:
        crowd = Counter(key for rules in distinct for rule in rules for key in _keys(rule))
        shared = Counter(rule for rules in distinct for rule in rules)
        for rules in distinct:
            keyed = [keys for rule in rules if (keys := _keys(rule))]
            if keyed:
                # "Is passing" leads to every group of the installation, a course key to a few.
                for key in min(keyed, key=lambda keys: max(crowd[key] for key in keys)):
                    self._by_key[key].append(rules)
            else:
                self._by_guard[max(rules, key=lambda rule: (shared[rule], rule))].append(rules)


def _keys(rule: RuleData) -> set[_Key]:
    """The keys of the values that an ``eq`` or an ``in`` is about; none for the other operators."""
    if rule.operator not in (Operator.EQUAL, Operator.ONE_OF):
        return set()
    texts = [rule.value] if rule.operator == Operator.EQUAL else split(rule.value)
    return {key for text in texts for reading in _readings(text) if (key := _key(rule.data_path, reading))}


def _readings(text: str) -> Iterator[Fact]:
    """All that ``text`` can be equal to: what it is depends on what the event says."""
    yield text
    for read in (boolean, number, instant):
        yield read(text)


def _key(path: str, value: Fact) -> _Key | None:
    # With its kind: to a dict, True is the number 1.
    for kind in (bool, Decimal, datetime, str):
        if isinstance(value, kind):
            return path, kind, value
    return None


class _Index:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selections: dict[str, Selection] = {}
        self._tokens: dict[int, uuid.UUID] = {}
        self._read_at = self._looked_at = -_LONGEST_LIFE
        self._known_change: object = None

    def forget(self) -> None:
        """Read all rules again at the next event, whatever the token is."""
        with self._lock:
            self._read_at = -_LONGEST_LIFE

    def find(self, event: Event) -> list[Criterion]:
        """What ``event`` meets by the rules as they are now, or were a moment ago."""
        with self._lock:
            if event.type in self._selections or self._is_due():
                self._look()
            selection = self._selections.get(event.type)
        return selection.find(event.facts) if selection else []

    def _is_due(self) -> bool:
        if self._known_change is not changes.latest:
            return True
        return time.monotonic() - self._looked_at >= conf.number("RULES_RECHECK", least=0)

    def _look(self) -> None:
        change, now = changes.latest, time.monotonic()
        # The tokens first: rules that are newer than their token are read once too often, not once too rarely.
        tokens = dict(RulesVersion.objects.values_list("pk", "token"))
        if tokens != self._tokens or now - self._read_at >= _LONGEST_LIFE:
            self._selections = _read()
            self._tokens, self._read_at = tokens, now
        self._known_change, self._looked_at = change, now


_index = _Index()


def _read() -> dict[str, Selection]:
    criteria: dict[str, list[Criterion]] = defaultdict(list)
    for event_type, criterion in (*_requirements(**_ACTIVE), *_penalties(**_ACTIVE)):
        criteria[event_type].append(criterion)
    return {event_type: Selection(of_type) for event_type, of_type in criteria.items()}


def _are_stored(event_type: str, met: Collection[Criterion]) -> bool:
    """Whether the database has all of ``met`` as they are here."""
    requirements = [criterion.pk for criterion in met if criterion.letter]
    penalties = [criterion.pk for criterion in met if not criterion.letter]
    stored = {
        *(_requirements(pk__in=requirements, **_ACTIVE) if requirements else ()),
        *(_penalties(pk__in=penalties, **_ACTIVE) if penalties else ()),
    }
    return stored == {(event_type, criterion) for criterion in met}


def _requirements(**narrowed: Any) -> Iterator[tuple[str, Criterion]]:
    """Requirements with their event types, in one query; those count that have rules, or need none."""
    possible = BadgeRequirement.objects.filter(Q(any_event=True) | Q(rules__isnull=False), **narrowed)
    rows = _with_rules(possible.annotate(mapped=_MAPPED), "blend", "any_event", also="mapped")
    for (event_type, group, pk, blend, any_event), (rules, mapped) in rows:
        yield event_type, Criterion(group, pk, None if any_event else rules, letter_of(pk, blend), mapped=mapped)


def _penalties(**narrowed: Any) -> Iterator[tuple[str, Criterion]]:
    """Penalties with their event types, in one query; those count that have rules and requirements."""
    possible = BadgePenalty.objects.filter(rules__isnull=False, requirements__isnull=False, **narrowed)
    for (event_type, group, pk), (rules, takes) in _with_rules(possible, also="requirements"):
        yield event_type, Criterion(group, pk, rules, takes=takes)


def _with_rules(
    owners: QuerySet[Any], *columns: str, also: str
) -> Iterator[tuple[tuple[Any, ...], tuple[Rules, frozenset[Any]]]]:
    """The ``columns`` of each of ``owners``, with its rules and the values of ``also``, which are several, too."""
    rows = owners.order_by()
    found: dict[tuple[Any, ...], tuple[set[RuleData], set[Any]]] = defaultdict(lambda: (set(), set()))
    # Without a cursor on the server: if the connection is lost as it is closed, the error is not one of Django's, and
    # nobody would try again.
    for *columns_of, other, path, operator, value in rows.values_list(
        "event_type", "group_id", "pk", *columns, also, *_RULE
    ):
        rules, others = found[tuple(columns_of)]
        rules.add(RuleData(path, operator, value))
        others.add(other)
    return ((key, (frozenset(rules), frozenset(others - {None}))) for key, (rules, others) in found.items())
