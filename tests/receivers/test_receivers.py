"""Events come in through the signals of openedx-events, and nothing that is wrong with them goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import attr
import pytest
from django.contrib.auth import get_user_model
from django.dispatch import Signal
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData, ExamAttemptData, UserData
from openedx_events.learning.signals import (
    COURSE_PASSING_STATUS_UPDATED,
    EXAM_ATTEMPT_SUBMITTED,
    STUDENT_REGISTRATION_COMPLETED,
)

from credentials_accredible import receivers
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, FailedEvent, Fulfillment
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, badges_of, course_status, learner, send
from tests.conftest import PluginSettings
from tests.examples import examples

pytestmark = pytest.mark.django_db

UID = "credentials_accredible.receive_event"


def deliver(signal: Any = COURSE_PASSING_STATUS_UPDATED, **kwargs: Any) -> None:
    """Deliver anything at all to the receivers, past the checks of openedx-events; what they raise comes out."""
    Signal.send(signal, sender=None, **kwargs)


@pytest.fixture
def listening(plugin_settings: PluginSettings) -> Iterator[Any]:
    """Listens to other event types for one test."""
    signals: list[Any] = []

    def listen(*wanted: Any) -> None:
        signals.extend(wanted)
        plugin_settings(EVENTS=[signal.event_type for signal in wanted])
        receivers.connect()

    yield listen
    for signal in signals:
        signal.disconnect(dispatch_uid=UID)


def test_any_event_that_carries_a_user_can_be_listened_to(listening: Any) -> None:
    listening(STUDENT_REGISTRATION_COMPLETED, EXAM_ATTEMPT_SUBMITTED)
    require(active_group("Welcome"), any_event=True, event_type=STUDENT_REGISTRATION_COMPLETED.event_type)
    exam = ("exam_type", "eq", "timed")
    require(active_group("Examined"), exam, event_type=EXAM_ATTEMPT_SUBMITTED.event_type)

    send(STUDENT_REGISTRATION_COMPLETED, user=learner("ada"))
    attempt = ExamAttemptData(
        student_user=learner("grace"),
        course_key=CourseKey.from_string(DEMO),
        usage_key=UsageKey.from_string("block-v1:edX+DemoX+Demo_Course+type@problem+block@exam"),
        exam_type="timed",
        requesting_user=learner("instructor"),
    )
    send(EXAM_ATTEMPT_SUBMITTED, exam_attempt=attempt)

    assert (badges_of("ada"), badges_of("grace")) == ([("Welcome", "awarded")], [("Examined", "awarded")])
    assert badges_of("instructor") == []


def test_to_listen_twice_is_as_good_as_once() -> None:
    receivers.connect()
    receivers.connect()
    require(active_group(), PASSES)
    heard = [receiver for key, *receiver in COURSE_PASSING_STATUS_UPDATED.receivers if key[0] == UID]
    assert len(heard) == 1


@pytest.mark.parametrize("events", [["no.such.event.v1"], "no list", 5])
def test_a_setting_that_makes_no_sense_does_not_keep_the_service_from_starting(
    plugin_settings: PluginSettings, events: Any
) -> None:
    plugin_settings(EVENTS=events)
    receivers.connect()


class Hostile(dict):  # type: ignore[type-arg]
    """Raises whatever one asks it."""

    def get(self, *_args: object) -> object:
        raise RuntimeError

    def values(self) -> Any:
        raise RuntimeError

    def __iter__(self) -> Any:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


class Shouting:
    """An object whose every attribute raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError


def endless() -> dict[str, Any]:
    payload: dict[str, Any] = {"is_passing": []}
    payload["course_passing_status"] = payload["course"] = payload
    payload["is_passing"].append(payload)
    return payload


def status(**values: Any) -> CoursePassingStatusData:
    course = CourseData(course_key=CourseKey.from_string(DEMO), display_name="Demo")
    return CoursePassingStatusData(**{"is_passing": True, "course": course, "user": learner(), **values})


