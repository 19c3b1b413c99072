"""What becomes of learners when staff change a group that is active, and the re-evaluation of progress."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connection

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, FailedEvent
from tests.badges.configuring import PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, course_status, minutes, progress_of
from tests.connections import held
from tests.factories import make_badge, make_group, make_progress, make_requirement

pytestmark = pytest.mark.django_db

AWARDED = [("Badge", "awarded")]


@pytest.fixture
def group() -> AccredibleGroup:
    group = active_group()
    require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    return group


def test_who_has_the_badge_keeps_it_when_a_requirement_is_added(group: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    course_status("ada", OTHER)
    require(group, *in_course(THIRD, PASSES), blend="C")
    assert progress_of().ratio == pytest.approx(2 / 3)
    course_status("ada", DEMO, is_passing=False, at=minutes(1))
    api.reevaluate(group, dry_run=False)
    assert badges_of() == AWARDED


def test_who_is_in_progress_needs_the_added_requirement_too(group: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    require(group, *in_course(THIRD, PASSES), blend="C")
    course_status("ada", OTHER)
    assert badges_of() == []
    course_status("ada", THIRD)
    assert badges_of() == AWARDED


def test_an_incomplete_group_does_not_cost_a_badge_unless_a_letter_is_lost(group: AccredibleGroup) -> None:
    alternative = require(group, *in_course(THIRD, PASSES), blend="A")
    penalise(group, ("course.course_key", "eq", THIRD), takes=[alternative])
    course_status("ada", THIRD, at=minutes(1))
    course_status("ada", DEMO, at=minutes(2))
    course_status("ada", OTHER, at=minutes(3))
    assert badges_of() == AWARDED
    require(group, PASSES, blend="D")
    course_status("ada", THIRD, is_passing=False, at=minutes(4))
    assert badges_of() == AWARDED


def test_a_removed_requirement_awards_nobody_by_itself(group: AccredibleGroup) -> None:
    course_status("ada", DEMO, at=minutes(1))
    group.requirements.get(blend="B").delete()
    assert progress_of().completed
    course_status("ada", DEMO, at=minutes(1))
    course_status("ada", DEMO, at=minutes(2))
    assert badges_of() == []


def test_a_reevaluation_awards_those_whom_the_change_has_completed(group: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    course_status("grace", OTHER)
    group.requirements.get(blend="B").delete()

    assert api.reevaluate(group, dry_run=True) == api.Reevaluation(learners=2, badges=1)
    assert not AccredibleBadge.objects.exists()

    assert api.reevaluate(group, dry_run=False) == api.Reevaluation(learners=2, badges=1)
    assert (badges_of("ada"), badges_of("grace")) == (AWARDED, [])

    assert api.reevaluate(group, dry_run=False) == api.Reevaluation(learners=2, badges=0)


def test_a_changed_rule_counts_for_the_events_to_come(group: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    group.requirements.get(blend="A").rules.filter(value=DEMO).update(value=THIRD)
    api.rules_changed()
    course_status("grace", DEMO)
    assert progress_of("ada").ratio == 0.5
    assert not BadgeProgress.objects.filter(user__username="grace").exists()


def test_a_changed_letter_counts_at_once(group: AccredibleGroup) -> None:
    course_status("ada", DEMO)
    requirement = group.requirements.get(blend="B")
    requirement.blend = "A"
    requirement.save()
    assert progress_of().completed
    assert api.reevaluate(group, dry_run=True).badges == 1


def test_a_reevaluation_gives_nobody_a_badge_back_that_was_revoked(group: AccredibleGroup) -> None:
    requirements = list(group.requirements.all())
    penalise(group, *in_course(OTHER), takes=requirements)
    course_status("ada", DEMO, at=minutes(1))
    AccredibleBadge.objects.all().delete()
    progress = make_progress(group, *requirements)
    badge = make_badge(group)
    AccredibleBadge.objects.filter(pk=badge.pk).update(user=progress.user, status="revoked")

    assert api.reevaluate(group, dry_run=False).badges == 0
    badge.refresh_from_db()
    assert badge.status == "revoked"


def test_a_reevaluation_of_an_inactive_group_awards_nobody() -> None:
    group = make_group()
    make_progress(group, make_requirement(group))
    for dry_run in (True, False):
        assert api.reevaluate(group, dry_run=dry_run) == api.Reevaluation(learners=1, badges=0)
    assert not AccredibleBadge.objects.exists()


def test_a_reevaluation_goes_through_its_learners_in_batches(
    group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("credentials_accredible.database.BATCH", 3)
    requirements = list(group.requirements.all())
    for _number in range(8):
        make_progress(group, *requirements)
        make_progress(group, requirements[0])
    with django_assert_max_num_queries(30):
        assert api.reevaluate(group, dry_run=False) == api.Reevaluation(learners=16, badges=8)
    assert AccredibleBadge.objects.values("user").distinct().count() == 8


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_an_event_that_waited_for_staff_goes_by_what_they_left(
    group: AccredibleGroup, admin_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = require(group, *in_course(DEMO, PASSES), blend="A")
    deleted = group.requirements.get(blend="A", pk__lt=kept.pk)
    course_status("ada", OTHER)
    assert progress_of().ratio == 0.5
    # Who loses a race tries again; here nobody may need to.
    monkeypatch.setattr("credentials_accredible.database._ATTEMPTS", 1)

    def event() -> None:
        course_status("ada", DEMO)
        connection.close()

    waiting = Thread(target=event)
    form = {"post": "yes"}
    page = f"/admin/credentials_accredible/badgerequirement/{deleted.pk}/delete/"
    with held(lambda: admin_client.post(page, form), at="DELETE FROM") as response:
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
    waiting.join(timeout=30)

    assert response[0].status_code == 302
    assert FailedEvent.objects.count() == 0
    assert badges_of() == AWARDED
