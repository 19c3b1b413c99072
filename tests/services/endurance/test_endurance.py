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
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host
from tests.services.conftest import QUEUE
from tests.services.endurance.bus import Bus
from tests.services.endurance.services import Consumer, Service
from tests.services.endurance.trouble import Trouble
from tests.services.endurance.world import INSIDE, add_groups, assert_all_arrived_once, drain, inside
from tests.services.workers import HURRIED, settle

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
        service("operator", "-m", INSIDE, "operate", is_lasting=False, interval=6),
    ]
    try:
        yield services
    finally:
        for each in services:
            each.stop()


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
    add_groups(account)
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
        failed = drain(host, bus, _PATIENCE)
    seconds = time.monotonic() - began

    with capsys.disabled():
        print(f"  {seconds:.0f} s, of which {seconds - 60 * MINUTES:.0f} s to drain; {dict(bus.sent)}")
        print(f"  killed: {dict(trouble.kills)}, {trouble.connections} connections; faults: {dict(trouble.faults)}")
        print(f"  {len(bus.awarded)} badges awarded and {len(bus.revoked)} revoked")
        print(f"  failed events, processed again: {Counter(failed) or 'none'}", flush=True)
    assert_all_arrived_once(host, account, bus, services)
