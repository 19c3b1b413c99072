"""An event bus: learners pass and fail courses, and each event is sent until a consumer has acknowledged it."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from tests.badges.sending import DEMO, OTHER, THIRD

# Numbers of groups at Accredible. ONE takes DEMO, TWO takes OTHER and THIRD; nobody can complete SPARE.
ONE, TWO, SPARE = 1, 2, 3
NEVER = "course-v1:edX+DemoX+Never_Passed"

# Courses that are passed and failed, within a step in any order.
_Step = list[tuple[str, bool]]


class _Story(NamedTuple):
    """What a learner does, a step once the one before has arrived; and which groups' badges they have, or lose, by it.

    ``appeals``: staff award again what was revoked.
    """

    steps: list[_Step]
    awarded: set[int] = set()
    revoked: set[int] = set()
    appeals: bool = False


_STORIES = [
    _Story([[(DEMO, True)]], awarded={ONE}),
    _Story([[(DEMO, True)], [(DEMO, False)]], revoked={ONE}),
    _Story([[(DEMO, True)], [(DEMO, False)], [(DEMO, True)]], revoked={ONE}),
    _Story([[(DEMO, True)], [(DEMO, False)]], awarded={ONE}, appeals=True),
    _Story([[(OTHER, True)]]),
    _Story([[(OTHER, True), (THIRD, True)]], awarded={TWO}),
    _Story([[(OTHER, True), (THIRD, True)], [(OTHER, False)]], revoked={TWO}),
    _Story([[(OTHER, True), (DEMO, True), (THIRD, True)]], awarded={ONE, TWO}),
]
# What the names of learners begin with.
LEARNER, APPELLANT = "learner", "appellant"
_EVENTS_PER_SECOND = 10
# Of the events that were acknowledged, how many are sent once more.
_SENT_TWICE = 0.1


@dataclass(frozen=True)
class Event:
    """A learner passes a course, or no longer does, so many minutes after the first event."""

    id: UUID
    learner: str
    course: str
    is_passing: bool
    minute: int


@dataclass
class _Learner:
    steps: list[list[Event]]
    awaited: set[UUID] = field(default_factory=set)


class Bus:
    """Delivers at least once: what was not acknowledged is sent again, and some of what was, too."""

    def __init__(self, chance: Random) -> None:
        self.sent: Counter[str] = Counter()
        # The learners who must have, and must have lost, a badge of a group at the end.
        self.awarded: set[tuple[str, int]] = set()
        self.revoked: set[tuple[str, int]] = set()
        self._chance = chance
        self._lock = Lock()
        self._learners: dict[str, _Learner] = {}
        self._waiting: deque[Event] = deque()
        self._under_way = 0
        self._is_open = True
        self._next_at = time.monotonic()

    def take(self) -> Event | None:
        """An event for the consumer that asks; None while there is none."""
        with self._lock:
            if time.monotonic() < self._next_at:
                return None
            if not self._waiting and self._is_open:
                self._begin_learner()
            if not self._waiting:
                return None
            self._next_at = max(self._next_at + 1 / _EVENTS_PER_SECOND, time.monotonic() - 1)
            self._under_way += 1
            self.sent["deliveries"] += 1
            return self._waiting.popleft()

    def acknowledge(self, event: Event) -> None:
        """The consumer is done with the event."""
        with self._lock:
            self._under_way -= 1
            learner = self._learners[event.learner]
            if event.id in learner.awaited:
                learner.awaited.remove(event.id)
                self.sent["events"] += 1
                if not learner.awaited and learner.steps:
                    self._begin_step(learner)
            if self._is_open and self._chance.random() < _SENT_TWICE:
                self._waiting.insert(self._chance.randint(0, len(self._waiting)), event)

    def give_back(self, event: Event) -> None:
        """The consumer has died before it acknowledged the event."""
        with self._lock:
            self._under_way -= 1
            self._waiting.appendleft(event)

    def close(self) -> None:
        """Begin no more learners."""
        with self._lock:
            self._is_open = False

    def is_empty(self) -> bool:
        """Whether every event has been acknowledged."""
        with self._lock:
            return not self._waiting and not self._under_way

    def _begin_learner(self) -> None:
        story = self._chance.choice(_STORIES)
        name = f"{APPELLANT if story.appeals else LEARNER}-{len(self._learners)}"
        learner = self._learners[name] = _Learner(
            [
                [Event(UUID(int=self._chance.getrandbits(128)), name, *passed, minute) for passed in step]
                for minute, step in enumerate(story.steps)
            ]
        )
        self.awarded |= {(name, group) for group in story.awarded}
        self.revoked |= {(name, group) for group in story.revoked}
        self._begin_step(learner)

    def _begin_step(self, learner: _Learner) -> None:
        step = learner.steps.pop(0)
        self._chance.shuffle(step)
        learner.awaited = {event.id for event in step}
        self._waiting.extend(step)
