"""The server ends the connection of a consumer, whatever that is asking at the moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge, FailedEvent
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, course_status

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no connections to kill"),
]
_WHICH, _KILL = {
    "mysql": ("SELECT CONNECTION_ID()", "KILL %s"),
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
}.get(connection.vendor, ("", ""))


@contextmanager
def killed_after(number: int) -> Iterator[list[str]]:
    """Have the connection killed when that statement has been executed, and nothing is fetched yet; all statements."""
    statements: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(_WHICH)
        [own] = cursor.fetchone()
    other = connections["default"].copy()

    def kill(execute: Any, sql: str, *args: Any) -> Any:
        done = execute(sql, *args)
        statements.append(sql)
        if len(statements) == number:
            with other.cursor() as cursor:
                cursor.execute(_KILL, [own])
        return done

    with connection.execute_wrapper(kill):
        yield statements
    other.close()
    # It can be killed when the event is through, and nobody has noticed.
    connection.close()


def test_no_event_fails() -> None:
    group = active_group()
    penalise(group, *in_course(DEMO, FAILS), takes=[require(group, *in_course(DEMO, PASSES))])
    number, was_killed, badges = 0, True, []
    while was_killed:
        number += 1
        # Read once more with the next event.
        api.rules_changed()
        with killed_after(number) as statements:
            course_status(f"learner-{number}")
        was_killed = len(statements) >= number
        badges.append(AccredibleBadge.objects.count())

    assert [event.error for event in FailedEvent.objects.all()] == []
    assert badges == list(range(1, number + 1))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="no cursors on the server")
def test_nor_one_whose_connection_is_killed_when_all_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    psycopg = pytest.importorskip("psycopg")
    require(active_group(), *in_course(DEMO, PASSES))
    close = psycopg.ServerCursor.close

    def kill(cursor: Any) -> None:
        with psycopg.connect(cursor.connection.info.dsn, autocommit=True) as other:
            other.execute(_KILL, [cursor.connection.info.backend_pid])
        close(cursor)

    monkeypatch.setattr(psycopg.ServerCursor, "close", kill)
    course_status("ada")

    assert [event.error for event in FailedEvent.objects.all()] == []
    assert AccredibleBadge.objects.count() == 1
