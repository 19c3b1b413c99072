"""The paths into events, and whom events are about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Optional, Union

import attr
import pytest
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx_events.learning.data import CourseData, ExamAttemptData, UserData
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible import api
from credentials_accredible.choices import Operator
from credentials_accredible.events import catalogue
from credentials_accredible.events import values as facts
from credentials_accredible.events.catalogue import KeyPath
from credentials_accredible.events.event import flatten, user_data
from credentials_accredible.events.values import Kind
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.rules.validation import clean_value
from tests.conftest import PluginSettings
from tests.payloads import (
    CCX_PASSING,
    COURSE_CREATED,
    DEMO,
    DISCUSSIONS,
    EVERY_TYPE,
    EXAM,
    PASSING,
    REGISTERED,
    kinds,
    learner,
    passing,
)


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
    assert [(keypath.path, keypath.kind) for keypath in catalogue.keypaths(PASSING)] == [
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
    assert not [keypath for keypath in catalogue.keypaths(PASSING) if keypath.path.startswith("user")]
    assert catalogue.keypaths(REGISTERED) == []


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


def test_ignored_paths_come_from_the_settings(plugin_settings: PluginSettings) -> None:
    plugin_settings(IGNORED_KEYPATHS=["display_name"])
    paths = [keypath.path for keypath in catalogue.keypaths(PASSING)]
    assert "course.display_name" not in paths
    assert "user.pii.email" in paths


@pytest.mark.parametrize("written", ["user.id", 5, None, [1], {"user.id": True}])
def test_ignored_paths_that_are_no_list_are_a_configuration_error(
    plugin_settings: PluginSettings, written: object
) -> None:
    plugin_settings(IGNORED_KEYPATHS=written)
    with pytest.raises(ConfigurationError, match="IGNORED_KEYPATHS"):
        catalogue.keypaths(PASSING)


def test_an_unknown_event_type_has_no_paths_and_no_facts() -> None:
    assert not catalogue.is_known_event_type("org.example.nothing.v1")
    assert not catalogue.carries_user("org.example.nothing.v1")
    assert catalogue.keypaths("org.example.nothing.v1") == []
    assert flatten("org.example.nothing.v1", {"course_passing_status": passing()}) == {}


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
    assert flatten(event_type, {"comment": Comment("a", Comment("b"))}) == {"text": "a"}


def test_annotations_that_lead_nowhere_are_left_out(define: Any) -> None:
    event_type = define({"data": Unresolvable})
    assert kinds(event_type) == {"there": Kind.INTEGER}
    assert not catalogue.carries_user(event_type)


def test_paths_of_several_members_start_with_the_members_name(define: Any) -> None:
    event_type = define({"course": CourseData, "user": UserData, "score": int})
    assert {"course.course_key", "user.pii.email", "score"} <= set(kinds(event_type))
    facts = flatten(event_type, {"course": passing().course, "user": learner(), "score": 5})
    assert (facts["course.course_key"], facts["user.id"], facts["score"]) == (DEMO, 7, 5)


def test_a_member_that_is_a_value_is_its_own_path(define: Any) -> None:
    event_type = define({"score": int})
    assert kinds(event_type) == {"score": Kind.INTEGER}
    assert flatten(event_type, {"score": 5}) == {"score": 5}


@pytest.mark.parametrize("event_type", EVERY_TYPE)
def test_every_event_type_offers_samples_that_rules_accept(event_type: str) -> None:
    sample = api.sample_of(event_type).says
    offered = {keypath.path: keypath.kind for keypath in catalogue.keypaths(event_type)}
    assert set(sample) == set(offered)
    for path, text in sample.items():
        operator = Operator.CONTAINS if offered[path] == Kind.LIST else Operator.EQUAL
        assert clean_value(offered[path], operator, text) == text
        assert facts.read(offered[path], text) is not None


# --- the learner -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", [PASSING, CCX_PASSING, REGISTERED, EXAM])
def test_events_about_a_learner_carry_a_user(event_type: str) -> None:
    assert catalogue.carries_user(event_type)


@pytest.mark.parametrize("event_type", [COURSE_CREATED, "org.openedx.learning.user.notification.requested.v1"])
def test_events_about_something_else_carry_none(event_type: str) -> None:
    assert catalogue.is_known_event_type(event_type)
    assert not catalogue.carries_user(event_type)


def test_an_optional_user_counts_and_a_list_of_users_does_not(define: Any) -> None:
    @attr.s(frozen=True)
    class Maybe:
        by = attr.ib(type=UserData | None)

    @attr.s(frozen=True)
    class Many:
        users = attr.ib(type=list[UserData])

    assert catalogue.carries_user(define({"data": Maybe}))
    assert not catalogue.carries_user(define({"data": Many}))


def test_the_learner_is_found_wherever_in_the_payload() -> None:
    assert user_data({"course_passing_status": passing()}) == learner()
    assert user_data({"user": learner()}) == learner()
    assert user_data({"data": {"deep": {"deeper": learner()}}}) == learner()
    assert user_data({"course": passing().course}) is None


def test_an_exam_is_about_its_student_not_about_who_requested_it() -> None:
    attempt = ExamAttemptData(
        student_user=learner("student"),
        course_key=CourseKey.from_string(DEMO),
        usage_key=UsageKey.from_string("block-v1:edX+DemoX+Demo_Course+type@problem+block@exam"),
        exam_type="timed",
        requesting_user=learner("instructor"),
    )
    assert user_data({"exam_attempt": attempt}) == learner("student")


def test_the_user_nearest_to_the_top_is_the_learner(define: Any) -> None:
    @attr.s(frozen=True)
    class Deep:
        author = attr.ib(type=UserData)

    assert user_data({"first": Deep(learner("author")), "second": learner("learner")}) == learner("learner")
