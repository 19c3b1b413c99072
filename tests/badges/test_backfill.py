"""Learners who have qualified before the group was active, by what the service keeps of them."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from credentials_accredible import api, host
from credentials_accredible.badges import backfill
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, Fulfillment
from tests.badges.configuring import PASSES, active_group, in_course, penalise, require
from tests.badges.qualifying import account, group_of
from tests.badges.rules import CERTIFICATE
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, course_status, minutes, progress_of
from tests.conftest import PluginSettings
from tests.course_records import make_certificate, make_grade
from tests.factories import make_user

pytestmark = pytest.mark.django_db

AWARDED = [("Badge", "awarded")]
DOWNLOADABLE = ("current_status", "eq", "downloadable")


@pytest.fixture(autouse=True)
def manual(plugin_settings: PluginSettings) -> None:
    plugin_settings(DELIVERY="manual")


def fill(group: AccredibleGroup, **options: Any) -> api.Backfill:
    return api.backfill(group, **{"dry_run": False, **options})


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("accredible_backfill", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_a_passing_grade_earns_the_badge_with_the_day_on_which_it_was_passed() -> None:
    account()
    make_grade(at=minutes(5))
    done = fill(group_of())
    assert (done.learners, done.records, done.gaining, done.fulfilments, done.badges) == (1, 1, 1, 1, 1)
    assert badges_of() == AWARDED
    assert str(AccredibleBadge.objects.get().issued_on) == "2025-01-01"
    assert Fulfillment.objects.get().context["time"] == minutes(5).isoformat()


@pytest.mark.parametrize("values", [{"letter": ""}, {"course": OTHER}])
def test_a_grade_without_a_letter_and_one_in_another_course_earn_nothing(values: dict[str, str]) -> None:
    account()
    make_grade(**values)
    done = fill(group_of())
    assert (done.complete, done.fulfilments, BadgeProgress.objects.count()) == (True, 0, 0)


def test_certificates_earn_while_they_are_awarded() -> None:
    group = active_group()
    require(group, *in_course(DEMO, DOWNLOADABLE), event_type=CERTIFICATE)
    for name, status in (("ada", "awarded"), ("bob", "revoked")):
        account(name)
        make_certificate(name, status=status)
    assert fill(group).badges == 1
    assert (badges_of("ada"), badges_of("bob")) == (AWARDED, [])


def test_a_dry_run_counts_the_same_and_writes_nothing() -> None:
    group = active_group()
    for course, letter in ((DEMO, "A"), (OTHER, "B")):
        require(group, *in_course(course, PASSES), blend=letter)
    for name, courses in (("ada", (DEMO, OTHER)), ("bob", (DEMO,))):
        account(name)
        for course in courses:
            make_grade(name, course)
    expected = fill(group, dry_run=True)
    assert not BadgeProgress.objects.exists()
    assert (expected.gaining, expected.fulfilments, expected.badges) == (2, 3, 1)
    assert fill(group) == expected


def test_a_second_run_changes_nothing() -> None:
    account()
    make_grade()
    group = group_of()
    fill(group)
    before = list(Fulfillment.objects.values())
    done = fill(group)
    assert (done.gaining, done.badges, list(Fulfillment.objects.values())) == (0, 0, before)


def test_the_event_of_the_same_course_counts_once_whether_it_comes_before_or_after() -> None:
    group = group_of()
    account()
    make_grade(at=minutes(2))
    course_status("ada", at=minutes(1))
    told = Fulfillment.objects.get().context
    fill(group)
    assert Fulfillment.objects.get().context == told
    course_status("ada", at=minutes(3))
    assert (Fulfillment.objects.count(), badges_of()) == (1, AWARDED)


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_awarded_against_a_newer_penalty(known: bool) -> None:
    group = group_of()
    account()
    if known:
        course_status("ada", at=minutes(0))
        AccredibleBadge.objects.all().delete()
    course_status("ada", is_passing=False, at=minutes(9))
    make_grade(at=minutes(5))
    expected, done = fill(group, dry_run=True), fill(group)
    assert (expected.held_back, expected.badges, done.held_back, badges_of()) == (1, 0, 1, [])


def test_an_older_penalty_keeps_nothing_out() -> None:
    group = group_of()
    account()
    course_status("ada", is_passing=False, at=minutes(1))
    make_grade(at=minutes(5))
    assert (fill(group).held_back, badges_of()) == (0, AWARDED)


def test_a_record_that_meets_a_penalty_keeps_out_what_is_older_and_no_badge_is_awarded_to_be_revoked() -> None:
    group = active_group()
    requirement = require(group, *in_course(DEMO, PASSES))
    penalise(group, *in_course(OTHER, PASSES), takes=[requirement])
    account()
    make_grade(course=DEMO, at=minutes(1))
    make_grade(course=OTHER, at=minutes(2))
    expected, done = fill(group, dry_run=True), fill(group)
    assert (expected.badges, done.badges, expected.held_back, AccredibleBadge.objects.count()) == (0, 0, 1, 0)
    assert fill(group, dry_run=True) == done


def test_a_revoked_badge_stays_revoked() -> None:
    group = group_of()
    account()
    course_status("ada", at=minutes(1))
    course_status("ada", is_passing=False, at=minutes(2))
    make_grade(at=minutes(3))
    assert (fill(group, dry_run=True).badges, fill(group).badges, badges_of()) == (0, 0, [("Badge", "revoked")])


@pytest.mark.parametrize("rule", [("mode", "eq", "verified"), ("mode", "ne", "audit"), ("grade", "ge", "0.8")])
def test_what_the_service_does_not_keep_is_not_guessed(rule: tuple[str, str, str]) -> None:
    group = active_group()
    require(group, *in_course(DEMO, rule), event_type=CERTIFICATE)
    account()
    make_certificate()
    done = fill(group)
    assert (done.uncertain, done.missing, done.badges, badges_of()) == (1, {rule[0]}, 0, [])


def test_a_penalty_of_which_nobody_can_tell_keeps_its_requirements_out() -> None:
    group = active_group()
    requirement = require(group, *in_course(DEMO), event_type=CERTIFICATE)
    penalise(group, ("mode", "ne", "verified"), takes=[requirement], event_type=CERTIFICATE)
    account()
    make_certificate()
    assert (fill(group).uncertain, badges_of()) == (1, [])


def test_a_rule_that_does_not_hold_leaves_no_doubt() -> None:
    group = active_group()
    require(group, *in_course(OTHER, ("mode", "eq", "verified")), event_type=CERTIFICATE)
    account()
    make_certificate()
    assert fill(group).uncertain == 0


def test_only_the_group_that_was_asked_for_is_filled() -> None:
    first, second = group_of(), active_group("Second")
    require(second, *in_course(DEMO, PASSES))
    account()
    make_grade()
    fill(second)
    assert not first.progresses.exists()
    assert badges_of() == [("Second", "awarded")]


def test_limit_since_and_the_next_run() -> None:
    group = group_of()
    for number, name in enumerate(("ada", "bob", "eve")):
        account(name)
        make_grade(name, at=minutes(number))
    assert (fill(group, limit=1, since=minutes(1)).badges, badges_of("bob")) == (1, AWARDED)
    assert badges_of("eve") == []
    assert fill(group, since=minutes(1)).badges == 1
    assert (badges_of("eve"), badges_of("ada")) == (AWARDED, [])
    assert fill(group).badges == 1


def test_what_was_given_before_it_was_stopped_stays_and_the_rest_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_AT_ONCE", 1)
    group = group_of()
    for name in ("ada", "bob"):
        account(name)
        make_grade(name)
    answers = iter([True, False])
    assert not fill(group, go_on=lambda: next(answers)).complete
    assert AccredibleBadge.objects.count() == 1
    assert fill(group).badges == 1
    assert AccredibleBadge.objects.count() == 2


@pytest.mark.parametrize("narrow", [False, True])
def test_what_is_read_at_once_does_not_grow_with_the_learners(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, narrow: bool
) -> None:
    monkeypatch.setattr(host, "is_narrow", lambda: narrow)
    group = group_of()
    for name in ("ada", "bob"):
        account(name)
        make_grade(name)
    fill(group, dry_run=True)
    with django_assert_num_queries(13):
        fill(group, dry_run=True)
    for number in range(20):
        account(f"learner{number}")
        make_grade(f"learner{number}")
    with django_assert_num_queries(13):
        assert fill(group, dry_run=True).badges == 22


def test_accounts_are_neither_made_nor_changed() -> None:
    ada = account()
    make_grade()
    make_grade("nobody", course=OTHER)
    before = get_user_model().objects.filter(pk=ada.pk).values().get()
    assert fill(group_of()).without_account == 1
    assert list(get_user_model().objects.values()) == [before]


def test_learners_who_have_left_get_nothing() -> None:
    group = group_of()
    ada = account()
    make_grade()
    api.retire(ada.username, at_accredible="keep", user=None)
    make_user("retired__user_1")
    make_grade("retired__user_1")
    assert (fill(group, dry_run=True).badges, fill(group).badges) == (0, 0)


def test_an_inactive_group_is_counted_and_not_filled() -> None:
    group = group_of()
    api.deactivate_group(group)
    account()
    make_grade()
    assert fill(group, dry_run=True).badges == 1
    with pytest.raises(ConfigurationError, match="Activate it first"):
        fill(group)


def test_a_service_without_such_tables_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(label: str, name: str) -> Any:
        raise LookupError(label)

    group = group_of()
    monkeypatch.setattr(apps, "get_model", missing)
    assert not api.can_backfill()
    with pytest.raises(ConfigurationError, match="nothing to fill in"):
        fill(group)


def test_the_command_counts_first_and_then_gives() -> None:
    group = group_of()
    account()
    make_grade()
    dry = run("--group", "Badge", "--dry-run")
    assert "1 learner with 1 record; 1 fulfilment, 1 badge to come." in dry
    assert "Nothing was written." in dry
    out = run("--group", str(group.accredible_id))
    assert out.index("1 badge to come.") < out.index("1 badge given.")
    [told] = json.loads(run("--group", str(group.uuid), "--format", "json"))
    assert (told["badges"], told["gaining"], told["complete"], told["cannot_tell"]) == (0, 0, True, 0)


def test_the_command_says_what_it_cannot_tell() -> None:
    group = active_group()
    require(group, *in_course(DEMO, ("mode", "eq", "verified")), event_type=CERTIFICATE)
    require(group, any_event=True, event_type="org.openedx.learning.ccx.course.passing.status.updated.v1")
    account()
    make_certificate(course=DEMO)
    make_grade(course=THIRD)
    out = run("--group", "Badge")
    assert "nobody can tell: 1. The rules ask for what the service does not keep: mode." in out
    assert "org.openedx.learning.ccx.course.passing.status.updated.v1." in out


def test_the_command_names_groups_that_it_cannot_find_or_tell_apart() -> None:
    active_group()
    active_group()
    with pytest.raises(CommandError, match="There is no group “none”"):
        run("--group", "none")
    with pytest.raises(CommandError, match="Several groups are “Badge”: give the UUID"):
        run("--group", "Badge")
    with pytest.raises(CommandError, match="is no time"):
        run("--group", "Badge", "--since", "yesterday")


def test_progress_of_what_is_not_complete_is_begun() -> None:
    group = active_group()
    for course, letter in ((DEMO, "A"), (OTHER, "B")):
        require(group, *in_course(course, PASSES), blend=letter)
    account()
    make_grade()
    fill(group)
    assert progress_of().ratio == 0.5
    course_status("ada", OTHER, at=minutes(3))
    assert badges_of() == AWARDED
