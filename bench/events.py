"""What an event costs with 10, 1,000 and 10,000 active groups.

An event that fulfils nothing must cost the same whatever is configured.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from bench.measuring import milliseconds, queries
from bench.rows import Row
from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeRequirement,
    DataRule,
    PenaltyDataRule,
)
from tests.badges.sending import course_status, minutes
from tests.factories import PASSING

SIZES = (10, 1_000, 10_000)
LONGEST_RATIO = 2.0
# What it needs today, BEGIN and COMMIT included.
MOST_QUERIES = 18
MOST_IDLE_QUERIES = 0
WHY_ONE = "The versions of the rules are read, so that a change counts for every event after it: docs/decisions/0010."
COURSE = "course-v1:edX+Bench+{}"

_BATCH = 1000


@dataclass(frozen=True)
class Measured:
    """With so many groups: what an event takes that fulfils nothing, and one that completes a group.

    ``failing`` is the first penalty of a learner without an account, ``still_failing`` any later one. ``reading_ms``
    is what the first event after a change of the rules takes.
    """

    groups: int
    idle_queries: int
    idle_ms: float
    completing_queries: int
    completing_ms: float
    failing_queries: int
    failing_ms: float
    still_failing_queries: int
    still_failing_ms: float
    reading_ms: float


def rows() -> Iterator[Row]:
    """Measure each size, and send nothing meanwhile."""
    results = [measure(size) for size in SIZES]
    last = results[-1]
    for result in results:
        work = f"event that matches nothing, {result.groups:,} groups: "
        note = WHY_ONE if result is last and result.idle_queries else ""
        yield Row.reported(work + "time", result.idle_ms, "ms")
        yield Row.at_most(work + "queries", MOST_IDLE_QUERIES, result.idle_queries, "", note=note)
    ratio = last.idle_ms / results[0].idle_ms
    yield Row.at_most(f"the same: {SIZES[-1]:,} groups to {SIZES[0]}", LONGEST_RATIO, ratio, "x")
    work = f"event that completes a group, of {last.groups:,}: "
    yield Row.reported(work + "time", last.completing_ms, "ms")
    yield Row.at_most(work + "queries", MOST_QUERIES, last.completing_queries, "")
    yield Row.reported("event with the first penalty of a learner", last.failing_ms, "ms", queries=last.failing_queries)
    yield Row.reported(
        "event with a later penalty of a learner", last.still_failing_ms, "ms", queries=last.still_failing_queries
    )
    yield Row.reported(f"reading the rules of {last.groups:,} groups after a change", last.reading_ms, "ms")


def measure(size: int) -> Measured:
    """Configure so many groups in place of those that are there, and send events."""
    configure(size)
    numbers = count()

    def idle() -> None:
        course_status("nobody", COURSE.format("unknown"))

    def completing() -> None:
        course_status(f"learner-{size}-{next(numbers)}", COURSE.format(0))

    def failing() -> None:
        course_status(f"failing-{size}-{next(numbers)}", COURSE.format(1), is_passing=False)

    def still_failing() -> None:
        course_status(f"failing-{size}", COURSE.format(1), is_passing=False, at=minutes(next(numbers)))

    reading = milliseconds(idle)
    # The first of each asks for more: the database's time, for instance.
    completing()
    still_failing()
    return Measured(
        groups=size,
        idle_queries=queries(idle),
        idle_ms=typical(idle, 100),
        completing_queries=queries(completing),
        completing_ms=typical(completing, 10),
        failing_queries=queries(failing),
        failing_ms=typical(failing, 20),
        still_failing_queries=queries(still_failing),
        still_failing_ms=typical(still_failing, 20),
        reading_ms=reading,
    )


def configure(size: int) -> None:
    """So many active groups that each want a course of their own passed, and a penalty for each."""
    AccredibleAPIConfig.objects.all().delete()
    config = AccredibleAPIConfig.objects.create(name="Bench", environment="us", api_key="bench")
    AccredibleGroup.objects.bulk_create(
        [AccredibleGroup(api_config=config, accredible_id=n, name=f"Group {n}", is_active=True) for n in range(size)],
        batch_size=_BATCH,
    )
    groups = AccredibleGroup.objects.order_by("accredible_id").values_list("pk", flat=True)
    BadgeRequirement.objects.bulk_create([BadgeRequirement(group_id=pk, event_type=PASSING) for pk in groups], _BATCH)
    BadgePenalty.objects.bulk_create([BadgePenalty(group_id=pk, event_type=PASSING) for pk in groups], _BATCH)
    requirements = list(BadgeRequirement.objects.order_by("group__accredible_id"))
    penalties = list(BadgePenalty.objects.order_by("group__accredible_id"))
    rules, penalty_rules, chosen = [], [], []
    for number, (requirement, penalty) in enumerate(zip(requirements, penalties, strict=True)):
        course = COURSE.format(number)
        one_of = {"operator": "in", "value": f"{course}, {course}-again"} if number % 3 == 2 else {"value": course}
        rules += [
            DataRule(requirement=requirement, data_path="is_passing", value="true"),
            DataRule(requirement=requirement, data_path="course.course_key", **one_of),
            DataRule(requirement=requirement, data_path="course.display_name", operator="ne", value="Draft"),
        ]
        penalty_rules += [
            PenaltyDataRule(penalty=penalty, data_path="is_passing", value="false"),
            PenaltyDataRule(penalty=penalty, data_path="course.course_key", value=course),
        ]
        chosen.append(BadgePenalty.requirements.through(badgepenalty=penalty, badgerequirement=requirement))
    DataRule.objects.bulk_create(rules, _BATCH)
    PenaltyDataRule.objects.bulk_create(penalty_rules, _BATCH)
    BadgePenalty.requirements.through.objects.bulk_create(chosen, _BATCH)
    api.rules_changed()


def typical(event: Callable[[], None], times: int) -> float:
    """The median of so many events in milliseconds, on the best of five tries: others use the machine, too."""
    return min(statistics.median(milliseconds(event) for _time in range(times)) for _try in range(5))