ODD: list[Any] = [
    None,
    5,
    "text",
    {},
    endless(),
    Hostile(),
    Shouting(),
    object.__new__(CoursePassingStatusData),
    status(user=None),
    status(user=object.__new__(UserData)),
    status(user=Hostile()),
    status(user=UserData(id=None, is_active=None, pii=None)),
    status(user=UserData(id="7", is_active="no", pii=Shouting())),
    status(user=learner("\x00")),
    status(user=learner("\ud800")),
    status(user=learner("x" * 1_000_000)),
    status(course=None),
    status(course=Hostile()),
    status(course=CourseData(course_key=None, display_name="x" * 5_000_000, start="yesterday")),
    status(is_passing=float("nan")),
    status(is_passing=10**5000),
    status(is_passing=Decimal("sNaN")),
    status(is_passing={1: {2: [3, {4}]}, "\ud800\x00": b"bytes"}),
    status(course=CourseData(CourseKey.from_string(DEMO), start=datetime.min, end=timedelta(1))),
]


# By number: pytest itself would stumble over some of them.
@pytest.mark.parametrize("number", range(len(ODD)))
def test_no_event_however_odd_raises(number: int) -> None:
    group = active_group()
    requirement = require(group, any_event=True)
    penalise(group, ("course.course_key", "ne", "x"), takes=[requirement])
    require(active_group(), ("is_passing", "ne", "x"), ("course.display_name", "ne", "x"))
    require(active_group(), ("course.display_name", "contains", "x"))

    deliver(course_passing_status=ODD[number], metadata=None)

    # It was either taken into account, or it was kept.
    assert BadgeProgress.objects.exists() != FailedEvent.objects.exists()


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"metadata": None},
        {"metadata": 5, "unknown": object()},
        {"metadata": Shouting(), "course_passing_status": status()},
        {"metadata": SimpleNamespace(id=Shouting(), time="now"), "course_passing_status": status()},
    ],
    ids=range(5),
)
def test_arguments_that_are_missing_or_odd_do_not_raise(kwargs: dict[str, Any]) -> None:
    require(active_group(), any_event=True)
    deliver(**kwargs)
    assert BadgeProgress.objects.exists() != FailedEvent.objects.exists()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@settings(max_examples=examples(50), deadline=None)
@given(is_passing=anything, course=anything, name=anything, email=anything, number=anything, time=anything)
def test_nothing_that_stands_anywhere_in_an_event_raises(
    is_passing: Any, course: Any, name: Any, email: Any, number: Any, time: Any
) -> None:
    if not AccredibleGroup.objects.exists():
        require(active_group(), any_event=True)
    user = attr.evolve(learner("ada", email=email, name=name), id=number)
    deliver(
        course_passing_status=status(is_passing=is_passing, course=course, user=user),
        metadata=SimpleNamespace(id=None, time=time),
    )
    assert not FailedEvent.objects.exists()
    assert badges_of("ada") == [("Badge", "awarded")]
    get_user_model().objects.all().delete()


@pytest.mark.parametrize(
    "time",
    [None, "2025-01-01", datetime(2025, 1, 1), datetime(1970, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
)
def test_an_event_without_a_time_that_can_be_right_happens_now(time: Any) -> None:
    require(active_group(), PASSES)
    before = timezone.now()
    deliver(course_passing_status=status(), metadata=SimpleNamespace(id=UUID(int=1), time=time))
    assert before <= datetime.fromisoformat(Fulfillment.objects.get().context["time"]) <= timezone.now()


def test_a_clock_that_runs_far_ahead_does_not_outdo_later_events() -> None:
    group = active_group()
    penalise(group, FAILS, takes=[require(group, *in_course(DEMO, PASSES))])
    course_status("ada", at=timezone.now() + timedelta(days=365))
    course_status("ada", is_passing=False, at=timezone.now())
    assert AccredibleBadge.objects.get().status == "revoked"
