"""Which requirements and penalties an event can concern, found without looking at all of them. Pure: no database.

Every distinct set of rules is kept once, under one of its rules, its guard. An ``eq`` or ``in`` guard is found by the
event's own values; what has no such rule is found by testing its guard, and each distinct guard is tested once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from credentials_accredible.badges.matching import holds, split
from credentials_accredible.choices import Operator
from credentials_accredible.events import Fact, boolean, instant, number


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
class Found:
    """What an event can concern."""

    requirements: list[Target] = field(default_factory=list)
    penalties: list[Target] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.requirements or self.penalties)


_Rules: TypeAlias = frozenset[RuleData]
_Key: TypeAlias = tuple[str, type, Fact]

# True is 1 to Python, as a key of a dict, too; to rules it is not.
_KINDS = (bool, Decimal, datetime, str)


class Selection:
    """The requirements and penalties of one event type, ready to be looked up."""

    def __init__(self, requirements: Mapping[Target, Collection[RuleData] | None], penalties: Mapping[Target, Collection[RuleData]]) -> None:
        """``requirements`` and ``penalties`` with their rules; None for a requirement that every event fulfils.

        Where there are no rules, nothing ever holds.
        """
        self._always = [target for target, rules in requirements.items() if rules is None]
        self._requirements = _by_rules((target, rules) for target, rules in requirements.items() if rules)
        self._penalties = _by_rules((target, rules) for target, rules in penalties.items() if rules)
        self._by_key: dict[_Key, list[_Rules]] = defaultdict(list)
        self._by_guard: dict[RuleData, list[_Rules]] = defaultdict(list)
        self._file({*self._requirements, *self._penalties})
        self._paths = {path for path, _kind, _value in self._by_key}

    def find(self, facts: Mapping[str, Fact]) -> Found:
        """What holds for these facts."""
        known: dict[RuleData, bool] = {}

        def hold(rules: Iterable[RuleData]) -> bool:
            for rule in rules:
                if rule not in known:
                    known[rule] = holds(rule, facts)
                if not known[rule]:
                    return False
            return True

        found = Found(requirements=list(self._always))
        for rules in self._candidates(facts, hold):
            if hold(rules):
                found.requirements.extend(self._requirements.get(rules, ()))
                found.penalties.extend(self._penalties.get(rules, ()))
        return found
