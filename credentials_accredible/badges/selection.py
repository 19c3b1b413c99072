"""Which requirements and penalties an event fulfils, found without looking at all of them. Pure: no database.

Every distinct set of rules is kept once, and filed under one of its rules, its guard. Where the guard is an ``eq`` or
an ``in``, the event's own values lead to it. The other guards have to be tested, each distinct one once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from credentials_accredible.badges.matching import holds, split
from credentials_accredible.choices import Operator
from credentials_accredible.facts import Fact, boolean, instant, number


class RuleData(NamedTuple):
    """A data rule without its row."""

    data_path: str
    operator: str
    value: str


class Target(NamedTuple):
    """A requirement or a penalty, by the primary keys of its group and of itself."""

    group: int
    pk: int


@dataclass(frozen=True)
class Selected:
    """The requirements and the penalties that an event fulfils."""

    requirements: list[Target] = field(default_factory=list)
    penalties: list[Target] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.requirements or self.penalties)


_Rules: TypeAlias = frozenset[RuleData]
_Key: TypeAlias = tuple[str, type, Fact]


class Selection:
    """The requirements and penalties of one event type, ready to be looked up.

    ``requirements`` and ``penalties`` come with their rules. Without rules, nothing ever holds; ``always`` are the
    requirements that every event of the type fulfils.
    """

    def __init__(
        self,
        requirements: Mapping[Target, Collection[RuleData]],
        penalties: Mapping[Target, Collection[RuleData]],
        always: Collection[Target] = (),
    ) -> None:
        self._always = list(always)
        self._requirements = _by_rules(requirements)
        self._penalties = _by_rules(penalties)
        self._by_key: dict[_Key, list[_Rules]] = defaultdict(list)
        self._by_guard: dict[RuleData, list[_Rules]] = defaultdict(list)
        self._file({*self._requirements, *self._penalties})
        self._paths = {path for path, _kind, _value in self._by_key}

    def find(self, facts: Mapping[str, Fact]) -> Selected:
        """What an event with these facts, as ``events.flatten`` gives them, fulfils."""
        hold = _testing(facts)
        found = Selected(requirements=list(self._always))
        for rules in self._candidates(facts, hold):
            if all(map(hold, rules)):
                found.requirements.extend(self._requirements.get(rules, ()))
                found.penalties.extend(self._penalties.get(rules, ()))
        return found

    def _candidates(self, facts: Mapping[str, Fact], hold: Callable[[RuleData], bool]) -> Iterator[_Rules]:
        for path in self._paths:
            key = _key(path, facts.get(path))
            if key in self._by_key:
                yield from self._by_key[key]
        for guard, candidates in self._by_guard.items():
            if hold(guard):
                yield from candidates

    def _file(self, distinct: Iterable[_Rules]) -> None:
        distinct = list(distinct)
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


def _by_rules(targets: Mapping[Target, Collection[RuleData]]) -> dict[_Rules, list[Target]]:
    found: dict[_Rules, list[Target]] = defaultdict(list)
    for target, rules in targets.items():
        if rules:
            found[frozenset(rules)].append(target)
    return dict(found)


def _testing(facts: Mapping[str, Fact]) -> Callable[[RuleData], bool]:
    """A test of rules that remembers: the same rule stands under many groups."""
    known: dict[RuleData, bool] = {}

    def hold(rule: RuleData) -> bool:
        if rule not in known:
            known[rule] = holds(rule, facts)
        return known[rule]

    return hold


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
