"""Whatever happens in whatever order, learners have what the documented rules say: compared with a simple model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, BadgeProgress
from tests.badges.configuring import penalise, require
from tests.badges.sending import course_status, minutes
from tests.examples import examples
from tests.factories import make_config, make_group

LEARNERS = ["ada", "grace"]
COURSES = [f"course-v1:edX+X+{number}" for number in range(2)]

learners = st.sampled_from([*LEARNERS, "ada"])
courses = st.sampled_from(COURSES)
letters = st.sampled_from(["", "A", "B"])
# Few, so that events come late, and at the same time.
times = st.integers(0, 5)
kinds = st.sampled_from(["passes", "passes another", "any event"])


def rules_of(kind: str, course: str) -> list[tuple[str, str, str]]:
    """The data rules of a requirement of that kind."""
    return {
        "passes": [("is_passing", "eq", "yes"), ("course.course_key", "eq", course)],
        "passes another": [("is_passing", "ne", "no"), ("course.course_key", "ne", course)],
        "any event": [],
    }[kind]


@dataclass
class Requirement:
    kind: str
    course: str
    letter: str

    def holds(self, course: str, is_passing: bool) -> bool:
        if self.kind == "any event":
            return True
        return is_passing and (course == self.course) == (self.kind == "passes")


@dataclass
class Standing:
    """What one learner has of one group."""

    fulfilled: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    badge: str | None = None
    seen: bool = False


@dataclass
class Group:
    row: Any
    active: bool = False
    requirements: dict[int, Requirement] = field(default_factory=dict)
    # The course whose failing takes back, and what it takes.
    penalties: list[tuple[str, set[int]]] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=lambda: {name: Standing() for name in LEARNERS})

    def letters(self, requirements: Any) -> set[str]:
        return {self.requirements[pk].letter or f"its own {pk}" for pk in requirements}

    def receive(self, learner: str, course: str, is_passing: bool, time: int) -> None:
        if not self.active:
            return
        standing = self.standings[learner]
        before = self.letters(standing.fulfilled)
        lost = [takes for failed, takes in self.penalties if failed == course and not is_passing]
        penalised = {pk for takes in lost for pk in takes}
        gained = False
        for pk in penalised:
            if standing.fulfilled.get(pk, 99) <= time:
                del standing.fulfilled[pk]
                standing.taken[pk] = time
            elif pk not in standing.fulfilled:
                standing.taken[pk] = max(time, standing.taken.get(pk, time))
        for pk, requirement in self.requirements.items():
            if pk in penalised or not requirement.holds(course, is_passing):
                continue
            if pk in standing.fulfilled:
                standing.fulfilled[pk] = max(time, standing.fulfilled[pk])
            elif time > standing.taken.get(pk, -1):
                standing.fulfilled[pk] = time
                gained = True
            standing.seen = True
        if before - self.letters(standing.fulfilled) and standing.badge:
            standing.badge = "revoked"
        if gained:
            self.award(standing)

    def award(self, standing: Standing) -> None:
        complete = self.letters(standing.fulfilled) == self.letters(self.requirements)
        if self.active and self.requirements and complete and standing.badge is None:
            standing.badge = "awarded"


class AnySequence(RuleBasedStateMachine):
    """Events of two learners, and edits of two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.sent: list[tuple[str, str, bool, int]] = []
        self.groups: list[Group] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        config = make_config()
        self.groups = [Group(make_group(config)) for _number in range(2)]
        first, second = COURSES
        for group, alternatives in zip(self.groups, (["any event"], ["passes", "passes another"]), strict=True):
            for kind in alternatives:
                self._require(group, kind, first, "A")
            self._penalise(group, first, {min(group.requirements)})
            self._require(group, "passes", second, "B")
            self._penalise(group, second, set(group.requirements))
            api.activate_group(group.row)
            group.active = True

    @rule(events=st.lists(st.tuples(learners, courses, st.booleans(), times), min_size=1, max_size=8))
    def send(self, events: list[tuple[str, str, bool, int]]) -> None:
        for event in events:
            self._deliver(*event)
            self.learners_have_what_the_rules_say()
        self.sent += events

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        self._deliver(*data.draw(st.sampled_from(self.sent)))

    @rule(data=st.data(), kind=kinds, course=courses, letter=letters)
    def add_requirement(self, data: st.DataObject, kind: str, course: str, letter: str) -> None:
        self._require(self._draw_group(data), kind, course, letter)

    @rule(data=st.data())
    def remove_requirement(self, data: st.DataObject) -> None:
        group, pk = self._draw_requirement(data)
        if pk:
            group.row.requirements.get(pk=pk).delete()
            del group.requirements[pk]
            for _course, takes in group.penalties:
                takes.discard(pk)
            for standing in group.standings.values():
                standing.fulfilled.pop(pk, None)

    @rule(data=st.data(), letter=letters)
    def change_letter(self, data: st.DataObject, letter: str) -> None:
        group, pk = self._draw_requirement(data)
        if pk:
            requirement = group.row.requirements.get(pk=pk)
            requirement.blend = group.requirements[pk].letter = letter
            requirement.save()

    @rule(data=st.data(), course=courses)
    def change_course(self, data: st.DataObject, course: str) -> None:
        group, pk = self._draw_requirement(data)
        if pk and group.requirements[pk].kind != "any event":
            changed = group.row.requirements.get(pk=pk).rules.get(data_path="course.course_key")
            changed.value = group.requirements[pk].course = course
            changed.save()

    @rule(data=st.data(), course=courses)
    def add_penalty(self, data: st.DataObject, course: str) -> None:
        group = self._draw_group(data)
        takes = data.draw(st.sets(st.sampled_from(sorted(group.requirements)))) if group.requirements else set()
        self._penalise(group, course, takes)

    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        group = self._draw_group(data)
        if group.active:
            api.deactivate_group(group.row)
            group.active = False
        elif not api.activation_problems(group.row):
            api.activate_group(group.row)
            group.active = True

    @rule(data=st.data())
    def reevaluate(self, data: st.DataObject) -> None:
        group = self._draw_group(data)
        expected = api.reevaluate(group.row, dry_run=True)
        assert api.reevaluate(group.row, dry_run=False) == expected
        for standing in group.standings.values():
            if standing.seen:
                group.award(standing)

    @invariant()
    def learners_have_what_the_rules_say(self) -> None:
        found = {
            (progress.group_id, progress.user.username): (
                {item.requirement_id: item.context["time"] for item in progress.fulfillments.all()},
                progress.ratio,
            )
            for progress in BadgeProgress.objects.with_letters().select_related("user").prefetch_related("fulfillments")
        }
        badges = AccredibleBadge.objects.values_list("group", "user__username", "status")
        expected, expected_badges = {}, set()
        for group in self.groups:
            for name, standing in group.standings.items():
                if standing.badge:
                    expected_badges.add((group.row.pk, name, standing.badge))
                if standing.seen:
                    have, want = len(group.letters(standing.fulfilled)), len(group.letters(group.requirements))
                    expected[group.row.pk, name] = (
                        {pk: minutes(time).isoformat() for pk, time in standing.fulfilled.items()},
                        have / want if want else 0.0,
                    )
        assert found == expected
        assert set(badges) == expected_badges
        assert len(badges) == len(expected_badges)

    def _deliver(self, learner: str, course: str, is_passing: bool, time: int) -> None:
        course_status(learner, course, is_passing=is_passing, at=minutes(time))
        for group in self.groups:
            group.receive(learner, course, is_passing, time)

    def _require(self, group: Group, kind: str, course: str, letter: str) -> None:
        row = require(group.row, *rules_of(kind, course), blend=letter, any_event=kind == "any event")
        group.requirements[row.pk] = Requirement(kind, course, letter)

    def _penalise(self, group: Group, course: str, takes: set[int]) -> None:
        rules = [("is_passing", "eq", "false"), ("course.course_key", "in", f"x, {course}")]
        penalise(group.row, *rules, takes=list(group.row.requirements.filter(pk__in=takes)))
        group.penalties.append((course, takes))

    def _draw_group(self, data: st.DataObject) -> Group:
        return self.groups[data.draw(st.integers(0, 1))]

    def _draw_requirement(self, data: st.DataObject) -> tuple[Group, int | None]:
        group = self._draw_group(data)
        return group, data.draw(st.sampled_from(sorted(group.requirements))) if group.requirements else None


@pytest.mark.django_db
def test_learners_have_what_the_rules_say_after_any_sequence_of_events_and_edits() -> None:
    run_state_machine_as_test(
        AnySequence, settings=settings(max_examples=examples(40), stateful_step_count=25, deadline=None)
    )
