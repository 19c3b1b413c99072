"""Penalties, and events that come late."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, Fulfillment
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, badges_of, ccx_status, course_status, minutes, progress_of
from tests.factories import CCX_PASSING, make_user

pytestmark = pytest.mark.django_db

AWARDED = [("Badge", "awarded")]
REVOKED = [("Badge", "revoked")]


@pytest.fixture
def group() -> AccredibleGroup:
    """Two letters; failing either course costs its own."""
    group = active_group()
    for course, letter in ((DEMO, "A"), (OTHER, "B")):
        requirement = require(group, *in_course(course, PASSES), blend=letter)
        penalise(group, *in_course(course, FAILS), takes=[requirement])
    return group


def passes(course: str, minute: float) -> None:
    course_status("ada", course, at=minutes(minute))


def fails(course: str, minute: float) -> None:
    course_status("ada", course, is_passing=False, at=minutes(minute))


def test_a_penalty_takes_a_fulfilment_back(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    fails(DEMO, 2)
    assert progress_of().ratio == 0.0
    passes(OTHER, 3)
    assert badges_of() == []


def test_what_was_taken_back_can_be_fulfilled_again(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    fails(DEMO, 2)
    passes(OTHER, 3)
    passes(DEMO, 4)
    assert badges_of() == AWARDED


def test_a_badge_whose_group_is_no_longer_complete_is_revoked(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    passes(OTHER, 2)
    fails(OTHER, 3)
    assert badges_of() == REVOKED
    assert progress_of().ratio == 0.5


def test_a_revoked_badge_is_not_awarded_again(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    passes(OTHER, 2)
    fails(OTHER, 3)
    passes(OTHER, 4)
    assert progress_of().completed
    assert badges_of() == REVOKED


def test_a_badge_stays_while_an_alternative_still_holds_its_letter() -> None:
    group = active_group()
    demo = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="A")
    penalise(group, *in_course(DEMO, FAILS), takes=[demo])
    passes(DEMO, 1)
    passes(OTHER, 2)
    fails(DEMO, 3)
    assert Fulfillment.objects.get().requirement_id != demo.pk
    assert badges_of() == AWARDED


def test_a_penalty_can_take_several_requirements(group: AccredibleGroup) -> None:
    penalise(group, FAILS, takes=list(group.requirements.all()), event_type=CCX_PASSING)
    passes(DEMO, 1)
    passes(OTHER, 2)
    ccx_status("ada", "ccx-v1:edX+DemoX+Demo_Course+ccx@1", is_passing=False, at=minutes(3))
    assert (progress_of().ratio, badges_of()) == (0.0, REVOKED)


def test_a_penalty_for_something_never_fulfilled_begins_nothing(group: AccredibleGroup) -> None:
    fails(DEMO, 1)
    assert not get_user_model().objects.exists()
    make_user("ada")
    fails(DEMO, 1)
    assert not BadgeProgress.objects.exists()


def test_a_penalty_for_something_never_fulfilled_takes_nothing(group: AccredibleGroup) -> None:
    passes(OTHER, 2)
    fails(DEMO, 3)
    assert progress_of().ratio == 0.5
    passes(DEMO, 4)
    assert badges_of() == AWARDED


def test_a_penalty_without_rules_never_counts(group: AccredibleGroup) -> None:
    penalise(group, takes=list(group.requirements.all()))
    passes(DEMO, 1)
    assert progress_of().ratio == 0.5


def test_a_penalty_of_an_inactive_group_does_not_count(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    passes(OTHER, 2)
    group.is_active = False
    group.save()
    fails(DEMO, 3)
    assert (progress_of().ratio, badges_of()) == (1.0, AWARDED)


def test_an_event_that_matches_both_a_requirement_and_its_penalty_fulfils_nothing() -> None:
    group = active_group()
    requirement = require(group, PASSES)
    penalise(group, *in_course(DEMO, PASSES), takes=[requirement])
    passes(DEMO, 1)
    assert not BadgeProgress.objects.exists()
    assert not AccredibleBadge.objects.exists()

    passes(OTHER, 2)
    assert badges_of() == AWARDED
    passes(DEMO, 3)
    assert badges_of() == REVOKED


def test_an_event_can_fulfil_one_requirement_and_take_another_back() -> None:
    group = active_group()
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    penalise(group, *in_course(OTHER, PASSES), takes=[first])
    passes(DEMO, 1)
    passes(OTHER, 2)
    assert (progress_of().ratio, badges_of()) == (0.5, [])


def test_a_penalty_that_comes_late_does_not_take_back_what_was_fulfilled_after_it(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    passes(OTHER, 5)
    fails(OTHER, 4)
    assert badges_of() == AWARDED


def test_what_was_fulfilled_again_counts_from_then(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    passes(OTHER, 2)
    passes(OTHER, 5)
    fails(OTHER, 4)
    assert badges_of() == AWARDED


def test_an_old_fulfilment_that_is_delivered_again_does_not_undo_the_penalty(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    fails(DEMO, 2)
    passes(DEMO, 1)
    assert progress_of().ratio == 0.0
    fails(DEMO, 6)
    passes(DEMO, 4)
    assert progress_of().ratio == 0.0


def test_an_old_penalty_that_is_delivered_again_does_not_revoke_the_badge(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    fails(DEMO, 2)
    passes(DEMO, 3)
    passes(OTHER, 4)
    fails(DEMO, 2)
    assert badges_of() == AWARDED


def test_of_two_events_at_the_same_time_the_penalty_wins(group: AccredibleGroup) -> None:
    passes(OTHER, 1)
    passes(DEMO, 2)
    fails(DEMO, 2)
    passes(DEMO, 2)
    assert (progress_of().ratio, badges_of()) == (0.5, REVOKED)


def test_a_fulfilment_of_unknown_time_is_older_than_every_event(group: AccredibleGroup) -> None:
    passes(DEMO, 1)
    Fulfillment.objects.update(context={})
    fails(DEMO, -1000)
    assert progress_of().ratio == 0.0
