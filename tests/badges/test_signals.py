"""What other services hear of badges."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import transaction
from openedx_events.learning.data import BadgeData, BadgeTemplateData, UserData, UserPersonalData
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credentials_accredible import api, receivers
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, badges_of, course_status, learner, minutes
from tests.conftest import PluginSettings
from tests.factories import make_progress, make_requirement, make_user

pytestmark = pytest.mark.django_db

Committing = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def heard() -> Iterator[list[tuple[str, BadgeData]]]:
    """What was sent, in order."""
    found: list[tuple[str, BadgeData]] = []

    def listen(signal: Any, badge: BadgeData, **_kwargs: Any) -> None:
        found.append((signal.event_type.split(".")[-2], badge))

    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.connect(listen)
    yield found
    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.disconnect(listen)


@pytest.fixture
def group() -> AccredibleGroup:
    group = active_group("Badge", description="For courage.", icon_url="https://example.com/icon.png")
    penalise(group, FAILS, takes=[require(group, PASSES)])
    return group


def test_an_award_is_told_with_all_that_is_known_of_it(
    group: AccredibleGroup, heard: Any, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        course_status(learner("ada", id=7, name="Ada Lovelace"))

    pii = UserPersonalData(username="ada", email="ada@example.com", name="Ada Lovelace")
    assert heard == [
        (
            "awarded",
            BadgeData(
                uuid=str(AccredibleBadge.objects.get().uuid),
                user=UserData(id=7, is_active=True, pii=pii),
                template=BadgeTemplateData(
                    uuid=str(group.uuid),
                    origin="accredible",
                    name="Badge",
                    description="For courage.",
                    image_url="https://example.com/icon.png",
                ),
            ),
        )
    ]


def test_nothing_is_told_of_a_learner_whom_the_lms_does_not_know(
    group: AccredibleGroup,
    heard: Any,
    django_capture_on_commit_callbacks: Committing,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_user("ada", lms_user_id=None)
    with caplog.at_level(logging.INFO), django_capture_on_commit_callbacks(execute=True):
        api.award_badges(group, ["ada"], reason="For courage.", user=None)
        api.revoke_badges(AccredibleBadge.objects.all(), reason="By mistake.", user=None)

    assert heard == []
    lines = [record.getMessage() for record in caplog.records if "badge_signal_not_sent" in record.getMessage()]
    assert len(lines) == 2
    assert f"badge={AccredibleBadge.objects.get().uuid} reason=no_lms_user_id" in lines[0]


def test_awards_and_revocations_are_told_once_each(
    group: AccredibleGroup, heard: Any, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _delivery in range(3):
            course_status("ada", at=minutes(1))
        for _delivery in range(3):
            course_status("ada", is_passing=False, at=minutes(2))
        course_status("ada", at=minutes(3))

    badge = AccredibleBadge.objects.get()
    assert [(what, data.uuid, data.template.uuid) for what, data in heard] == [
        ("awarded", str(badge.uuid), str(group.uuid)),
        ("revoked", str(badge.uuid), str(group.uuid)),
    ]


def test_what_was_rolled_back_is_not_told(
    group: AccredibleGroup, heard: Any, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        course_status("ada")
        transaction.set_rollback(True)
    assert heard == []


def test_badges_of_a_reevaluation_are_told(heard: Any, django_capture_on_commit_callbacks: Committing) -> None:
    group = active_group()
    progress = make_progress(group, make_requirement(group), user=make_user(lms_user_id=7))
    with django_capture_on_commit_callbacks(execute=True):
        api.reevaluate(group, dry_run=False)
    assert [(what, data.user.pii.username) for what, data in heard] == [("awarded", progress.user.username)]


@pytest.mark.parametrize("debug", [False, True])
def test_a_listener_that_fails_does_no_harm(
    group: AccredibleGroup,
    settings: Any,
    debug: bool,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    settings.DEBUG = debug

    def fail(**_kwargs: Any) -> None:
        raise RuntimeError("ada@example.com")

    BADGE_AWARDED.connect(fail)
    require(active_group("Other"), PASSES)
    try:
        with caplog.at_level(logging.ERROR, "credentials_accredible"), django_capture_on_commit_callbacks(execute=True):
            course_status("ada")
    finally:
        BADGE_AWARDED.disconnect(fail)
    assert sorted(badges_of()) == [("Badge", "awarded"), ("Other", "awarded")]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("credentials_accredible")]
    # Only where Django debugs are signals not sent robustly.
    assert len(ours) == (2 if debug else 0)
    assert "ada@" not in " ".join(ours)


def test_a_badge_can_count_for_another_badge(
    group: AccredibleGroup, plugin_settings: PluginSettings, django_capture_on_commit_callbacks: Committing
) -> None:
    plugin_settings(EVENTS=[BADGE_AWARDED.event_type])
    receivers.connect()
    second = active_group("Second")
    require(second, ("template.uuid", "eq", str(group.uuid)), event_type=BADGE_AWARDED.event_type, blend="A")
    require(second, *in_course(OTHER, PASSES), blend="B")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            course_status("ada", OTHER)
            course_status("ada", DEMO)
    finally:
        BADGE_AWARDED.disconnect(dispatch_uid="credentials_accredible.receive_event")
    assert badges_of() == [("Badge", "awarded"), ("Second", "awarded")]
