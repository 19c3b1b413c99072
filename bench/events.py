"""What an event costs with 10, 1,000 and 10,000 active groups: ``python -m bench.events``.

An event that fulfils nothing must cost the same number of queries whatever is configured, and about the same time: the
run fails where the median is twice as long with the most groups as with the fewest, or where the event that completes
a group needs 15 queries. Uses a database of its own, next to that of ``DATABASE_URL``.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import django

SIZES = (10, 1_000, 10_000)
EVENTS = 300
LONGEST_RATIO = 2.0
MOST_QUERIES = 15
COURSE = "course-v1:edX+Bench+{}"


@dataclass(frozen=True)
class Measured:
    """With so many groups: queries and milliseconds of an event that fulfils nothing, of one that completes a group."""

    groups: int
    idle_queries: int
    idle_ms: float
    completing_queries: int
    completing_ms: float
    reading_ms: float


def main() -> int:
    """Measure each size, print a table, and return the exit status."""
    from django.db import connection
    from django.test.utils import setup_test_environment

    # Logs of openedx-events would be measured, too.
    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        results = [measure(size) for size in SIZES]
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    print(f"{'groups':>8}  {'fulfils nothing':>22}  {'completes a group':>22}  {'reading the rules':>18}")
    for result in results:
        print(
            f"{result.groups:>8,}  {result.idle_queries:>5} queries {result.idle_ms:>5.2f} ms"
            f"  {result.completing_queries:>5} queries {result.completing_ms:>5.2f} ms  {result.reading_ms:>15.0f} ms"
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
    from tests.badges.sending import course_status

    configure(size)

    def idle() -> None:
        course_status("nobody", COURSE.format("unknown"))

    began = time.perf_counter()
    idle()
    reading = time.perf_counter() - began
    learners = iter(range(10**9))

    def completing() -> None:
        course_status(f"learner-{size}-{next(learners)}", COURSE.format(0))

    return Measured(
        size, queries(idle), median(idle, EVENTS), queries(completing), median(completing, 50), reading * 1000
    )


def configure(size: int) -> None:
    """So many active groups: each wants one course passed, or another but not a third, and has a penalty."""
    from credentials_accredible import api
    from credentials_accredible.models import (
        AccredibleAPIConfig,
        AccredibleGroup,
        BadgePenalty,
        BadgeRequirement,
        DataRule,
        PenaltyDataRule,
    )
    from tests.factories import PASSING

    AccredibleAPIConfig.objects.all().delete()
    config = AccredibleAPIConfig.objects.create(name="Bench", environment="us", api_key="bench")
    groups = [
        AccredibleGroup(api_config=config, accredible_id=number, name=f"Group {number}", is_active=True)
        for number in range(size)
    ]
    AccredibleGroup.objects.bulk_create(groups, batch_size=1000)
    ids = list(AccredibleGroup.objects.order_by("accredible_id").values_list("pk", flat=True))
    BadgeRequirement.objects.bulk_create(
        [BadgeRequirement(group_id=pk, event_type=PASSING) for pk in ids], batch_size=1000
    )
    BadgePenalty.objects.bulk_create([BadgePenalty(group_id=pk, event_type=PASSING) for pk in ids], batch_size=1000)
    rules = []
    for number, requirement in enumerate(BadgeRequirement.objects.order_by("group__accredible_id")):
        operator = "in" if number % 3 == 2 else "eq"
        value = COURSE.format(number) + (f", {COURSE.format(f'other-{number}')}" if operator == "in" else "")
        rules += [
            DataRule(requirement=requirement, data_path="is_passing", operator="eq", value="true"),
            DataRule(requirement=requirement, data_path="course.course_key", operator=operator, value=value),
            DataRule(requirement=requirement, data_path="course.display_name", operator="ne", value="Draft"),
        ]
    DataRule.objects.bulk_create(rules, batch_size=1000)
    penalties = []
    through = BadgePenalty.requirements.through
    pairs = zip(
        BadgePenalty.objects.order_by("group__accredible_id"),
        BadgeRequirement.objects.order_by("group__accredible_id"),
        strict=True,
    )
    chosen = []
    for number, (penalty, requirement) in enumerate(pairs):
        chosen.append(through(badgepenalty=penalty, badgerequirement=requirement))
        penalties += [
            PenaltyDataRule(penalty=penalty, data_path="is_passing", operator="eq", value="false"),
            PenaltyDataRule(penalty=penalty, data_path="course.course_key", operator="eq", value=COURSE.format(number)),
        ]
    through.objects.bulk_create(chosen, batch_size=1000)
    PenaltyDataRule.objects.bulk_create(penalties, batch_size=1000)
    api.rules_changed()


def queries(event: Callable[[], None]) -> int:
    """How many queries an event needs, transactions included."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        event()
    return len(captured)


def median(event: Callable[[], None], times: int) -> float:
    """Milliseconds that an event takes in the middle."""
    taken = []
    for _time in range(times):
        began = time.perf_counter()
        event()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
    with tempfile.TemporaryDirectory() as directory:
        os.environ.setdefault("DEMO_DATA_DIR", directory)
        django.setup()
        sys.exit(main())
