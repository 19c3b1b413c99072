"""What an event costs with 10, 1,000 and 10,000 active groups.

An event that fulfils nothing must cost the same number of queries whatever is configured, and about the same time. An
event that completes a group must need less than 15 queries.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings, setup_test_environment

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
MOST_QUERIES = 15
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


def run() -> int:
    """Measure each size in a test database, print a table, and return 0 where all is well."""
    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        # Events alone: nothing is sent meanwhile.
        with override_settings(CREDENTIALS_ACCREDIBLE={**settings.CREDENTIALS_ACCREDIBLE, "DELIVERY": "manual"}):
            results = [measure(size) for size in SIZES]
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    print(
        f"{'groups':>8}  {'fulfils nothing':>20}  {'completes a group':>20}  {'fails first':>20}  {'fails again':>20}"
        f"  {'reading the rules':>17}"
    )
    for result in results:
        print(
            f"{result.groups:>8,}  {result.idle_queries:>2} queries {result.idle_ms:>6.2f} ms"
            f"  {result.completing_queries:>2} queries {result.completing_ms:>6.2f} ms"
            f"  {result.failing_queries:>2} queries {result.failing_ms:>6.2f} ms"
            f"  {result.still_failing_queries:>2} queries {result.still_failing_ms:>6.2f} ms"
            f"  {result.reading_ms:>14.0f} ms"
        )
    ratio = results[-1].idle_ms / results[0].idle_ms
    print(
        f"An event that fulfils nothing takes {ratio:.2f} times as long with {SIZES[-1]:,} groups as with {SIZES[0]}."
    )
    same = len({result.idle_queries for result in results}) == 1
    few = all(result.completing_queries < MOST_QUERIES for result in results)
    passed = ratio < LONGEST_RATIO and same and few
    print("Passed." if passed else "Failed.")
    return 0 if passed else 1


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


def queries(event: Callable[[], None]) -> int:
    """How many queries an event needs, BEGIN and COMMIT included."""
    with CaptureQueriesContext(connection) as captured:
        event()
    return len(captured)


def typical(event: Callable[[], None], times: int) -> float:
    """The median of so many events in milliseconds, on the best of five tries: others use the machine, too."""
    return min(statistics.median(milliseconds(event) for _time in range(times)) for _try in range(5))


def milliseconds(event: Callable[[], None]) -> float:
    """How long an event takes."""
    began = time.perf_counter()
    event()
    return (time.perf_counter() - began) * 1000
