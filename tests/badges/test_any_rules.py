"""What is wrong with rules, of any rules."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credentials_accredible.choices import Operator
from credentials_accredible.events.catalogue import keypaths
from credentials_accredible.events.values import Kind, read
from credentials_accredible.rules.matching import Rule, all_hold, holds, split
from credentials_accredible.rules.validation import clean_value, requirement_problems, rule_problem
from tests.badges.rules import CCX, CCX_PASSING, DEMO, EVERYTHING, IN_USE, OTHER, PASSING, DataRule, entry

pytestmark = pytest.mark.usefixtures("everything")


# Few values, so that drawn rules and facts often meet.
WORDS: dict[str, list[str]] = {
    "boolean": ["true", "no", "+", "-"],
    "integer": ["1", "2", "2.0", "3"],
    "number": ["0.5", "1", "1.0", "1.5"],
    "text": ["1", "2", "1.0", "a", "ab", "2030-01-01", "2031-01-01T00:00:00Z"],
    "datetime": ["2030-01-01", "2030-01-01T01:00:00+01:00", "2030-01-02"],
    "date": ["2030-01-01", "2030-01-02", "2030-01-03"],
    "course_key": [DEMO, OTHER, CCX],
    "ccx_key": [CCX, CCX.replace("@1", "@2")],
    "usage_key": ["block-v1:a+b+c+type@problem+block@1", "block-v1:a+b+c+type@problem+block@2"],
    "key": ["lib:a:b", "lib:a:c"],
    "list": ["a", "b"],
}


@st.composite
def rules_about_one_path(draw: st.DrawFn) -> tuple[str, list[Rule]]:
    """A path of EVERYTHING, and rules about it without a mistake of their own."""
    path = draw(st.sampled_from(sorted(WORDS)))
    word = st.sampled_from(WORDS[path])
    rules: list[Rule] = []
    for _turn in range(draw(st.integers(1, 4))):
        operator = draw(st.sampled_from(Operator.values))
        value = ",".join(draw(st.lists(word, min_size=1))) if operator == "in" else draw(word)
        rule = DataRule(path, operator, value)
        if rule_problem(EVERYTHING, rule) is None:
            rules.append(rule)
    assume(rules)
    return path, rules


def kind_of(path: str) -> Kind:
    return next(keypath.kind for keypath in keypaths(EVERYTHING) if keypath.path == path)


@given(drawn=rules_about_one_path(), data=st.data())
def test_rules_that_some_event_fulfils_are_never_called_impossible(
    drawn: tuple[str, list[Rule]], data: st.DataObject
) -> None:
    path, rules = drawn
    text = data.draw(st.sampled_from(WORDS[path]))
    found = tuple(WORDS[path]) if path == "list" else read(kind_of(path), text)
    if all_hold(rules, {path: found}):
        assert requirement_problems(entry(EVERYTHING, rules), IN_USE) == []


@given(drawn=rules_about_one_path())
def test_rules_that_name_the_possible_values_are_called_impossible_where_none_fulfils_them(
    drawn: tuple[str, list[Rule]],
) -> None:
    path, rules = drawn
    named = [split(rule.value) for rule in rules if rule.operator in ("eq", "in")]
    assume(named)
    possible = [text for text in named[0] if all_hold(rules, {path: read(kind_of(path), text)})]
    problems = requirement_problems(entry(EVERYTHING, rules), IN_USE)
    assert bool(possible) is not bool(problems)


@given(
    path=st.sampled_from(["is_passing", "course.course_key", "course.start", "", "nowhere"]),
    operator=st.sampled_from([*Operator.values, "regex", ""]),
    value=st.text() | st.sampled_from(["course-v1:", "a/b/c/d", "ccx-v1:a+b+c+ccx@x", ",", "1,"]),
    event_type=st.sampled_from([PASSING, CCX_PASSING, "org.example.gone.v1", ""]),
)
def test_no_rule_however_odd_raises(path: str, operator: str, value: str, event_type: str) -> None:
    rule = DataRule(path, operator, value)
    problem = rule_problem(event_type, rule)
    assert problem is None or problem
    problems = requirement_problems(entry(event_type, [rule, rule]), IN_USE)
    assert bool(problems) is bool(problem)


@given(
    kind=st.sampled_from(Kind.values),
    operator=st.sampled_from(Operator.values),
    value=st.text() | st.sampled_from([DEMO, CCX, "lib:edX:a", "i4x://a/b/c/d", "1,2", "+", "2030-01-01"]),
)
def test_a_kept_value_is_kept_as_it_is_the_next_time(kind: str, operator: str, value: str) -> None:
    try:
        kept = clean_value(kind, operator, value)
    except ValueError:
        return
    assert clean_value(kind, operator, kept) == kept
    if operator == "eq":
        assert holds(DataRule("there", operator, kept), {"there": read(Kind(kind), kept)})
