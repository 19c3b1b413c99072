"""Events that arrive after newer ones: what comes of them does not depend on the order they arrive in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from operator import itemgetter
from random import Random
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials_accredible.models import AccredibleGroup, EarlyPenalty, Fulfillment
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, course_status, learner, minutes, progress_of
from tests.conftest import PluginSettings
from tests.examples import examples
from tests.factories import make_user

pytestmark = pytest.mark.django_db

User = get_user_model()
AWARDED = [("Badge", "awarded")]


@pytest.fixture
def group() -> AccredibleGroup:
    """Passing one course is enough, failing it costs the badge."""
    group = active_group()
    penalise(group, *in_course(DEMO, FAILS), takes=[require(group, *in_course(DEMO, PASSES))])
    return group


def nobody_knew() -> None:
    """The learner has no account here."""


def has_an_account() -> None:
    make_user("ada")


def has_progress_elsewhere() -> None:
    require(active_group("Other"), *in_course(OTHER, PASSES), ("course.display_name", "ne", "Draft"))
    require(active_group("Other"), *in_course(THIRD, PASSES))
    course_status("ada", OTHER, at=minutes(-9))


def has_progress_here() -> None:
    require(AccredibleGroup.objects.get(), *in_course(OTHER, PASSES), blend="O")
    course_status("ada", OTHER, at=minutes(-9))


@pytest.mark.parametrize("before", [nobody_knew, has_an_account, has_progress_elsewhere, has_progress_here])
def test_a_pass_that_comes_after_a_newer_fail_brings_no_badge(
    group: AccredibleGroup, before: Callable[[], None]
) -> None:
    before()
    course_status("ada", DEMO, is_passing=False, at=minutes(5))
    course_status("ada", DEMO, at=minutes(0))
    assert ("Badge", "awarded") not in badges_of()
    course_status("ada", DEMO, at=minutes(6))
    assert ("Badge", "awarded") in badges_of()


@pytest.mark.parametrize("before", [nobody_knew, has_an_account])
def test_of_several_early_penalties_the_newest_counts(group: AccredibleGroup, before: Callable[[], None]) -> None:
    before()
    for minute in (3, 5, 4, 5):
        course_status("ada", DEMO, is_passing=False, at=minutes(minute))
    course_status("ada", DEMO, at=minutes(5))
    assert badges_of() == []
    course_status("ada", DEMO, at=minutes(6))
    assert badges_of() == AWARDED


def test_an_early_penalty_is_about_its_learner_and_its_requirements_alone(group: AccredibleGroup) -> None:
    more = active_group("More")
    require(more, *in_course(DEMO, PASSES))
    course_status("ada", DEMO, is_passing=False, at=minutes(5))
    course_status("ada", DEMO, at=minutes(0))
    course_status("grace", DEMO, at=minutes(0))
    assert badges_of("ada") == [("More", "awarded")]
    assert sorted(badges_of("grace")) == [*AWARDED, ("More", "awarded")]


def test_an_early_penalty_counts_for_requirements_that_are_met_by_later_events(group: AccredibleGroup) -> None:
    require(group, *in_course(OTHER, PASSES))
    course_status("ada", DEMO, is_passing=False, at=minutes(5))
    course_status("ada", OTHER, at=minutes(1))
    course_status("ada", DEMO, at=minutes(2))
    assert (progress_of().ratio, badges_of()) == (0.5, [])


def test_an_early_penalty_finds_a_learner_without_an_lms_user_id(group: AccredibleGroup) -> None:
    course_status(learner("ada", id=None), DEMO, is_passing=False, at=minutes(5))
    course_status(learner("ada", id=None), DEMO, at=minutes(0))
    assert badges_of() == []


def test_an_early_penalty_finds_a_learner_who_was_renamed(group: AccredibleGroup) -> None:
    make_user("lovelace", lms_user_id=7)
    course_status(learner("ada", id=7), DEMO, is_passing=False, at=minutes(5))
    course_status(learner("lovelace", id=7), DEMO, at=minutes(0))
    assert badges_of("lovelace") == []


def test_an_early_penalty_goes_with_its_requirement(group: AccredibleGroup) -> None:
    course_status("ada", DEMO, is_passing=False, at=minutes(5))
    group.requirements.get().delete()
    assert not EarlyPenalty.objects.exists()


def test_a_failing_learner_is_one_row_however_often_they_fail(group: AccredibleGroup) -> None:
    for minute in range(5):
        course_status("ada", DEMO, is_passing=False, at=minutes(minute))
    course_status("grace", DEMO, is_passing=False)
    course_status("grace", OTHER, is_passing=False)
    assert EarlyPenalty.objects.count() == 2
    assert not User.objects.exists()


class TestDays:
    """Early penalties are kept for LATE_EVENT_DAYS."""

    @pytest.fixture(autouse=True)
    def eight_days_ago(self, group: AccredibleGroup) -> None:
        course_status("ada", DEMO, is_passing=False, at=minutes(5))
        EarlyPenalty.objects.update(modified=timezone.now() - timedelta(days=8))

    def test_when_they_are_over_the_next_new_one_takes_its_place(self) -> None:
        course_status("grace", DEMO, is_passing=False, at=minutes(5))
        course_status("ada", DEMO, at=minutes(0))
        assert badges_of("ada") == AWARDED
        assert EarlyPenalty.objects.count() == 1

    def test_they_are_a_setting(self, plugin_settings: PluginSettings) -> None:
        plugin_settings(LATE_EVENT_DAYS=9)
        course_status("grace", DEMO, is_passing=False, at=minutes(5))
        course_status("ada", DEMO, at=minutes(0))
        assert badges_of("ada") == []

    def test_they_count_from_the_last_to_arrive(self) -> None:
        course_status("ada", DEMO, is_passing=False, at=minutes(4))
        course_status("grace", DEMO, is_passing=False, at=minutes(5))
        assert EarlyPenalty.objects.count() == 2

    def test_accredible_prune_deletes_them_too(self) -> None:
        out = StringIO()
        call_command("accredible_prune", stdout=out)
        assert "1 early penalty," in out.getvalue()
        assert not EarlyPenalty.objects.exists()


Event = tuple[str, bool, int]

EVENTS = st.lists(
    st.tuples(st.sampled_from([DEMO, OTHER]), st.booleans(), st.integers(0, 9)),
    min_size=2,
    max_size=7,
    # Of two at the same time, one course's penalty wins; names and addresses have no such order.
    unique_by=lambda event: event[2],
)


@given(events=EVENTS, order=st.randoms(use_true_random=False), known=st.booleans())
@settings(max_examples=examples(60), deadline=None)
def test_in_any_order_events_lead_to_what_they_lead_to_in_the_order_of_time(
    events: list[Event], order: Random, known: bool
) -> None:
    with transaction.atomic():
        group = active_group()
        for course, letter in ((DEMO, "A"), (OTHER, "B")):
            penalise(group, *in_course(course, FAILS), takes=[require(group, *in_course(course, PASSES), blend=letter)])
        shuffled = list(events)
        order.shuffle(shuffled)
        in_time = _outcome("ada", sorted(events, key=itemgetter(2)), known)
        out_of_time = _outcome("grace", shuffled, known)
        transaction.set_rollback(True)
    assert out_of_time == in_time


def _outcome(name: str, events: list[Event], known: bool) -> tuple[Any, ...]:
    """What the learner has fulfilled since when, and, of one who has an account, their address and name."""
    if known:
        make_user(name, full_name="", date_joined=minutes(-1))
    for course, passes, minute in events:
        event = learner(name, email=f"at{minute}@example.com", name=f"Name {minute}")
        course_status(event, course, is_passing=passes, at=minutes(minute))
    fulfilled = Fulfillment.objects.filter(progress__user__username=name)
    have = {item.requirement_id: item.context["time"] for item in fulfilled}
    # A revoked badge stays so, and whether there was one to revoke is a matter of order.
    revoked = ("Badge", "revoked") in badges_of(name)
    assert (badges_of(name) == AWARDED) == (len(have) == 2 and not revoked)
    user = User.objects.filter(username=name).first()
    return have, (user.email, user.full_name) if known else user is None


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_what_a_newer_event_leaves_open_an_older_one_fills(group: AccredibleGroup, order: tuple[int, int]) -> None:
    said = {1: {"email": "ada@lms.example", "name": "Ada"}, 2: {"email": "", "name": ""}}
    for minute in order:
        course_status(learner("ada", **said[minute]), DEMO, at=minutes(minute))
    user = progress_of().user
    assert (user.email, user.full_name) == ("ada@lms.example", "Ada")


def test_an_event_from_before_the_account_fills_what_is_empty_alone(group: AccredibleGroup) -> None:
    user = make_user("ada", full_name="")
    course_status(learner("ada", email="old@lms.example", name="Ada"), DEMO, at=minutes(1))
    user.refresh_from_db()
    assert (user.email, user.full_name) == ("ada@example.com", "Ada")


def test_an_older_event_under_a_former_user_name_fills_nothing(group: AccredibleGroup) -> None:
    user = make_user("retired__user_1", full_name="", lms_user_id=7)
    User.objects.update(email="")
    course_status(learner("ada", id=7), DEMO, at=minutes(1))
    user.refresh_from_db()
    assert (user.email, user.full_name) == ("", "")


@pytest.mark.parametrize("newer_passes", [True, False])
def test_a_penalty_of_a_learner_without_progress_makes_their_name_newer(
    group: AccredibleGroup, newer_passes: bool
) -> None:
    user = make_user("ada", date_joined=minutes(0))
    course_status(learner("ada", name="New"), DEMO, is_passing=newer_passes, at=minutes(2))
    course_status(learner("ada", name="Old"), DEMO, at=minutes(1))
    user.refresh_from_db()
    assert user.full_name == "New"
