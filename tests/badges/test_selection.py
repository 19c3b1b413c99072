"""An event finds what it fulfils without a look at all of it, and finds the same as a look at all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible.choices import Operator
from credentials_accredible.events.event import flatten
from credentials_accredible.events.values import fact
from credentials_accredible.rules import matching
from credentials_accredible.rules.index import Criterion, RuleData, Selection
from tests.badges.sending import DEMO, OTHER
from tests.factories import PASSING

PATHS = ("is_passing", "course.course_key", "course.display_name", "course.start", "no.such.path")
TEXTS = (
    "true", "Yes", "no", "-", "1", "1.0", "83", "1e2", DEMO, OTHER, "2030-01-01", "2030-01-01T00:00:00+00:00", "",
    "true,83", f"{DEMO}, {OTHER}", "1, no, 2030-01-01", ",", " true ", "Demo",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    True, False, 1, 0, 1.0, 83, None, "true", "True", "1", "83", DEMO, OTHER, "2030-01-01", "", "yes", "Demo", ["83"],
)  # fmt: skip

rules = st.builds(RuleData, st.sampled_from(PATHS), st.sampled_from(Operator.values), st.sampled_from(TEXTS))
rule_sets = st.lists(st.lists(rules, max_size=3), max_size=12)
facts = st.dictionaries(st.sampled_from(PATHS[:-1]), st.sampled_from(VALUES).map(fact))


def requirement(pk: int, rules: Iterable[RuleData] | None) -> Criterion:
    return Criterion(1, pk, None if rules is None else frozenset(rules), letter="A")


@given(required=rule_sets, penalised=rule_sets, said=facts)
def test_it_finds_exactly_what_holds(
    required: list[list[RuleData]], penalised: list[list[RuleData]], said: Any
) -> None:
    any_event = requirement(-1, None)
    criteria = [requirement(number, found) for number, found in enumerate(required)]
    criteria += [Criterion(2, number, frozenset(found), takes=frozenset([1])) for number, found in enumerate(penalised)]

    found = Selection([any_event, *criteria]).find(said)

    holding = {criterion for criterion in criteria if matching.all_hold(criterion.rules or (), said)}
    assert len(found) == len(set(found))
    assert set(found) == {any_event} | holding


@given(
    texts=st.lists(st.text(max_size=4), max_size=4),
    said=st.text(max_size=4) | st.floats() | st.integers() | st.booleans(),
)
def test_it_finds_any_value_by_eq_and_by_in(texts: list[str], said: Any) -> None:
    criteria = [requirement(0, [RuleData("path", "in", ",".join(texts))])]
    criteria += [requirement(number, [RuleData("path", "eq", text)]) for number, text in enumerate(texts, start=1)]
    said = {"path": fact(said)}
    expected = {criterion for criterion in criteria if matching.all_hold(criterion.rules or (), said)}
    assert set(Selection(criteria).find(said)) == expected


def count_tests(monkeypatch: Any, selection: Selection, said: Any) -> int:
    """How many rules are tested for an event."""
    tested: list[Any] = []

    def holds(rule: Any, of_facts: Any) -> bool:
        tested.append(rule)
        return matching.holds(rule, of_facts)

    monkeypatch.setattr("credentials_accredible.rules.index.holds", holds)
    selection.find(said)
    return len(tested)


def passing_in(course: str) -> Any:
    payload = {"course_passing_status": {"is_passing": True, "course": {"course_key": course}}}
    return flatten(PASSING, payload)


def test_a_rule_that_all_groups_share_leads_to_none_of_them(monkeypatch: Any) -> None:
    passes = RuleData("is_passing", "eq", "true")
    selection = Selection(
        requirement(n, [passes, RuleData("course.course_key", "eq", f"course-v1:edX+X{n}+1")]) for n in range(1000)
    )
    assert count_tests(monkeypatch, selection, passing_in(DEMO)) == 0
    assert count_tests(monkeypatch, selection, passing_in("course-v1:edX+X7+1")) == 2


def test_the_same_rules_are_tested_once_however_many_groups_have_them(monkeypatch: Any) -> None:
    same = [RuleData("is_passing", "eq", "true"), RuleData("course.course_key", "ne", DEMO)]
    selection = Selection(requirement(n, same) for n in range(1000))
    assert count_tests(monkeypatch, selection, passing_in(DEMO)) <= len(same)


def test_a_rule_that_is_no_eq_is_tested_once_for_all_sets_that_have_it(monkeypatch: Any) -> None:
    shared = RuleData("course.course_key", "contains", "+2030")
    selection = Selection(requirement(n, [shared, RuleData("course.display_name", "ne", f"{n}")]) for n in range(1000))
    assert count_tests(monkeypatch, selection, passing_in(DEMO)) == 1
