"""For minutes, processes and connections are killed at random: counts are equal, nothing is lost, nothing is double."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host
from tests.services.conftest import QUEUE
from tests.services.endurance.bus import ONE, SPARE, TWO, Bus
from tests.services.endurance.services import Consumer, Service
from tests.services.endurance.trouble import Trouble
from tests.services.workers import BADGES, HURRIED, eventually, settle

pytestmark = pytest.mark.endurance

MINUTES = float(os.environ.get("ENDURANCE_MINUTES", "10"))
SEED = int(os.environ.get("ENDURANCE_SEED") or time.time_ns() % 1_000_000)

# A request leaves within the lease, and what Accredible does late is done some seconds after that: later than both,
# nothing is under way any more.
SETTINGS = HURRIED | {
    "DELIVERY_DELAYS": [0.2, 2],
    "REQUEST_TIMEOUT": [1, 2],
    "INLINE_TIMEOUT": [1, 1],
    "RETRY_MAX_WAIT": 1,
    "LATE_ANSWER_MINUTES": 0.3,
    "DATABASE_PATIENCE": 5,
}
# Seconds until everything has arrived, once nothing is in the way any more.
_PATIENCE = 180
_INSIDE = "tests.services.endurance.inside"


class Badge(NamedTuple):
    """A badge of the host; its group is the number at Accredible."""

    learner: str
    group: int
    status: str
    state: str
    problem: str
    uuid: str


@contextmanager
def running(host: Host, bus: Bus) -> Iterator[list[Service]]:
    """Two consumers, one of which tries to send; two senders, a worker with a beat, syncs, and an operator."""
    directory = Path(host.environment["DEMO_DATA_DIR"])
    longest = 60 * MINUTES + 3 * _PATIENCE
    inline = host.environment | {"DELIVERY": "inline"}
    worker = ["-m", "celery", "-A", "credentials_accredible", "worker", "--beat", "--schedule", str(directory / "beat"),
              "--concurrency", "2", "--loglevel", "warning", "--without-mingle", "--without-gossip"]  # fmt: skip

    def service(kind: str, *command: str, **options: Any) -> Service:
        return Service(kind, command, host.environment, directory / f"{kind}.log", longest=longest, **options)

    services = [
        Consumer(bus, host.environment, directory / "consumer.log", longest=longest),
        Consumer(bus, inline, directory / "consumer-inline.log", longest=longest),
        service("sender", "manage.py", "accredible_deliver", "--watch"),
        service("sender", "manage.py", "accredible_deliver", "--watch"),
        service("worker", *worker),
        service("sync", "manage.py", "accredible_sync", "--no-progress", is_lasting=False, interval=8),
        service("operator", "-m", _INSIDE, "operate", is_lasting=False, interval=6),
    ]
    try:
        yield services
    finally:
        for each in services:
            each.stop()


def inside(host: Host, task: str) -> Any:
    """What a process of the host brings that does the task."""
    done = host.run("-m", _INSIDE, task)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def drain(host: Host, bus: Bus) -> list[str]:
    """Wait until all has arrived, and work off the failed events, as staff do; returns why these had failed."""
    waiting = f"SELECT state, COUNT(*) FROM {BADGES} WHERE next_attempt_at IS NOT NULL GROUP BY state"
    bus.close()
    eventually(bus.is_empty, _PATIENCE, lambda: "events that nobody acknowledges")
    failed = inside(host, "failed")
    assert failed["left"] == 0, failed
    inside(host, "appeals")
    eventually(lambda: not host.rows(waiting), _PATIENCE, lambda: host.rows(waiting))
    return list(failed["errors"])


@pytest.mark.parametrize("broker_url", ["redis"], indirect=True)
def test_whatever_is_killed_every_badge_arrives_once(
    emulator: Emulator,
    account: Any,
    server_host: Callable[..., Host],
    broker_url: str,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    with capsys.disabled():
        print(f"\n{request.node.name}: {MINUTES:g} minutes, ENDURANCE_SEED={SEED}", flush=True)
    chance = Random(SEED)
    for number in (ONE, TWO, SPARE):
        # A second credential of the same learner would be made, and be seen here.
        account.add_group(id=number, name=f"group-{number}", course_name=f"Group {number}", allow_duplicates=True)
    host = server_host()
    settle(host, broker_url, QUEUE)
    host.environment["CREDENTIALS_ACCREDIBLE"] = json.dumps(SETTINGS)
    host.manage("accredible_sync")
    inside(host, "configure")
    bus = Bus(Random(SEED))
    began = time.monotonic()

    with running(host, bus) as services:
        trouble = Trouble(chance, host, emulator, services)
        trouble.make(60 * MINUTES)
        # From here on, somebody else hears appeals.
        services[-1].stop()
        failed = drain(host, bus)
    seconds = time.monotonic() - began
    badges = [Badge(*row) for row in inside(host, "badges")]
    credentials = list(account.credential_by_id.values())

    with capsys.disabled():
        print(f"  {seconds:.0f} s, of which {seconds - 60 * MINUTES:.0f} s to drain; {dict(bus.sent)}")
        print(f"  killed: {dict(trouble.kills)}, {trouble.connections} connections; faults: {dict(trouble.faults)}")
        print(f"  {len(bus.awarded)} badges awarded and {len(bus.revoked)} revoked, {len(credentials)} credentials")
        print(f"  failed events, processed again: {Counter(failed) or 'none'}", flush=True)
    of_status = {"awarded": bus.awarded, "revoked": bus.revoked}
    for status, expected in of_status.items():
        found = [(badge.learner, badge.group) for badge in badges if badge.status == status]
        assert sorted(found) == sorted(expected)
    assert_each_once(badges, credentials)
    assert not list(Path(host.environment["DEMO_DATA_DIR"]).glob("spool/events/*"))
    compared = host.run("manage.py", "accredible_reconcile", "--format", "json")
    assert (compared.returncode, [found["findings"] for found in json.loads(compared.stdout)]) == (0, [[]])
    assert {service.log.name: service.ends for service in services if service.has_failed} == {}


def assert_each_once(badges: list[Badge], credentials: list[Any]) -> None:
    """Each badge that was awarded has one credential, each that was revoked one that has expired, or none."""
    made = Counter(str(credential.license_id) for credential in credentials)
    expired = {str(credential.license_id) for credential in credentials if credential.is_expired}
    right = {
        "awarded": {("accepted", 1, False)},
        # Or it was revoked before it was ever sent.
        "revoked": {("expired", 1, True), ("created", 0, False)},
    }
    wrong = [
        badge
        for badge in badges
        if badge.problem or (badge.state, made[badge.uuid], badge.uuid in expired) not in right[badge.status]
    ]
    assert wrong == []
    assert set(made) <= {badge.uuid for badge in badges}
