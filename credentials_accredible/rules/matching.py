"""Whether data rules hold for the facts of an event. Pure: no database, and nothing here raises for any fact or rule.

Facts are what ``events.event.flatten`` makes of a payload: path -> value, None where the event says nothing.

``eq``        numbers as numbers (83 is 83.0), booleans by the documented words, times as instants, text exactly.
``ne``        whatever ``eq`` is not. So it also holds where the event says nothing, as ``eq`` never does there; but
              it does not hold for a path that the event's data classes do not have, where nothing can hold.
``gt`` etc.   numbers and times; text where both sides are numbers, or both times. Nothing else has an order.
``in``        ``eq`` to one of the comma-separated values.
``contains``  text has it as a part, case and all; a list has an item that is ``eq`` to it. Nothing else contains.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from credentials_accredible.choices import Operator
from credentials_accredible.events.values import Fact, boolean, fact, instant, number


class Rule(Protocol):
    """A data rule; the models' rules are such."""

    @property
    def data_path(self) -> str:
        """Where in the event's data to look."""

    @property
    def operator(self) -> str:
        """A value of ``choices.Operator``."""

    @property
    def value(self) -> str:
        """What to compare with, as staff wrote it."""


class Reason(StrEnum):
    """Why a rule holds, or does not."""

    COMPARED = "compared"  # what the event says was compared with the rule's value
    NOTHING_SAID = "nothing said"  # the event says nothing there: only "is not" holds
    NO_SUCH_PATH = "no such path"  # events of the type have no such place: nothing holds


@dataclass(frozen=True)
class RuleResult:
    """What became of one rule, and of which fact."""

    rule: Rule
    found: Fact
    holds: bool
    reason: Reason


def holds(rule: Rule, facts: Mapping[str, object]) -> bool:
    """Whether the rule holds. Values that are no facts yet (an int, a course key) are taken as the facts they are."""
    compare = _COMPARISONS.get(rule.operator)
    return compare is not None and rule.data_path in facts and compare(fact(facts[rule.data_path]), rule.value)


def all_hold(rules: Iterable[Rule], facts: Mapping[str, object]) -> bool:
    """Whether there are rules, and all of them hold."""
    results = [holds(rule, facts) for rule in rules]
    return bool(results) and all(results)


def explain(rules: Iterable[Rule], facts: Mapping[str, object]) -> list[RuleResult]:
    """What becomes of each rule, and why."""
    return [_result(rule, facts) for rule in rules]


def split(value: str) -> list[str]:
    """The values in the value of an ``in`` rule."""
    return [item.strip() for item in value.split(",")]


def _result(rule: Rule, facts: Mapping[str, object]) -> RuleResult:
    found = fact(facts.get(rule.data_path))
    reason = Reason.NOTHING_SAID if found is None else Reason.COMPARED
    if rule.data_path not in facts:
        reason = Reason.NO_SUCH_PATH
    return RuleResult(rule, found, holds(rule, facts), reason)


def _equal(found: Fact, text: str) -> bool:
    wanted: Fact = None
    if isinstance(found, bool):
        wanted = boolean(text)
    elif isinstance(found, Decimal):
        wanted = number(text)
    elif isinstance(found, datetime):
        wanted = instant(text)
    elif isinstance(found, str):
        wanted = text
    return wanted is not None and found == wanted


def _one_of(found: Fact, text: str) -> bool:
    return any(_equal(found, item) for item in split(text))


def _contains(found: Fact, text: str) -> bool:
    if isinstance(found, tuple):
        return any(_equal(item, text) for item in found)
    return isinstance(found, str) and text in found


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Fact, str], bool]:
    def test(found: Fact, text: str) -> bool:
        for read, kind in ((number, Decimal), (instant, datetime)):
            left = read(found) if isinstance(found, str) else found
            right = read(text)
            if isinstance(left, kind) and right is not None:
                return compare(left, right)
        return False

    return test


_COMPARISONS: dict[str, Callable[[Fact, str], bool]] = {
    Operator.EQUAL: _equal,
    Operator.NOT_EQUAL: lambda found, text: not _equal(found, text),
    Operator.GREATER: _ordered(operator.gt),
    Operator.AT_LEAST: _ordered(operator.ge),
    Operator.LESS: _ordered(operator.lt),
    Operator.AT_MOST: _ordered(operator.le),
    Operator.ONE_OF: _one_of,
    Operator.CONTAINS: _contains,
}
