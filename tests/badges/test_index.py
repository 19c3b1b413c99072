"""Processes see changed rules at once, and do not ask the database for more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    FailedEvent,
)
from credentials_accredible.rules import index, matching, version
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, badges_of, ccx_status, course_status, minutes
from tests.conftest import PluginSettings
from tests.factories import make_group

pytestmark = pytest.mark.django_db

CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """What is changed in here is changed by another process: this one is not told."""

    @contextmanager
    def begin() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(version.changes, "note", lambda: None)
            yield

    return begin


def queries_of(event: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as queries:
        event()
    return len(queries)


@pytest.mark.parametrize("groups", [0, 100])
def test_an_event_that_matches_nothing_costs_one_query_however_many_groups_are_active(groups: int) -> None:
    for number in range(groups):
        require(active_group(), *in_course(f"course-v1:edX+X+{number}", PASSES))
    require(active_group(), *in_course(OTHER, PASSES))
    course_status("ada", DEMO)
    assert queries_of(lambda: course_status("ada", DEMO)) == 1


def test_an_event_of_a_type_nobody_uses_costs_no_query() -> None:
    require(active_group(), PASSES)
    ccx_status("ada", CCX)
    assert queries_of(lambda: ccx_status("ada", CCX)) == 0


def test_a_type_is_looked_at_again_after_the_time_in_the_settings(plugin_settings: PluginSettings) -> None:
    plugin_settings(RULES_RECHECK=0)
    ccx_status("ada", CCX)
    assert queries_of(lambda: ccx_status("ada", CCX)) == 1


def add_requirement(group: AccredibleGroup) -> None:
    require(group, PASSES, blend="A")


def let_any_event_count(group: AccredibleGroup) -> None:
    requirement = group.requirements.get()
    requirement.any_event = True
    requirement.save()


def change_rule(group: AccredibleGroup) -> None:
    rule = DataRule.objects.get(requirement__group=group, data_path="course.course_key")
    rule.value = DEMO
    rule.save()


def take_rule_away(group: AccredibleGroup) -> None:
    DataRule.objects.filter(requirement__group=group, data_path="course.course_key").delete()
    api.rules_changed()


@pytest.mark.parametrize("change", [add_requirement, let_any_event_count, change_rule, take_rule_away])
def test_a_change_by_another_process_holds_for_the_next_event(
    change: Callable[[AccredibleGroup], None], elsewhere: Callable[[], Any]
) -> None:
    group = active_group()
    require(group, *in_course(OTHER, PASSES), blend="A")
    course_status("ada", DEMO)
    assert badges_of() == []

    with elsewhere():
        change(group)

    course_status("ada", DEMO)
    assert badges_of() == [("Badge", "awarded")]


def test_a_penalty_of_another_process_holds_for_the_next_event(elsewhere: Callable[[], Any]) -> None:
    group = active_group()
    requirement = require(group, PASSES)
    penalty = penalise(group, FAILS, takes=[])
    course_status("ada", at=minutes(1))
    with elsewhere():
        penalty.requirements.set([requirement])
    course_status("ada", is_passing=False, at=minutes(2))
    assert badges_of() == [("Badge", "revoked")]


def test_a_group_that_another_process_activates_can_be_earned_at_once(elsewhere: Callable[[], Any]) -> None:
    require(active_group("Uses the type"), *in_course(OTHER, PASSES))
    group = make_group(name="Badge")
    require(group, PASSES)
    course_status("ada")
    with elsewhere():
        api.activate_group(group)
    course_status("ada")
    assert badges_of() == [("Badge", "awarded")]


def test_a_path_that_another_process_maps_is_kept_at_once(elsewhere: Callable[[], Any]) -> None:
    group = active_group()
    require(group, PASSES)
    course_status("grace")
    with elsewhere():
        CustomAttribute.objects.create(group=group, name="Course", source="path", value="course.course_key")
    course_status("ada")
    badge = AccredibleBadge.objects.get(user__username="ada")
    assert badge.custom_attributes == {"Course": DEMO}


@pytest.mark.parametrize(("seconds", "seen"), [(0, True), (3600, False)])
def test_the_first_group_of_an_event_type_can_be_earned_after_the_time_in_the_settings(
    plugin_settings: PluginSettings, elsewhere: Callable[[], Any], seconds: int, seen: bool
) -> None:
    plugin_settings(RULES_RECHECK=seconds)
    group = make_group(name="Badge")
    require(group, PASSES)
    course_status("ada")
    with elsewhere():
        api.activate_group(group)
    course_status("ada")
    assert badges_of() == ([("Badge", "awarded")] if seen else [])


def test_in_the_same_process_it_can_be_earned_at_once(plugin_settings: PluginSettings) -> None:
    plugin_settings(RULES_RECHECK=3600)
    group = make_group(name="Badge")
    require(group, PASSES)
    course_status("ada")
    api.activate_group(group)
    course_status("ada")
    assert badges_of() == [("Badge", "awarded")]


def test_a_deactivated_group_cannot_be_earned_any_more(elsewhere: Callable[[], Any]) -> None:
    group = active_group()
    require(group, PASSES)
    course_status("grace")
    with elsewhere():
        api.deactivate_group(group)
    course_status("ada")
    assert (badges_of("grace"), badges_of("ada")) == ([("Badge", "awarded")], [])


def test_rules_that_were_rolled_back_do_not_count() -> None:
    group = active_group()
    require(group, *in_course(OTHER, PASSES), blend="A")
    with transaction.atomic():
        require(group, PASSES, blend="A")
        course_status("grace")
        assert badges_of("grace") == [("Badge", "awarded")]
        transaction.set_rollback(True)
    course_status("ada")
    assert not AccredibleBadge.objects.exists()


GONE: dict[str, Callable[[AccredibleGroup], object]] = {
    "the group": lambda group: AccredibleGroup.objects.filter(pk=group.pk).delete(),
    "its activity": lambda group: AccredibleGroup.objects.filter(pk=group.pk).update(is_active=False),
    "the requirement": lambda group: BadgeRequirement.objects.filter(group=group).delete(),
    "the rules": lambda group: DataRule.objects.filter(requirement__group=group).delete(),
    "what they said": lambda group: DataRule.objects.filter(requirement__group=group).update(value="false"),
}


@pytest.mark.parametrize("gone", GONE)
def test_nobody_is_awarded_by_rules_that_are_gone_even_if_nobody_was_told(gone: str) -> None:
    group = active_group()
    require(group, PASSES)
    course_status("ada", is_passing=False)
    GONE[gone](group)
    course_status("ada")
    assert not AccredibleBadge.objects.exists()
    assert not FailedEvent.objects.exists()


def test_nobody_is_punished_by_a_penalty_that_is_gone_even_if_nobody_was_told() -> None:
    group = active_group()
    penalty = penalise(group, FAILS, takes=[require(group, PASSES)])
    course_status("ada", at=minutes(1))
    BadgePenalty.objects.filter(pk=penalty.pk).delete()
    course_status("ada", is_passing=False, at=minutes(2))
    assert badges_of() == [("Badge", "awarded")]


@pytest.mark.parametrize("matches", [True, False])
def test_rules_are_evaluated_once_for_an_event(monkeypatch: pytest.MonkeyPatch, matches: bool) -> None:
    require(active_group(), *in_course(DEMO, PASSES))
    course_status("grace", OTHER)
    tested: list[Any] = []

    def holds(rule: Any, facts: Any) -> bool:
        tested.append(rule.data_path)
        return matching.holds(rule, facts)

    monkeypatch.setattr(index, "holds", holds)
    course_status("ada", DEMO, is_passing=matches)
    assert len(tested) == len(set(tested)) <= 2
    assert badges_of() == ([("Badge", "awarded")] if matches else [])


def test_an_event_counts_by_the_rules_as_they_are_even_if_nobody_was_told() -> None:
    group = active_group()
    changed = require(group, *in_course(DEMO, PASSES))
    kept = require(active_group("Other badge"), *in_course(DEMO, PASSES))
    course_status("ada", OTHER)
    changed.rules.filter(data_path="is_passing").update(value="yes")
    kept.rules.filter(data_path="course.course_key").update(value=OTHER)
    course_status("ada", DEMO)
    assert badges_of() == [("Badge", "awarded")]


def test_what_nobody_was_told_of_is_seen_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    group = make_group(name="Badge")
    require(group, PASSES)
    require(active_group("Uses the type"), *in_course(OTHER, PASSES))
    course_status("ada")
    AccredibleGroup.objects.filter(pk=group.pk).update(is_active=True)
    course_status("ada")
    assert badges_of() == []
    monkeypatch.setattr(index, "_LONGEST_LIFE", 0.0)
    course_status("ada")
    assert badges_of() == [("Badge", "awarded")]
