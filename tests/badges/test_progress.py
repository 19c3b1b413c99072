"""From an event to progress, and from complete progress to a badge."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, Fulfillment
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, course_status, learner, minutes, progress_of
from tests.factories import make_badge, make_progress, make_requirement

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_letters() -> AccredibleGroup:
    group = active_group()
    require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    return group


@pytest.mark.parametrize("courses", [(DEMO, OTHER), (OTHER, DEMO)])
def test_two_letters_need_both_in_any_order(two_letters: AccredibleGroup, courses: tuple[str, str]) -> None:
    first, second = courses
    course_status("ada", first)
    assert (progress_of().ratio, progress_of().completed, badges_of()) == (0.5, False, [])

    course_status("ada", second)
    assert (progress_of().ratio, progress_of().completed, badges_of()) == (1.0, True, [("Badge", "awarded")])


def test_the_same_event_again_changes_nothing(two_letters: AccredibleGroup) -> None:
    def everything() -> list[Any]:
        models = (BadgeProgress, Fulfillment, AccredibleBadge, get_user_model())
        return [list(model.objects.order_by("pk").values()) for model in models]

    for course in (DEMO, OTHER):
        course_status("ada", course, at=minutes(1), event_id=UUID(int=1))
        before = everything()
        for _delivery in range(10):
            course_status("ada", course, at=minutes(1), event_id=UUID(int=1))
        assert everything() == before
    assert badges_of() == [("Badge", "awarded")]


def test_learners_do_not_complete_each_others_progress(two_letters: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    course_status("grace", OTHER)
    assert badges_of("ada") == badges_of("grace") == []


def test_one_of_the_same_letter_is_enough_and_the_others_do_not_count_twice() -> None:
    group = active_group()
    require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="A")
    require(group, *in_course(THIRD, PASSES), blend="B")
    course_status("ada", DEMO)
    course_status("ada", OTHER)
    assert (progress_of().ratio, badges_of()) == (0.5, [])
    course_status("ada", THIRD)
    assert badges_of() == [("Badge", "awarded")]


def test_requirements_without_a_letter_are_all_needed() -> None:
    group = active_group()
    for course in (DEMO, OTHER, THIRD):
        require(group, *in_course(course, PASSES))
    course_status("ada", DEMO)
    course_status("ada", OTHER)
    assert progress_of().ratio == pytest.approx(2 / 3)
    assert badges_of() == []
    course_status("ada", THIRD)
    assert badges_of() == [("Badge", "awarded")]


def test_one_event_can_fulfil_several_letters_and_groups() -> None:
    for name in ("One", "Two"):
        group = active_group(name)
        require(group, PASSES, blend="A")
        require(group, ("course.course_key", "eq", DEMO), blend="B")
    course_status("ada", DEMO)
    assert sorted(badges_of()) == [("One", "awarded"), ("Two", "awarded")]


def test_a_requirement_without_rules_is_never_fulfilled() -> None:
    group = active_group()
    require(group)
    require(group, PASSES)
    course_status("ada")
    assert (progress_of().ratio, badges_of()) == (0.5, [])


def test_any_event_wins_over_rules_beside_it() -> None:
    require(active_group(), PASSES, any_event=True)
    course_status("ada", is_passing=False)
    assert badges_of() == [("Badge", "awarded")]


def test_an_inactive_group_takes_no_notice() -> None:
    group = active_group()
    require(group, PASSES)
    group.is_active = False
    group.save()
    course_status("ada")
    assert not BadgeProgress.objects.exists()
    assert not get_user_model().objects.exists()


def test_an_event_that_fulfils_nothing_leaves_no_trace(two_letters: AccredibleGroup) -> None:
    course_status("ada", THIRD)
    assert not BadgeProgress.objects.exists()
    assert not get_user_model().objects.exists()


def test_a_badge_is_decided_and_waits_to_be_sent(two_letters: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    course_status("ada", OTHER, at=minutes(5))
    badge = AccredibleBadge.objects.get()
    assert (badge.status, badge.state) == (BadgeStatus.AWARDED, BadgeState.CREATED)
    assert (badge.group, badge.api_config) == (two_letters, two_letters.api_config)
    assert badge.accredible_group_id == two_letters.accredible_id
    assert badge.issued_on == minutes(5).date()
    assert badge.attempts == 0


def test_a_badge_that_outlived_its_group_is_not_awarded_again_when_the_group_is_back() -> None:
    group = active_group()
    require(group, PASSES)
    course_status("ada")
    known, config = group.accredible_id, group.api_config
    group.delete()
    require(active_group("Again", accredible_id=known, config=config), PASSES)

    course_status("ada")

    assert badges_of() == [("Badge", "awarded")]


def test_a_fulfilment_remembers_the_event_and_what_its_rules_looked_at() -> None:
    require(active_group(), PASSES, ("course.course_key", "ne", OTHER), ("user.pii.name", "ne", "Nobody"))
    course_status(learner("ada", name="Ada Lovelace"), at=minutes(3), event_id=UUID(int=7))

    assert Fulfillment.objects.get().context == {
        "event_id": str(UUID(int=7)),
        "time": minutes(3).isoformat(),
        "facts": {"course.course_key": DEMO, "is_passing": True},
    }


def test_the_newest_event_is_remembered_whichever_comes_first(two_letters: AccredibleGroup) -> None:
    for minute in (2, 5, 3):
        course_status("ada", DEMO, at=minutes(minute))
    assert Fulfillment.objects.get().context["time"] == minutes(5).isoformat()
    assert progress_of().last_event_at == minutes(5)


def test_progress_comes_from_one_query(two_letters: AccredibleGroup, django_assert_num_queries: Any) -> None:
    progress = make_progress(two_letters, two_letters.requirements.earliest("pk"))
    with django_assert_num_queries(1):
        assert progress.ratio == 0.5
    with django_assert_num_queries(1):
        assert not progress.completed


def test_the_progress_of_many_comes_from_one_query(
    two_letters: AccredibleGroup, django_assert_num_queries: Any
) -> None:
    first, second = two_letters.requirements.all()
    for fulfilled in ([], [first], [second], [first, second]):
        make_progress(two_letters, *fulfilled)
    with django_assert_num_queries(1):
        found = [(item.ratio, item.completed) for item in BadgeProgress.objects.with_letters().order_by("pk")]
    assert found == [(0.0, False), (0.5, False), (0.5, False), (1.0, True)]


def test_progress_in_a_group_without_requirements_is_none() -> None:
    progress = make_progress(active_group())
    assert (progress.ratio, progress.completed) == (0.0, False)


def queries_of(username: str, course: str) -> int:
    """How many queries an event needs, transactions included, in a process that knows the rules."""
    course_status("nobody", "course-v1:edX+DemoX+Unknown", is_passing=False)
    with CaptureQueriesContext(connection) as queries:
        course_status(username, course)
    return len(queries)


def test_an_event_that_completes_a_group_needs_less_than_16_queries(two_letters: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    assert queries_of("ada", OTHER) < 16
    assert badges_of() == [("Badge", "awarded")]


def test_one_that_brings_a_learner_nobody_knew_needs_less_than_18() -> None:
    require(active_group(), PASSES)
    assert queries_of("ada", DEMO) < 18
    assert badges_of() == [("Badge", "awarded")]


def test_queries_do_not_grow_with_the_groups_that_an_event_completes() -> None:
    require(active_group(), PASSES)
    for_one = queries_of("ada", DEMO)
    for _number in range(10):
        require(active_group("More"), PASSES)
    for_many = queries_of("grace", DEMO)
    assert len(badges_of("grace")) == 11
    assert for_many == for_one


def test_a_badge_given_before_is_not_given_again() -> None:
    group = active_group()
    requirement = make_requirement(group)
    badge = make_badge(group)
    user = badge.user
    course_status(learner(user.username, id=1))
    assert AccredibleBadge.objects.count() == 1
    assert requirement.fulfillments.count() == 1
