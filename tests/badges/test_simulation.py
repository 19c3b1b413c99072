"""Trying an event on a group without consequences."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup, BadgeProgress, Fulfillment, RulesVersion
from credentials_accredible.rules.matching import Reason
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, badges_of, course_status, learner
from tests.factories import CCX_PASSING, PASSING, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> AccredibleGroup:
    """Two letters, inactive as they come."""
    group = make_group()
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, PASSES, event_type=CCX_PASSING, blend="A")
    require(group, any_event=True, blend="B")
    penalise(group, FAILS, takes=[first])
    return group


def test_it_says_of_each_requirement_and_rule_what_holds(group: AccredibleGroup) -> None:
    found = api.simulate(group, PASSING, {"is_passing": "yes", "course.course_key": OTHER})

    course, ccx, anything = found.requirements
    assert [(result.rule.data_path, result.found, result.holds, result.reason) for result in course.rules] == [
        ("is_passing", True, True, Reason.COMPARED),
        ("course.course_key", OTHER, False, Reason.COMPARED),
    ]
    assert (course.concerned, course.holds) == (True, False)
    assert (ccx.concerned, ccx.holds, ccx.rules) == (False, False, [])
    assert (anything.concerned, anything.holds, anything.rules) == (True, True, [])
    assert (found.fulfilled, found.letters, found.awards) == ({"B"}, {"A", "B"}, False)
    (penalty,) = found.penalties
    assert (penalty.concerned, penalty.holds) == (True, False)


def test_it_says_whether_a_badge_would_result(group: AccredibleGroup) -> None:
    assert api.simulate(group, PASSING, {"is_passing": True, "course.course_key": DEMO}).awards


def test_a_penalty_takes_away_what_the_same_event_fulfils(group: AccredibleGroup) -> None:
    penalise(group, ("course.course_key", "eq", DEMO), takes=list(group.requirements.filter(blend="A")))
    found = api.simulate(group, PASSING, {"is_passing": True, "course.course_key": DEMO})
    assert found.requirements[0].holds
    assert (found.fulfilled, found.awards) == ({"B"}, False)


def test_a_group_without_requirements_awards_nothing() -> None:
    assert not api.simulate(make_group(), PASSING, {}).awards


def test_it_writes_nothing(group: AccredibleGroup) -> None:
    group.is_active = True
    group.save()
    before = list(RulesVersion.objects.values())
    api.simulate(group, PASSING, {"is_passing": True, "course.course_key": DEMO, "user.pii.username": "ada"})
    assert not BadgeProgress.objects.exists()
    assert not Fulfillment.objects.exists()
    assert not get_user_model().objects.exists()
    assert list(RulesVersion.objects.values()) == before


@pytest.mark.parametrize(
    "payload",
    [
        {"is_passing": "true", "course.course_key": DEMO},
        {"is_passing": True, "course": {"course_key": DEMO}},
        {"course_passing_status": {"is_passing": True, "course": {"course_key": DEMO}}},
        {
            "course_passing_status": CoursePassingStatusData(
                is_passing=True, course=CourseData(CourseKey.from_string(DEMO)), user=learner()
            )
        },
    ],
    ids=["paths", "data", "members", "objects"],
)
def test_an_event_can_be_written_in_every_form_there_is(group: AccredibleGroup, payload: dict[str, Any]) -> None:
    found = api.simulate(group, PASSING, payload)
    assert found.awards
    assert found.not_understood == []


def test_it_says_which_paths_such_events_do_not_have(group: AccredibleGroup) -> None:
    payload = {"is_passing": True, "course": {"key": DEMO}, "isPassing": True}
    assert api.simulate(group, PASSING, payload).not_understood == ["course.key", "isPassing"]
    assert api.simulate(group, "no.such.type.v1", payload).not_understood == ["is_passing", "course.key", "isPassing"]


@pytest.mark.parametrize("event_type", [PASSING, CCX_PASSING])
def test_the_sample_event_can_be_tried_as_it_is(group: AccredibleGroup, event_type: str) -> None:
    found = api.simulate(group, event_type, api.sample_of(event_type).payload)
    assert found.not_understood == []
    assert found.facts["is_passing"] is True


json = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(payload=st.dictionaries(st.sampled_from(["is_passing", "course", "x"]) | st.text(), json))
def test_no_payload_however_odd_raises(payload: dict[str, Any]) -> None:
    assert not api.simulate(AccredibleGroup(pk=0), PASSING, payload).awards


@pytest.mark.parametrize("is_passing", [True, False])
@pytest.mark.parametrize("course", [DEMO, OTHER])
def test_what_it_says_of_a_badge_is_what_an_event_does(course: str, is_passing: bool) -> None:
    group = active_group()
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, ("course.course_key", "contains", "edX"))
    require(group, ("is_passing", "ne", "false"), blend="A")
    penalise(group, ("course.course_key", "eq", OTHER), takes=[first])
    expected = api.simulate(group, PASSING, {"is_passing": is_passing, "course.course_key": course}).awards
    course_status("ada", course, is_passing=is_passing)
    assert bool(badges_of()) == expected


def test_events_are_tried_one_after_the_other() -> None:
    group = active_group()
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    second = require(group, *in_course(OTHER, PASSES), blend="B")
    penalise(group, *in_course(DEMO, FAILS), takes=[first])
    events = [(DEMO, True), (DEMO, True), (OTHER, True), (DEMO, False), (DEMO, True)]

    found = api.simulate_in_order(
        group, [(PASSING, {"is_passing": passing, "course.course_key": course}) for course, passing in events]
    )

    assert [(step.gained, step.renewed, step.taken) for step in found] == [
        ({first.pk}, set(), set()),
        (set(), {first.pk}, set()),
        ({second.pk}, set(), set()),
        (set(), set(), {first.pk}),
        ({first.pk}, set(), set()),
    ]
    assert [(len(step.fulfilled), step.awards, step.revokes, step.badge) for step in found] == [
        (1, False, False, ""),
        (1, False, False, ""),
        (2, True, False, "awarded"),
        (1, False, True, "revoked"),
        (2, False, False, "revoked"),
    ]


def test_from_where_a_learner_stands_it_says_what_becomes_of_them(group: AccredibleGroup) -> None:
    group.is_active = True
    group.save()
    course_status("ada", DEMO)
    user = get_user_model().objects.get(username="ada")
    penalty = (PASSING, {"is_passing": "false", "course.course_key": OTHER})

    (found,) = api.simulate_in_order(group, [penalty], api.standing_of(user, group))
    course_status("ada", OTHER, is_passing=False)

    assert (found.revokes, found.badge) == (True, group.badges.get().status)
    assert api.standing_of(user, group).fulfilled.keys() == set(
        Fulfillment.objects.values_list("requirement", flat=True)
    )
