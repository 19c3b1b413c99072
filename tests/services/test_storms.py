"""Databases that go away under events, and removals under a storm of them, on MariaDB and PostgreSQL."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.embedded_host import Host
from tests.services.proxy import Proxy
from tests.services.storms import EVENTS, GROUPS

pytestmark = pytest.mark.services


@pytest.fixture
def proxy(database_host: Host) -> Iterator[Proxy]:
    """In front of the database of the host, for what is started from here on."""
    url = urlsplit(database_host.environment["DATABASE_URL"])
    proxy = Proxy(url.hostname or "", url.port or 0)
    netloc = f"{url.username}@127.0.0.1:{proxy.port}"
    database_host.environment["DATABASE_URL"] = urlunsplit(url._replace(netloc=netloc))
    yield proxy
    proxy.end()


@pytest.mark.parametrize("seconds", [1, 5, pytest.param(60, marks=pytest.mark.endurance)])
def test_a_database_that_is_away_costs_no_event(database_host: Host, proxy: Proxy, seconds: float) -> None:
    process = database_host.start("-m", "tests.services.storms", "outage")
    assert process.stdout
    assert process.stdout.readline() == "sending\n"
    for cut_off in (seconds, 0.0):
        time.sleep(0.5)
        proxy.cut(away=True)
        time.sleep(cut_off)
        proxy.cut(away=False)
    out, err = process.communicate(timeout=120)
    assert json.loads(out) == {"badges": EVENTS, "learners": EVENTS, "failed": 0}, err
    assert ("database_away" in err) == ("database_back" in err)


def test_a_process_killed_while_the_database_is_away_leaves_its_event_to_the_next(
    database_host: Host, proxy: Proxy
) -> None:
    process = database_host.start("-m", "tests.services.storms", "outage")
    assert process.stdout
    assert process.stdout.readline() == "sending\n"
    time.sleep(0.5)
    proxy.cut(away=True)
    time.sleep(3)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    proxy.cut(away=False)

    said = database_host.run("manage.py", "accredible_deliver")
    assert "1 event from the disk processed." in said.stdout, said.stderr
    numbers = [int(name.split("-")[1]) for (name,) in database_host.rows("SELECT username FROM core_user")]
    assert sorted(numbers) == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("staff", "found"),
    [
        ("removals", {"groups": 0, "left": 0, "snapshots": GROUPS}),
        ("deletions", {"groups": GROUPS, "requirements": 2 * GROUPS}),
    ],
)
def test_staff_who_remove_things_and_events_that_want_them_never_wait_for_each_other(
    database_host: Host, staff: str, found: dict[str, int]
) -> None:
    done = database_host.run("-m", "tests.services.storms", staff)

    assert done.returncode == 0, done.stderr
    nothing = {"errors": [], "failed": [], "doubles": 0}
    assert json.loads(done.stdout) == nothing | found, done.stderr
    if "postgres" in database_host.environment["DATABASE_URL"]:
        # Those after which somebody has tried again, too. MariaDB reads too much of such small tables for that.
        [(deadlocks,)] = database_host.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks == 0
