"""Senders that are killed, and senders at the same moment, neither lose nor double a badge."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host, SqliteHosts

NUMBER = 100

_AWARD = "from tests.delivery.killed_senders import award_more, make_group;award_more(make_group({group}), 0, {number})"
_BADGES = "credentials_accredible_accrediblebadge"
CREATE, CHANGE = "^/v(1/credentials|2/credentials/bulk_create)$", "^/v1/credentials/"


@pytest.fixture
def host(emulator: Emulator, tmp_path: Path, sqlite_host: SqliteHosts) -> Host:
    """A host without badges."""
    return sqlite_host(tmp_path, emulator.url)


def kill_senders(account: Any, host: Host, what: str, kills: int, *, senders: int = 1) -> dict[str, int]:
    """Have senders killed at work; what was done."""
    group = account.add_group(name="badge", course_name="Badge")["id"]
    done = host.run("-m", "tests.delivery.killed_senders", what, *map(str, (group, kills, senders)))
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    assert figures["killed"] >= kills
    assert figures["badges"] >= NUMBER
    return figures


def slow_down(emulator: Emulator) -> None:
    """Let most of a sender's time be spent between sending and hearing."""
    emulator.fault("slow", seconds=0.08, pattern=CREATE, method="POST", times=None)
    emulator.fault("slow", seconds=0.01, pattern=CHANGE, method="PUT", times=None)


@pytest.mark.parametrize("what", ["issue", "revoke"])
def test_senders_killed_at_random_moments_leave_every_badge_with_one_credential(
    emulator: Emulator, account: Any, host: Host, what: str
) -> None:
    slow_down(emulator)

    figures = kill_senders(account, host, what, 5)

    assert_each_once(account, host, figures["badges"], revoked=what == "revoke")


@pytest.mark.endurance
@pytest.mark.parametrize("senders", [1, 3])
@pytest.mark.parametrize("what", ["issue", "revoke"])
def test_dozens_of_kills(emulator: Emulator, account: Any, host: Host, what: str, senders: int) -> None:
    slow_down(emulator)

    figures = kill_senders(account, host, what, 60, senders=senders)

    assert_each_once(account, host, figures["badges"], revoked=what == "revoke")


@pytest.mark.parametrize(("senders", "threads"), [(2, "1"), (4, "1"), (1, "3"), (2, "2")])
def test_senders_at_the_same_moment_share_the_work(
    emulator: Emulator, account: Any, host: Host, senders: int, threads: str
) -> None:
    group = account.add_group(name="badge", course_name="Badge")["id"]
    host.manage("shell", "-c", _AWARD.format(group=group, number=NUMBER))
    emulator.fault("slow", seconds=0.2, path="/v2/credentials/bulk_create", times=None)

    running = [host.start("manage.py", "accredible_deliver", "--senders", threads) for _ in range(senders)]
    printed = [sender.communicate(timeout=60) for sender in running]

    assert [sender.returncode for sender in running] == [0] * senders, printed
    assert_each_once(account, host, NUMBER)
    assert len([request for request in emulator.requests if request.path.endswith("bulk_create")]) <= NUMBER / 30 + 1


def assert_each_once(account: Any, host: Host, number: int, *, revoked: bool = False) -> None:
    """Every badge has one credential, and there are no others; of revoked ones it has expired."""
    state = "expired" if revoked else "accepted"
    assert host.rows(f"SELECT state, claim, COUNT(*) FROM {_BADGES} GROUP BY state, claim") == [(state, "", number)]
    uuids = sorted(str(uuid).replace("-", "") for (uuid,) in host.rows(f"SELECT uuid FROM {_BADGES}"))
    credentials = list(account.credential_by_id.values())
    assert sorted(str(item.license_id).replace("-", "") for item in credentials) == uuids
    assert {item.is_expired for item in credentials} == {revoked}


def test_the_command_that_watches_ends_after_the_request_at_hand(emulator: Emulator, account: Any, host: Host) -> None:
    group = account.add_group(name="badge", course_name="Badge")["id"]
    host.manage("shell", "-c", _AWARD.format(group=group, number=NUMBER))
    slow = emulator.fault("slow", seconds=0.4, pattern=CREATE, times=None)
    watching = host.start("manage.py", "accredible_deliver", "--watch")
    end = time.monotonic() + 20
    while not slow.hits and time.monotonic() < end:
        time.sleep(0.02)

    watching.terminate()
    watching.communicate(timeout=20)

    assert watching.returncode == 0
    left = host.rows(f"SELECT state, COUNT(*) FROM {_BADGES} WHERE claim = '' GROUP BY state ORDER BY state")
    assert left == [("accepted", 30), ("created", NUMBER - 30)]
