"""The paths into events, and payloads as facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Optional, Union, get_args, get_origin
from uuid import UUID

import attr
import pytest
from ccx_keys.locator import CCXLocator
from hypothesis import given, settings
from hypothesis import strategies as st
from opaque_keys import OpaqueKey
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_events.learning.data import (
    CcxCourseData,
    CcxCoursePassingStatusData,
    CourseData,
    CoursePassingStatusData,
    ExamAttemptData,
    UserData,
    UserPersonalData,
)
from openedx_events.tooling import OpenEdxPublicSignal, load_all_signals

from credentials_accredible import events, facts
from credentials_accredible.badges.validation import clean_value
from credentials_accredible.choices import Operator
from credentials_accredible.events import KeyPath
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.facts import Kind

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"
REGISTERED = "org.openedx.learning.student.registration.completed.v1"
EXAM = "org.openedx.learning.exam.attempt.submitted.v1"
COURSE_CREATED = "org.openedx.content_authoring.course.created.v1"
DISCUSSIONS = "org.openedx.learning.discussions.configuration.changed.v1"

DEMO = "course-v1:edX+DemoX+Demo_Course"
CCX = "ccx-v1:edX+DemoX+Demo_Course+ccx@1"

load_all_signals()
EVERY_TYPE = sorted(signal.event_type for signal in OpenEdxPublicSignal.all_events())


def learner(name: str = "ada") -> UserData:
    return UserData(id=7, is_active=True, pii=UserPersonalData(username=name, email=f"{name}@example.com", name="Ada"))


def passing(**changes: Any) -> CoursePassingStatusData:
    course = CourseData(course_key=CourseKey.from_string(DEMO), display_name="Demo", start=datetime(2030, 1, 1))
    return CoursePassingStatusData(**{"is_passing": True, "course": course, "user": learner(), **changes})


def kinds(event_type: str, *ignored: str) -> dict[str, Kind]:
    return {keypath.path: keypath.kind for keypath in events.keypaths(event_type, ignored)}


class Mode(str, Enum):  # noqa: UP042  # the kind of enumeration whose str() is not its value
    AUDIT = "audit"


@pytest.fixture
def define() -> Iterator[Any]:
    """Defines an event type, as another package would, and forgets it afterwards."""
    defined = []

    def signal(data: dict[str, Any]) -> str:
        event_type = f"org.example.test.{len(defined)}.v1"
        defined.append(OpenEdxPublicSignal(event_type=event_type, data=data))
        return event_type

    yield signal
    for one in defined:
        OpenEdxPublicSignal.instances.remove(one)
        del OpenEdxPublicSignal._mapping[one.event_type]


# --- paths -------------------------------------------------------------------------------------------------------


def test_paths_are_written_as_the_documentation_of_open_edx_badges_writes_them() -> None:
    assert [(keypath.path, keypath.kind) for keypath in events.keypaths(PASSING)] == [
        ("is_passing", Kind.BOOLEAN),
        ("course.course_key", Kind.COURSE_KEY),
        ("course.display_name", Kind.TEXT),
        ("course.start", Kind.DATETIME),
        ("course.end", Kind.DATETIME),
    ]
    ccx = kinds(CCX_PASSING)
    assert ccx["is_passing"] == Kind.BOOLEAN
    assert ccx["course.ccx_course_key"] == Kind.CCX_KEY
    assert ccx["course.master_course_key"] == Kind.COURSE_KEY


def test_what_identifies_the_learner_is_not_offered() -> None:
    assert not [keypath for keypath in events.keypaths(PASSING) if keypath.path.startswith("user")]
    assert events.keypaths(REGISTERED) == []


def test_nothing_is_left_out_where_nothing_is_ignored() -> None:
    assert kinds(REGISTERED) == {
        "id": Kind.INTEGER,
        "is_active": Kind.BOOLEAN,
        "pii.username": Kind.TEXT,
        "pii.email": Kind.TEXT,
        "pii.name": Kind.TEXT,
    }


def test_ignored_paths_are_endings_of_whole_names() -> None:
    paths = kinds(PASSING, "email", "course.start", "ssing", "is_passing.", "")
    assert "user.pii.email" not in paths
    assert "course.start" not in paths
    assert {"is_passing", "user.pii.username", "course.end"} <= set(paths)


def test_ignored_paths_come_from_the_settings(settings: Any) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"IGNORED_KEYPATHS": ["display_name"]}
    paths = [keypath.path for keypath in events.keypaths(PASSING)]
    assert "course.display_name" not in paths
    assert "user.pii.email" in paths


@pytest.mark.parametrize("written", ["user.id", 5, None, [1], {"user.id": True}])
def test_ignored_paths_that_are_no_list_are_a_configuration_error(settings: Any, written: object) -> None:
    settings.CREDENTIALS_ACCREDIBLE = {"IGNORED_KEYPATHS": written}
    with pytest.raises(ConfigurationError, match="IGNORED_KEYPATHS"):
        events.keypaths(PASSING)


def test_an_unknown_event_type_has_no_paths_and_no_facts() -> None:
    assert not events.is_known("org.example.nothing.v1")
    assert not events.carries_user("org.example.nothing.v1")
    assert events.keypaths("org.example.nothing.v1") == []
    assert events.flatten("org.example.nothing.v1", {"course_passing_status": passing()}) == {}


def test_dicts_and_lists_of_objects_are_left_out_and_lists_of_values_are_not() -> None:
    paths = kinds(DISCUSSIONS)
    assert "provider_type" in paths
    assert not {"plugin_configuration", "contexts"} & set(paths)
    assert kinds("org.openedx.learning.ora.submission.created.v1")["answer.file_names"] == Kind.LIST


def test_every_kind_of_key_is_told_from_the_others() -> None:
    assert kinds(EXAM)["usage_key"] == Kind.USAGE_KEY
    assert kinds("org.openedx.content_authoring.content_library.created.v1")["library_key"] == Kind.KEY


def test_a_label_names_the_path_and_what_is_there() -> None:
    assert KeyPath("course.course_key", Kind.COURSE_KEY).label == "course.course_key (course key)"


def test_optional_and_alternative_types_are_taken_apart(define: Any) -> None:
    @attr.s(frozen=True)
    class Inner:
        value = attr.ib(type=float)

    @attr.s(frozen=True)
    class Data:
        inner = attr.ib(type=Optional[Inner])  # noqa: UP045  # the older spelling is what openedx-events uses
        either = attr.ib(type=Union[int, None, float])  # noqa: UP007
        any_of = attr.ib(type=Annotated[str | int | None, "noted"])
        day = attr.ib(type=date)
        untyped = attr.ib()
        numbers = attr.ib(type=tuple[int, ...])
        nested = attr.ib(type=list[list[int]])
        strange = attr.ib(type=timedelta)

    assert kinds(define({"data": Data})) == {
        "inner.value": Kind.NUMBER,
        "either": Kind.NUMBER,
        "any_of": Kind.TEXT,
        "day": Kind.DATE,
        "untyped": Kind.TEXT,
        "numbers": Kind.LIST,
    }


@attr.s(auto_attribs=True, frozen=True)
class Comment:
    text: str
    parent: Comment | None = None


@attr.s(frozen=True)
class Unresolvable:
    there = attr.ib(type=int)
    lost = attr.ib(type="NowhereDefined")  # type: ignore[name-defined]


def test_a_class_that_contains_itself_ends_somewhere(define: Any) -> None:
    event_type = define({"comment": Comment})
    assert kinds(event_type) == {"text": Kind.TEXT}
    assert events.flatten(event_type, {"comment": Comment("a", Comment("b"))}) == {"text": "a"}


def test_annotations_that_lead_nowhere_are_left_out(define: Any) -> None:
    event_type = define({"data": Unresolvable})
    assert kinds(event_type) == {"there": Kind.INTEGER}
    assert not events.carries_user(event_type)


def test_paths_of_several_members_start_with_the_members_name(define: Any) -> None:
    event_type = define({"course": CourseData, "user": UserData, "score": int})
    assert {"course.course_key", "user.pii.email", "score"} <= set(kinds(event_type))
    facts = events.flatten(event_type, {"course": passing().course, "user": learner(), "score": 5})
    assert (facts["course.course_key"], facts["user.id"], facts["score"]) == (DEMO, 7, 5)


def test_a_member_that_is_a_value_is_its_own_path(define: Any) -> None:
    event_type = define({"score": int})
    assert kinds(event_type) == {"score": Kind.INTEGER}
    assert events.flatten(event_type, {"score": 5}) == {"score": 5}


@pytest.mark.parametrize("event_type", EVERY_TYPE)
def test_every_event_type_offers_samples_that_rules_accept(event_type: str) -> None:
    sample = events.sample(event_type)
    offered = {keypath.path: keypath.kind for keypath in events.keypaths(event_type)}
    assert set(sample) == set(offered)
    for path, text in sample.items():
        operator = Operator.CONTAINS if offered[path] == Kind.LIST else Operator.EQUAL
        assert clean_value(offered[path], operator, text) == text
        assert facts.read(offered[path], text) is not None


# --- the learner -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", [PASSING, CCX_PASSING, REGISTERED, EXAM])
def test_events_about_a_learner_carry_a_user(event_type: str) -> None:
    assert events.carries_user(event_type)


@pytest.mark.parametrize("event_type", [COURSE_CREATED, "org.openedx.learning.user.notification.requested.v1"])
def test_events_about_something_else_carry_none(event_type: str) -> None:
    assert events.is_known(event_type)
    assert not events.carries_user(event_type)


def test_an_optional_user_counts_and_a_list_of_users_does_not(define: Any) -> None:
    @attr.s(frozen=True)
    class Maybe:
        by = attr.ib(type=UserData | None)

    @attr.s(frozen=True)
    class Many:
        users = attr.ib(type=list[UserData])

    assert events.carries_user(define({"data": Maybe}))
    assert not events.carries_user(define({"data": Many}))


def test_the_learner_is_found_wherever_in_the_payload() -> None:
    assert events.user_data({"course_passing_status": passing()}) == learner()
    assert events.user_data({"user": learner()}) == learner()
    assert events.user_data({"data": {"deep": {"deeper": learner()}}}) == learner()
    assert events.user_data({"course": passing().course}) is None


def test_an_exam_is_about_its_student_not_about_who_requested_it() -> None:
    attempt = ExamAttemptData(
        student_user=learner("student"),
        course_key=CourseKey.from_string(DEMO),
        usage_key=UsageKey.from_string("block-v1:edX+DemoX+Demo_Course+type@problem+block@exam"),
        exam_type="timed",
        requesting_user=learner("instructor"),
    )
    assert events.user_data({"exam_attempt": attempt}) == learner("student")


def test_the_user_nearest_to_the_top_is_the_learner(define: Any) -> None:
    @attr.s(frozen=True)
    class Deep:
        author = attr.ib(type=UserData)

    assert events.user_data({"first": Deep(learner("author")), "second": learner("learner")}) == learner("learner")


# --- facts -------------------------------------------------------------------------------------------------------


def test_a_payload_becomes_one_fact_for_each_path() -> None:
    assert events.flatten(PASSING, {"course_passing_status": passing(), "metadata": object(), "sender": None}) == {
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
    facts = events.flatten(CCX_PASSING, {"course_passing_status": data})
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
    objects = events.flatten(PASSING, {"course_passing_status": passing()})
    assert events.flatten(PASSING, {"course_passing_status": from_json}) == objects


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
    assert set(events.flatten(PASSING, payload)) == set(kinds(PASSING))
    assert events.user_data(payload) is None


def test_what_an_odd_payload_does_say_is_kept() -> None:
    facts = events.flatten(PASSING, {"course_passing_status": passing(course=Raising(CourseKey.from_string(DEMO)))})
    assert facts["course.course_key"] == DEMO
    assert facts["course.display_name"] is None
    assert facts["course.start"] is None
    assert facts["is_passing"] is True


def test_an_endless_payload_has_an_end() -> None:
    class Endless(dict):  # type: ignore[type-arg]
        def values(self) -> Any:
            return [Endless(), Endless()]

    assert events.user_data(Endless()) is None


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
    events.keypaths(PASSING)

    assert not [name for name in vars(CoursePassingStatusData) if "resolved" in name]


@pytest.mark.parametrize("event_type", EVERY_TYPE)
@settings(max_examples=20)
@given(data=st.data())
def test_facts_are_what_stands_at_the_paths_of_every_event_type(event_type: str, data: st.DataObject) -> None:
    ((name, declared),) = OpenEdxPublicSignal.get_signal_by_type(event_type).init_data.items()
    payload = data.draw(values_of(declared))
    found = events.flatten(event_type, {name: payload})
    assert found == {
        keypath.path: facts.fact(follow(payload, keypath.path), keypath.kind)
        for keypath in events.keypaths(event_type, ())
    }
    assert events.carries_user(event_type) or events.user_data({name: payload}) is None


@given(value=st.recursive(st.from_type(object).filter(lambda it: it is not None), st.lists, max_leaves=5))
def test_a_fact_stays_the_fact_it_is(value: object) -> None:
    found = facts.fact(value)
    assert facts.fact(found) == found
