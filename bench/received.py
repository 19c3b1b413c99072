"""100,000 events through the receiver, of which one in a hundred awards a badge: how many a second, and the memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.events import COURSE, configure
from bench.measuring import memory_mb
from bench.rows import Row
from credentials_accredible.models import AccredibleBadge
from tests.badges.sending import course_status

EVENTS, GROUPS, ONE_IN = 100_000, 1_000, 100
# Until everything is imported and cached.
WARM = 10_000
MOST_GROWTH = 5


def rows() -> Iterator[Row]:
    """The first tenth warms up, and counts for nothing."""
    configure(GROUPS)
    _send(0, WARM)
    before = memory_mb()
    began = time.perf_counter()
    _send(WARM, EVENTS)
    took = time.perf_counter() - began
    assert AccredibleBadge.objects.count() == EVENTS // ONE_IN
    work = f"{EVENTS:,} events, 1 % matching: "
    yield Row.reported(work + "a second", (EVENTS - WARM) / took, "events", higher=True)
    yield Row.at_most(work + "growth of memory", MOST_GROWTH, memory_mb() - before, "MB", before=before)


def _send(first: int, end: int) -> None:
    for number in range(first, end):
        if number % ONE_IN == 0:
            course_status(f"learner-{number}", COURSE.format(number // ONE_IN % GROUPS))
        else:
            course_status("nobody", COURSE.format("unknown"))
