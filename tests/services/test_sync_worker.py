"""A sync that a worker carries out, behind a real broker: its progress, its end, and the end of its worker."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.embedded_host import Host, SqliteHosts
from tests.services.conftest import QUEUE
from tests.services.workers import Worker, eventually, settle, workers

pytestmark = pytest.mark.services

NUMBER = 1000
_START = (
    "from credentials_accredible import api; from credentials_accredible.models import AccredibleAPIConfig as C;"
    "print(api.start_sync(C.objects.get()).status)"
)
_CLOSE = "from credentials_accredible import api; print(api.close_dead_runs())"


@pytest.fixture
def host(broker_url: str, emulator: Emulator, tmp_path: Any, sqlite_host: SqliteHosts) -> Host:
    """A host whose syncs are done by workers; its account has a thousand groups, ten pages of them."""
    account = emulator.add_account(key=KEY)
    for number in range(NUMBER):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    host = sqlite_host(tmp_path, emulator.url)
    settle(host, broker_url, QUEUE)
    host.environment["CREDENTIALS_ACCREDIBLE"] = '{"RATE_LIMIT": [100000, 1], "SYNC_LEASE": 30}'
    return host


def run(host: Host) -> Any:
    """The last run: its status, its stage, how far that has come, and whether it holds the lock."""
    rows = host.rows(
        "SELECT status, stage, stage_done, stage_total, lock_id IS NOT NULL FROM credentials_accredible_syncrun "
        "ORDER BY id DESC LIMIT 1"
    )
    return tuple(rows[0]) if rows else None


def slow(emulator: Emulator) -> None:
    """Have each page take a second and a half, so that there is something to see."""
    emulator.fault("slow", seconds=1.5, path="/v1/issuer/groups/search", times=1000)


def test_a_sync_is_queued_followed_and_done(emulator: Emulator, host: Host) -> None:
    slow(emulator)
    assert host.manage("shell", "-c", _START).strip().endswith("queued")
    assert run(host)[::4] == ("queued", 1)
    seen = set()

    def ended() -> bool:
        seen.add(run(host))
        return run(host)[0] not in {"queued", "running"}

    with workers(host, 1) as (worker,):
        eventually(ended, 60, worker.log.read_text)

    assert run(host)[::4] == ("succeeded", 0)
    assert len(host.groups()) == NUMBER
    steps = sorted(done for status, stage, done, _total, _lock in seen if (status, stage) == ("running", "groups"))
    assert len(steps) >= 3, seen
    assert steps[-1] > steps[0]
    assert {total for _status, stage, done, total, _lock in seen if stage == "groups" and done} == {NUMBER}


def test_a_worker_that_is_killed_in_mid_sync_leaves_a_run_that_is_shown_dead_and_taken_over(
    emulator: Emulator, host: Host
) -> None:
    slow(emulator)
    host.manage("shell", "-c", _START)
    with workers(host, 1) as (worker,):
        eventually(lambda: run(host)[0] == "running" and run(host)[2] >= 100, 30, worker.log.read_text)
        worker.kill()
    assert run(host)[::4] == ("running", 1)

    assert host.manage("shell", "-c", _CLOSE).strip().endswith("1")

    assert run(host)[::4] == ("failed", 0)
    assert host.groups() == []
    emulator.clear_faults()
    host.manage("shell", "-c", _START)
    successor = Worker(host, "successor")
    try:
        eventually(lambda: run(host)[0] == "succeeded", 60, successor.log.read_text)
    finally:
        successor.kill()
    assert len(host.groups()) == NUMBER
    statuses = host.rows("SELECT status FROM credentials_accredible_syncrun ORDER BY id")
    assert statuses == [("failed",), ("succeeded",)]
