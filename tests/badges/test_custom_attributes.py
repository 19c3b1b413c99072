"""The custom attributes of a badge: computed when it is decided, kept with it, and told to Accredible."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import CourseData, CoursePassingStatusData
from openedx_events.learning.signals import COURSE_PASSING_STATUS_UPDATED

from credentials_accredible import api
from credentials_accredible.badges.custom_attributes import KeptFacts, values
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, CustomAttribute, Fulfillment
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, OTHER, ccx_status, course_status, learner, minutes, send
from tests.factories import CCX_PASSING, PASSING, make_progress, make_staff, make_user

pytestmark = pytest.mark.django_db


def map_path(group: AccredibleGroup, name: str, path: str) -> None:
    """Have an attribute say what events say at ``path``."""
    CustomAttribute.objects.create(group=group, name=name, source="path", value=path)


def map_constant(group: AccredibleGroup, name: str, value: str) -> None:
    """Have an attribute say the same for everybody."""
    CustomAttribute.objects.create(group=group, name=name, source="constant", value=value)


def attributes_of(username: str = "ada") -> dict[str, str]:
    """Those of the learner's only badge."""
    return dict(AccredibleBadge.objects.get(user__username=username).custom_attributes)


def status(course: str, **values: Any) -> CoursePassingStatusData:
    """A passed course."""
    data = CourseData(course_key=CourseKey.from_string(course), **values)
    return CoursePassingStatusData(is_passing=True, course=data, user=learner())


@pytest.fixture
def group() -> AccredibleGroup:
    """A group that one passed course completes."""
    group = active_group()
    require(group, PASSES)
    return group


def test_paths_and_constants_are_taken_from_the_completing_event(group: AccredibleGroup) -> None:
    map_path(group, "Course", "course.course_key")
    map_path(group, "Passed", "is_passing")
    map_constant(group, "Place", "Turin")

    course_status()

    assert attributes_of() == {"Course": DEMO, "Passed": "true", "Place": "Turin"}


def test_what_the_event_does_not_say_is_left_out(group: AccredibleGroup) -> None:
    map_path(group, "Course", "course.course_key")
    map_path(group, "End", "course.end")
    map_path(group, "Master", "course.master_course_key")
    course_status()
    assert attributes_of() == {"Course": DEMO}


def test_days_are_shown_without_their_time(group: AccredibleGroup) -> None:
    map_path(group, "End", "course.end")
    end = datetime(2030, 1, 31, 23, 59, tzinfo=UTC)
    send(COURSE_PASSING_STATUS_UPDATED, course_passing_status=status(DEMO, end=end))
    assert attributes_of() == {"End": "2030-01-31"}


def test_long_texts_are_cut(group: AccredibleGroup) -> None:
    map_path(group, "Title", "course.display_name")
    send(COURSE_PASSING_STATUS_UPDATED, course_passing_status=status(DEMO, display_name="x" * 999))
    assert attributes_of() == {"Title": "x" * 255}


def test_what_says_who_the_learner_is_is_never_told(group: AccredibleGroup) -> None:
    map_path(group, "Name", "user.pii.name")
    course_status()
    assert attributes_of() == {}
    assert "user.pii.name" not in Fulfillment.objects.get().context["facts"]


@pytest.mark.parametrize("minute", [5, 15], ids=["in order", "late"])
def test_the_newest_event_that_says_something_decides_in_whatever_order_they_come(minute: int) -> None:
    group = active_group()
    require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    map_path(group, "Course", "course.course_key")
    course_status("ada", DEMO, at=minutes(minute))
    course_status("ada", OTHER, at=minutes(10))
    assert attributes_of() == {"Course": OTHER if minute < 10 else DEMO}


