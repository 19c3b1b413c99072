"""Payloads as facts, however odd they are."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any, get_args, get_origin
from uuid import UUID

import attr
import pytest
from ccx_keys.locator import CCXLocator
from hypothesis import given, settings
from hypothesis import strategies as st
from opaque_keys import OpaqueKey
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_events.learning.data import CcxCourseData, CcxCoursePassingStatusData, CoursePassingStatusData
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible.events import catalogue
from credentials_accredible.events import values as facts
from credentials_accredible.events.event import flatten, user_data
from credentials_accredible.events.values import Kind
from tests.payloads import CCX, CCX_PASSING, DEMO, EVERY_TYPE, PASSING, kinds, learner, passing


class Mode(str, Enum):  # noqa: UP042  # the kind of enumeration whose str() is not its value
    AUDIT = "audit"


def test_a_payload_becomes_one_fact_for_each_path() -> None:
    assert flatten(PASSING, {"course_passing_status": passing(), "metadata": object(), "sender": None}) == {
        "is_passing": True,
        "course.course_key": DEMO,
        "course.display_name": "Demo",
        "course.start": datetime(2030, 1, 1, tzinfo=UTC),
        "course.end": None,
        "user.id": 7,
        "user.is_active": True,
        "user.pii.username": "ada",
        "user.pii.email": "ada@example.com",
        "user.pii.name": "Ada",
    }


def test_ccx_keys_are_their_text() -> None:
    course = CcxCourseData(
        ccx_course_key=CCXLocator.from_string(CCX), master_course_key=CourseKey.from_string(DEMO), start="2030-01-01"
    )
    data = CcxCoursePassingStatusData(is_passing=False, course=course, user=learner())
    facts = flatten(CCX_PASSING, {"course_passing_status": data})
    assert facts["course.ccx_course_key"] == CCX
    assert facts["course.master_course_key"] == DEMO
    assert facts["course.start"] == "2030-01-01"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (83, Decimal(83)),
        (0.83, Decimal("0.83")),
        (math.inf, Decimal("Infinity")),
        (math.nan, None),
        (Decimal("sNaN"), None),
        (True, True),
        (datetime(2030, 1, 1, 12), datetime(2030, 1, 1, 12, tzinfo=UTC)),
        (datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2030, 1, 1, 10, tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=2))), None),
        (date(2030, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)),
        (CourseKey.from_string(DEMO), DEMO),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        ([1, "a", [2], None], (Decimal(1), "a", None, None)),
        ({"a": 1}, None),
        (object(), None),
        (Mode.AUDIT, "audit"),
    ],
)
def test_a_value_has_one_form_as_a_fact(value: object, expected: object) -> None:
    found = facts.fact(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Kind.BOOLEAN, "Yes", True),
        (Kind.BOOLEAN, "-", False),
        (Kind.INTEGER, "83", Decimal(83)),
        (Kind.NUMBER, "-.5e1", Decimal(-5)),
        (Kind.DATETIME, "2030-01-01T12:00:00+02:00", datetime(2030, 1, 1, 10, tzinfo=UTC)),
        (Kind.DATE, "2030-01-01", datetime(2030, 1, 1, tzinfo=UTC)),
        (Kind.COURSE_KEY, DEMO, DEMO),
        (Kind.TEXT, "83", "83"),
    ],
)
def test_text_is_read_as_the_kind_of_its_path(kind: Kind, text: str, expected: object) -> None:
    assert facts.read(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.BOOLEAN, "maybe"),
        (Kind.BOOLEAN, "1"),
        (Kind.INTEGER, "many"),
        (Kind.NUMBER, "NaN"),
        (Kind.NUMBER, "Infinity"),
        (Kind.NUMBER, "1_000"),
        (Kind.NUMBER, "٣"),
        (Kind.NUMBER, "1" * 1000),
        (Kind.DATETIME, "2030-13-01"),
        (Kind.DATETIME, "20300101"),
        (Kind.DATETIME, "0001-01-01T00:00:00+14:00"),
        (Kind.DATE, "tomorrow"),
    ],
)
def test_text_that_is_not_of_the_kind_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=kind.value):
        facts.read(kind, text)


def test_a_payload_from_json_gives_the_same_facts_as_the_objects() -> None:
    from_json = {
        "is_passing": True,
        "course": {"course_key": DEMO, "display_name": "Demo", "start": "2030-01-01T00:00:00Z", "end": None},
        "user": {"id": 7, "is_active": "true", "pii": attr.asdict(learner().pii)},
        "unknown": {"key": 1},
    }
    objects = flatten(PASSING, {"course_passing_status": passing()})
    assert flatten(PASSING, {"course_passing_status": from_json}) == objects


class Hostile(dict):  # type: ignore[type-arg]
    """Raises whatever one asks it."""

    def get(self, *_args: object) -> object:
        raise RuntimeError

    def values(self) -> Any:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


@attr.s
class Raising:
    """Has the names of a course; reading one raises, another leads back to itself."""

    course_key = attr.ib(default=None)

    @property
    def display_name(self) -> str:
        raise RuntimeError

    @property
    def start(self) -> object:
        return self


class Impostor:
    @property
    def __class__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


def cyclic() -> dict[str, Any]:
    payload: dict[str, Any] = {"is_passing": [], "list": []}
    payload["course"] = payload["user"] = payload["course_passing_status"] = payload
    payload["is_passing"].append(payload["is_passing"])
    return payload


ODD = [
    None,
    5,
    "text",
    [],
    {},
    cyclic(),
    Hostile(),
    Raising(),
    Impostor(),
    {"course_passing_status": None},
    {"course_passing_status": Hostile()},
    {"course_passing_status": passing(course=Raising(), user=Hostile(), is_passing=Impostor())},
    {"course_passing_status": passing(course=None, user=None, is_passing="y" * 1_000_000)},
    {"course_passing_status": object.__new__(CoursePassingStatusData)},
    {5: 6, None: SimpleNamespace(is_passing=True)},
]


# By number: pytest itself would stumble over some of them.
@pytest.mark.parametrize("index", range(len(ODD)))
def test_no_payload_however_odd_raises(index: int) -> None:
    payload = ODD[index]
    assert set(flatten(PASSING, payload)) == set(kinds(PASSING))
    assert user_data(payload) is None


def test_what_an_odd_payload_does_say_is_kept() -> None:
    facts = flatten(PASSING, {"course_passing_status": passing(course=Raising(CourseKey.from_string(DEMO)))})
    assert facts["course.course_key"] == DEMO
    assert facts["course.display_name"] is None
    assert facts["course.start"] is None
    assert facts["is_passing"] is True


def test_an_endless_payload_has_an_end() -> None:
    class Endless(dict):  # type: ignore[type-arg]
        def values(self) -> Any:
            return [Endless(), Endless()]

    assert user_data(Endless()) is None


# --- every event type of openedx-events --------------------------------------------------------------------------

KEYS: dict[type, OpaqueKey] = {
    CCXLocator: CCXLocator.from_string(CCX),
    CourseKey: CourseKey.from_string(DEMO),
    UsageKey: UsageKey.from_string("block-v1:edX+DemoX+Demo_Course+type@problem+block@1"),
    LibraryLocatorV2: LibraryLocatorV2(org="edX", slug="lib"),
}
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    datetime: st.datetimes(timezones=st.none() | st.just(UTC)),
    UUID: st.uuids(),
    dict: st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
}


def values_of(declared: Any) -> st.SearchStrategy[Any]:
    """Values of a type that openedx-events declares; None for what is too special to be made here."""
    if get_origin(declared) is list:
        return st.lists(values_of(get_args(declared)[0]), max_size=2)
    if get_origin(declared) is dict:
        return PLAIN[dict]
    if attr.has(declared):
        return st.builds(declared, **{field.name: st.none() | values_of(field.type) for field in attr.fields(declared)})
    return PLAIN[declared] if declared in PLAIN else st.just(KEYS.get(declared))


def follow(root: object, path: str) -> object:
    for name in path.split("."):
        root = getattr(root, name, None)
    return root


def test_classes_that_others_share_are_left_as_they_were() -> None:
    # The host's own badges follow every attribute of an event's class, whatever somebody has put there.
    catalogue.keypaths(PASSING)

    assert not [name for name in vars(CoursePassingStatusData) if "resolved" in name]


@pytest.mark.parametrize("event_type", EVERY_TYPE)
@settings(max_examples=20)
@given(data=st.data())
def test_facts_are_what_stands_at_the_paths_of_every_event_type(event_type: str, data: st.DataObject) -> None:
    ((name, declared),) = OpenEdxPublicSignal.get_signal_by_type(event_type).init_data.items()
    payload = data.draw(values_of(declared))
    found = flatten(event_type, {name: payload})
    assert found == {
        keypath.path: facts.fact(follow(payload, keypath.path), keypath.kind)
        for keypath in catalogue.keypaths(event_type, ())
    }
    assert catalogue.carries_user(event_type) or user_data({name: payload}) is None


@given(value=st.recursive(st.from_type(object).filter(lambda it: it is not None), st.lists, max_leaves=5))
def test_a_fact_stays_the_fact_it_is(value: object) -> None:
    found = facts.fact(value)
    assert facts.fact(found) == found
