"""An event that awards a badge, on MariaDB, beside the floor: one bare transaction with the same statements."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Max

from bench.events import COURSE, configure
from bench.measuring import milliseconds, percentile, statements
from bench.rows import Row
from tests.badges.sending import course_status

EVENTS = 300
GROUPS = 1_000
# What it needs today, BEGIN, COMMIT and savepoints included.
MOST_STATEMENTS = 18
_FRAME = ("BEGIN", "COMMIT", "SET autocommit")


def rows() -> Iterator[Row]:
    """Each learner is new to the service, as most are who pass their first course."""
    configure(GROUPS)
    course_status("first", COURSE.format(0))
    course_status("second", COURSE.format(0))
    took = [milliseconds(lambda n=n: course_status(f"learner-{n}", COURSE.format(n))) for n in range(EVENTS)]
    before = {model: model._base_manager.aggregate(last=Max("pk"))["last"] or 0 for model in apps.get_models()}
    sent = statements(lambda: course_status("again", COURSE.format(0)))
    inserted = [
        model for model in before if any(sql.startswith(f"INSERT INTO `{model._meta.db_table}`") for sql in sent)
    ]
    floor = [_bare(sent, {model: before[model] for model in inserted}) for _time in range(50)]
    typical, bare = statistics.median(took), statistics.median(floor)
    work = "event that awards, on MariaDB: "
    yield Row.at_most(work + "statements", MOST_STATEMENTS, len(sent), "")
    yield Row.reported(work + "time", typical, "ms", p99=percentile(took, 0.99), floor=bare)
    yield Row.reported(work + "time, p99", percentile(took, 0.99), "ms")
    yield Row.reported(work + "of a bare transaction with the same", typical / bare, "x")


def _bare(sent: list[str], before: dict[Any, int]) -> float:
    """Milliseconds that the driver alone takes for these statements in a transaction.

    ``before``: the last key of each table that they insert into; what comes after it is deleted first.
    """
    driver: Any = connection.connection
    cursor = driver.cursor()
    # They name rows by the keys that these had the first time.
    cursor.execute("SET foreign_key_checks = 0")
    for model, last in before.items():
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {model._meta.pk.column} > %s", [last])
    driver.autocommit(False)

    def replay() -> None:
        for sql in sent:
            if not sql.startswith(_FRAME):
                cursor.execute(sql)
                cursor.fetchall()
        driver.commit()

    try:
        return milliseconds(replay)
    finally:
        driver.autocommit(True)
        cursor.execute("SET foreign_key_checks = 1")
