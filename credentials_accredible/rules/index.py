"""The rules of all active groups, kept in memory by each process, and how processes learn that they have changed.

``RulesVersion`` holds a token that changes in the same transaction as the rules. A process reads it for each event
of a type that is in use, and every few seconds for the others; where it has changed, the process reads the rules
anew. What is found here is only where to look: processing reads the rules of what was found once more, so that an
index that has fallen behind can miss something new for a moment, and never awards by rules that are gone.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_save

from credentials_accredible import conf
from credentials_accredible.choices import Operator
from credentials_accredible.database import alias
from credentials_accredible.events.values import Fact, boolean, instant, number
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    DataRule,
    PenaltyDataRule,
    RulesVersion,
)
from credentials_accredible.rules.matching import holds, split


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


# Seconds. Rules that were changed past ``rules_changed``, with SQL for instance, are seen after this time.
_LONGEST_LIFE = 600.0


def select(event_type: str, facts: Mapping[str, Fact]) -> Selected:
    """The requirements and penalties of active groups that an event of that type with these facts fulfils."""
    selection = _index.selection(event_type)
    return selection.find(facts) if selection else Selected()


@contextmanager
def rules_locked(*, changing: bool = True) -> Iterator[None]:
    """A transaction in which nobody else changes rules, or makes, removes or restores groups.

    Its first statement locks the version of the rules, before any group: everybody takes the locks in this order. The
    lock holds until the outermost transaction ends. It is on no row that others refer to: events go on meanwhile, where
    the lock of a configuration would keep badges of that configuration from being made.

    Every process reads the rules again afterwards. ``changing=False``: only where ``rules_changed`` is called within.
    """
    with transaction.atomic(using=alias()):
        if changing or not list(RulesVersion.objects.select_for_update().filter(pk=1)):
            rules_changed()
        yield


def rules_changed() -> None:
    """Tell every process that rules, or the groups they count for, have changed: call it in the same transaction.

    Saving a group, a requirement, a penalty or a rule does it, and so does choosing a penalty's requirements. Bulk
    statements (``bulk_create``, ``QuerySet.update`` and ``delete``) do not: they need a call.
    """
    token = uuid.uuid4()
    if not RulesVersion.objects.filter(pk=1).update(token=token):
        RulesVersion.objects.bulk_create([RulesVersion(pk=1, token=token)], ignore_conflicts=True)
    # At once for the transaction itself, and once it is through for the other threads of this process.
    _index.look_again()
    transaction.on_commit(_index.look_again)


def watch() -> None:
    """Call ``rules_changed`` whenever something of it is saved."""
    for model in (AccredibleGroup, BadgeRequirement, BadgePenalty, DataRule, PenaltyDataRule):
        post_save.connect(_on_change, sender=model, dispatch_uid=f"{__name__}.{model.__name__}")
    m2m_changed.connect(_on_change, sender=BadgePenalty.requirements.through, dispatch_uid=f"{__name__}.chosen")


def _on_change(**_kwargs: Any) -> None:
    rules_changed()


class _Index:
    """What one process knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selections: dict[str, Selection] = {}
        self._token: uuid.UUID | None = None
        self._read_at = self._looked_at = -_LONGEST_LIFE
        self._asked, self._answered = object(), object()

    def look_again(self) -> None:
        """Do not rely on what was seen before."""
        self._asked = object()

    def selection(self, event_type: str) -> Selection | None:
        """The rules of one event type as they are now, or were a moment ago; None where there are none."""
        with self._lock:
            if event_type in self._selections or self._is_due():
                self._look()
            return self._selections.get(event_type)

    def _is_due(self) -> bool:
        if self._answered is not self._asked:
            return True
        return time.monotonic() - self._looked_at >= conf.number("RULES_RECHECK", least=0)

    def _look(self) -> None:
        asked, now = self._asked, time.monotonic()
        # The token first: rules that are newer than their token are read once too often, not once too rarely.
        token = RulesVersion.objects.filter(pk=1).values_list("token", flat=True).first()
        if token != self._token or now - self._read_at >= _LONGEST_LIFE:
            self._selections = _read()
            self._token, self._read_at = token, now
        self._answered, self._looked_at = asked, now


_index = _Index()


def _read() -> dict[str, Selection]:
    requirements: dict[str, dict[Target, list[RuleData]]] = defaultdict(dict)
    penalties: dict[str, dict[Target, list[RuleData]]] = defaultdict(dict)
    always: dict[str, set[Target]] = defaultdict(set)
    for event_type, group, pk, any_event, *rule in _rows(BadgeRequirement, "any_event"):
        if any_event:
            always[event_type].add(Target(group, pk))
        else:
            requirements[event_type].setdefault(Target(group, pk), []).append(RuleData(*rule))
    for event_type, group, pk, *rule in _rows(BadgePenalty):
        penalties[event_type].setdefault(Target(group, pk), []).append(RuleData(*rule))
    return {
        event_type: Selection(requirements[event_type], penalties[event_type], always[event_type])
        for event_type in {*requirements, *penalties, *always}
    }


def _rows(model: type[BadgeRequirement] | type[BadgePenalty], *more: str) -> Iterator[tuple[Any, ...]]:
    """A row for each rule, in one query; what has no rule never counts, unless any event does."""
    counting = Q(rules__isnull=False) | Q(any_event=True) if "any_event" in more else Q(rules__isnull=False)
    rows = model._default_manager.filter(counting, group__is_active=True).order_by()
    rule = ("rules__data_path", "rules__operator", "rules__value")
    return rows.values_list("event_type", "group_id", "pk", *more, *rule).iterator()