def test_a_path_of_an_earlier_event_of_another_type_is_remembered() -> None:
    group = active_group()
    require(group, PASSES, event_type=CCX_PASSING, blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    map_path(group, "CCX", "course.ccx_course_key")
    map_path(group, "Course", "course.course_key")
    ccx = "ccx-v1:edX+DemoX+Demo_Course+ccx@7"

    ccx_status(ccx=ccx, at=minutes(1))
    course_status("ada", OTHER, at=minutes(2))

    assert attributes_of() == {"CCX": ccx, "Course": OTHER}


def test_a_requirement_that_any_event_fulfils_remembers_what_is_mapped() -> None:
    group = active_group()
    require(group, any_event=True)
    map_path(group, "Course", "course.course_key")
    course_status()
    assert attributes_of() == {"Course": DEMO}


def test_groups_do_not_get_each_others_attributes(group: AccredibleGroup) -> None:
    other = active_group("Other")
    require(other, PASSES)
    map_constant(group, "Place", "Turin")
    map_path(other, "Course", "course.course_key")
    course_status()
    found = dict(AccredibleBadge.objects.values_list("group_name", "custom_attributes"))
    assert found == {"Badge": {"Place": "Turin"}, "Other": {"Course": DEMO}}


def test_a_mapping_that_is_changed_later_leaves_decided_badges_alone(group: AccredibleGroup) -> None:
    map_constant(group, "Place", "Turin")
    course_status("ada")
    CustomAttribute.objects.update(value="Milan")
    course_status("grace")
    assert (attributes_of("ada"), attributes_of("grace")) == ({"Place": "Turin"}, {"Place": "Milan"})


def test_re_evaluation_and_awards_by_hand_take_them_from_what_was_fulfilled(group: AccredibleGroup) -> None:
    map_path(group, "Course", "course.course_key")
    map_constant(group, "Place", "Turin")
    extra = require(group, *in_course(OTHER, PASSES))
    course_status("ada")
    course_status("grace")
    make_user("alan")

    api.award_badges(group, ["grace", "alan"], reason="An appeal", user=make_staff())
    extra.delete()
    api.reevaluate(group, dry_run=False)

    assert attributes_of("ada") == attributes_of("grace") == {"Course": DEMO, "Place": "Turin"}
    assert attributes_of("alan") == {"Place": "Turin"}


def test_progress_that_was_restored_or_made_by_hand_is_no_obstacle(group: AccredibleGroup) -> None:
    map_path(group, "Course", "course.course_key")
    progress = make_progress(group, group.requirements.get())
    Fulfillment.objects.update(context={"facts": ["odd"]})
    api.reevaluate(group, dry_run=False)
    assert attributes_of(progress.user.username) == {}


def test_a_simulation_says_what_the_credential_would_tell(group: AccredibleGroup) -> None:
    map_path(group, "Course", "course.course_key")
    map_path(group, "End", "course.end")
    map_path(group, "Name", "user.pii.name")
    map_constant(group, "Place", "Turin")
    payload = {"is_passing": "true", "course.course_key": DEMO, "user.pii.name": "Ada"}
    found = api.simulate(group, PASSING, payload).attributes
    assert found == {"Course": DEMO, "End": "", "Name": "", "Place": "Turin"}


@pytest.mark.parametrize(
    ("fact", "shown"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        ("0.83", "0.83"),
        (["a", None, "b"], "a, b"),
        ("  ", None),
        ([], None),
        (None, None),
    ],
)
def test_facts_become_texts(fact: Any, shown: str | None) -> None:
    mapping = [CustomAttribute(name="Key", source="path", value="path")]
    said = KeptFacts("unknown.type", minutes(0), {"path": fact})
    assert values(mapping, [said]) == ({} if shown is None else {"Key": shown})


class TestQueries:
    def count(self, username: str, course: str) -> int:
        """How many queries an event needs, in a process that knows the rules."""
        course_status("nobody", "course-v1:edX+DemoX+Unknown", is_passing=False)
        with CaptureQueriesContext(connection) as queries:
            course_status(username, course)
        return len(queries)

    @pytest.fixture
    def two_letters(self) -> AccredibleGroup:
        """A group that takes two courses."""
        group = active_group()
        require(group, *in_course(DEMO, PASSES), blend="A")
        require(group, *in_course(OTHER, PASSES), blend="B")
        return group

    @pytest.mark.parametrize(("source", "more"), [("constant", 1), ("path", 2)])
    def test_only_events_that_complete_a_group_with_a_mapping_need_more(
        self, two_letters: AccredibleGroup, source: str, more: int
    ) -> None:
        first, completing = self.count("ada", DEMO), self.count("ada", OTHER)
        for number in range(5):
            value = "course.course_key" if source == "path" else "text"
            CustomAttribute.objects.create(group=two_letters, name=f"Key {number}", source=source, value=value)

        assert self.count("grace", DEMO) == first
        assert self.count("grace", OTHER) == completing + more
        assert len(attributes_of("grace")) == 5
