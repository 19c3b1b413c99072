"""100,000 events through the receiver, of which one in a hundred awards a badge: how many a second, and the memory.

How many depends on the machine. That it does not depend on the number of groups is what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import get_user_model

from bench.events import COURSE, configure
from bench.measuring import memory_mb, seconds
from bench.rows import Row
from credentials_accredible.models import AccredibleBadge
from tests.badges.sending import course_status

EVENTS, GROUPS, FEW_GROUPS, ONE_IN = 100_000, 1_000, 10, 100
# Until everything is imported and cached.
WARM = 10_000
MOST_GROWTH, LONGEST_RATIO = 5, 2.0


def rows() -> Iterator[Row]:
    """The first tenth warms up, and counts for nothing; as many before it say what they take with few groups."""
    configure(FEW_GROUPS)
    with_few = seconds(lambda: _send(0, WARM, FEW_GROUPS)) / WARM
    get_user_model().objects.all().delete()
    AccredibleBadge.objects.all().delete()
    configure(GROUPS)
    _send(0, WARM)
    before = memory_mb()
    took = seconds(lambda: _send(WARM, EVENTS))
    each = took / (EVENTS - WARM)
    assert AccredibleBadge.objects.count() == EVENTS // ONE_IN
    work = f"{EVENTS:,} events, 1 % matching: "
    yield Row.reported(work + "a second", (EVENTS - WARM) / took, "events", higher=True)
    yield Row.at_most(work + f"{GROUPS:,} groups to {FEW_GROUPS}", LONGEST_RATIO, each / with_few, "x")
    yield Row.at_most(work + "growth of memory", MOST_GROWTH, memory_mb() - before, "MB", before=before)


def _send(first: int, end: int, groups: int = GROUPS) -> None:
    for number in range(first, end):
        if number % ONE_IN == 0:
            course_status(f"learner-{number}", COURSE.format(number // ONE_IN % groups))
        else:
            course_status("nobody", COURSE.format("unknown"))
