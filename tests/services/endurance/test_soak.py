"""An hour of mixed work with kills: at the end everything has arrived exactly once, and memory has not grown.

Of two consumers and two workers, one each is killed again and again; the others live through the hour.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import requests

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.embedded_host import GROUP_TABLE, ROOT, Host
from tests.services.conftest import QUEUE
from tests.services.endurance.bus import Bus
from tests.services.endurance.services import Consumer, Service
from tests.services.endurance.staff import Reader, Repeated
from tests.services.endurance.trouble import Trouble
from tests.services.endurance.world import INSIDE, add_groups, assert_all_arrived_once, drain, inside
from tests.services.workers import eventually

pytestmark = pytest.mark.soak

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
SEED = int(os.environ.get("SOAK_SEED") or time.time_ns() % 1_000_000)
RESULTS = ROOT / "build" / "soak.json"

# Those of production, but for the times that the end would have to wait for.
SETTINGS = {
    "REQUEST_TIMEOUT": [2, 5],
    "RETRY_MAX_WAIT": 5,
    "DELIVERY_DELAYS": [2, 30],
    "DELIVERY_LEASE": 60,
    "LATE_ANSWER_MINUTES": 0.5,
}
_LIMIT, _WINDOW = 200, 30
# Groups at Accredible that nothing is configured under, and the number of the first one.
_OTHERS, _FIRST_OTHER = 200, 100
# Seconds.
_SYNC, _OPERATE, _RENAME, _REPLACE, _READ, _WEIGH = 20, 60, 10, 60, 0.5, 15
_PAUSES = (10.0, 40.0)
_PATIENCE = 600
# MB. The first sixth of the time is not looked at: caches and pools are filled then.
_MOST_GROWTH = 5


class _World(NamedTuple):
    lasting: dict[str, Service]
    mortal: list[Service]
    operator: Service


@contextmanager
def running(host: Host, bus: Bus, port: int) -> Iterator[_World]:
    """Two consumers, two workers, a beat, the web server, syncs, and an operator."""
    directory = Path(host.environment["DEMO_DATA_DIR"])
    longest = 60 * MINUTES + 3 * _PATIENCE
    celery = ("-m", "celery", "-A", "credentials_accredible")

    def service(name: str, *command: str, **options: Any) -> Service:
        kind = name.partition("-")[0]
        return Service(kind, command, host.environment, directory / f"{name}.log", longest=longest, **options)

    def consumer(name: str) -> Service:
        return Consumer(bus, host.environment, directory / f"{name}.log", longest=longest)

    def worker(name: str) -> Service:
        return service(
            name, *celery, "worker", "--concurrency", "2", "--loglevel", "warning", "--hostname", f"{name}@%h"
        )

    beat = (*celery, "beat", "--schedule", str(directory / "beat"), "--pidfile=", "--loglevel", "warning")
    lasting = {
        "consumer": consumer("consumer"),
        "worker": worker("worker"),
        "beat": service("beat", *beat),
        "web": service("web", "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"),
    }
    operator = service("operator", "-m", INSIDE, "operate", is_lasting=False, interval=_OPERATE)
    mortal = [
        consumer("consumer-2"),
        worker("worker-2"),
        service("sync", "manage.py", "accredible_sync", "--no-progress", is_lasting=False, interval=_SYNC),
        operator,
    ]
    try:
        yield _World(lasting, mortal, operator)
    finally:
        for each in (*lasting.values(), *mortal):
            each.stop()


class _Owner:
    """Renames groups at Accredible, makes some and removes some."""

    def __init__(self, account: Any, chance: Random) -> None:
        self.done: Counter[str] = Counter()
        self._account = account
        self._chance = chance
        self._numbers = list(range(_FIRST_OTHER, _FIRST_OTHER + _OTHERS))
        for number in self._numbers:
            self._add(number)

    def rename(self) -> None:
        self.done["renamed"] += 1
        title = f"Renamed {self.done['renamed']}"
        self._account.update_group(self._chance.choice(self._numbers), course_name=title)

    def replace(self) -> None:
        self.done["replaced"] += 1
        self._account.remove_group(self._numbers.pop(self._chance.randrange(len(self._numbers))))
        self._numbers.append(_FIRST_OTHER + _OTHERS + self.done["replaced"])
        self._add(self._numbers[-1])

    def titles(self) -> set[tuple[int, str]]:
        return {(group["id"], group["course_name"]) for group in self._account.groups()}

    def _add(self, number: int) -> None:
        self._account.add_group(id=number, name=f"other-{number}", course_name=f"Other {number}")


class _Scales:
    """Weighs processes: MB that would be free if they ended, by minute."""

    def __init__(self, services: dict[str, Service]) -> None:
        self.samples: list[dict[str, float]] = []
        self._services = services
        self._began = time.monotonic()

    def weigh(self) -> None:
        memory = {name: round(service.memory_mb(), 2) for name, service in self._services.items()}
        self.samples.append({"minute": round((time.monotonic() - self._began) / 60, 2), **memory})

    def growth(self) -> dict[str, float]:
        """From the second sixth of the time to the last one, by their medians."""
        sixth = max(1, len(self.samples) // 6)
        before, after = self.samples[sixth : 2 * sixth], self.samples[-sixth:]
        return {name: _median(after, name) - _median(before, name) for name in self._services}


def _median(samples: list[dict[str, float]], name: str) -> float:
    return statistics.median(sample[name] for sample in samples)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_served(url: str) -> bool:
    try:
        return requests.get(f"{url}/admin/login/", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("broker_url", ["redis"], indirect=True)
def test_an_hour_of_everything_loses_and_doubles_nothing_and_takes_no_more_memory(
    emulator: Emulator,
    mariadb_host: Callable[..., Host],
    broker_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        print(f"\n{MINUTES:g} minutes, SOAK_SEED={SEED}", flush=True)
    account = emulator.add_account(key=KEY, credits=1_000_000)
    add_groups(account)
    owner = _Owner(account, Random(SEED))
    emulator.rate_limit(_LIMIT, _WINDOW)
    host = mariadb_host()
    host.environment |= {
        "DELIVERY": "celery",
        "BROKER_URL": broker_url,
        "REDIS_URL": broker_url,
        "CELERY": json.dumps({"TASK_DEFAULT_QUEUE": QUEUE}),
        "CREDENTIALS_ACCREDIBLE": json.dumps(SETTINGS),
    }
    host.manage("accredible_sync")
    for task in ("configure", "employ"):
        inside(host, task)
    bus, port = Bus(Random(SEED)), _free_port()
    url = f"http://127.0.0.1:{port}"
    reader = Reader(url, Random(SEED))
    began = time.monotonic()

    with running(host, bus, port) as world:
        eventually(lambda: _is_served(url), 60)
        reader.log_in()
        scales = _Scales(world.lasting)
        trouble = Trouble(Random(SEED), host, emulator, world.mortal, pauses=_PAUSES, database=False)
        with ExitStack() as beside:
            for seconds, work in (
                (_READ, reader.read),
                (_WEIGH, scales.weigh),
                (_RENAME, owner.rename),
                (_REPLACE, owner.replace),
            ):
                beside.enter_context(Repeated(seconds, work))
            trouble.make(60 * MINUTES)
        # From here on, somebody else hears appeals.
        world.operator.stop()
        failed = drain(host, bus, _PATIENCE)
    drained = time.monotonic() - began - 60 * MINUTES
    host.manage("accredible_sync")

    pages = sorted(reader.seconds)
    report = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "minutes": MINUTES,
        "counts": {
            "events acknowledged": bus.sent["events"],
            "events delivered": bus.sent["deliveries"],
            "badges awarded": len(bus.awarded),
            "badges revoked": len(bus.revoked),
            "requests to Accredible": len(emulator.requests),
            "requests beyond the limit": sum(
                request.status == 429 and not request.fault for request in emulator.requests
            ),
            "groups renamed": owner.done["renamed"],
            "groups replaced": owner.done["replaced"],
            "pages read": len(pages),
            "rounds of the operator": world.operator.ends.count(0),
            "failed events, processed again": len(failed),
            "processes killed": trouble.kills.total(),
            "faults of Accredible": trouble.faults.total(),
        },
        "page_ms": {"median": 1000 * statistics.median(pages), "p99": 1000 * pages[int(len(pages) * 0.99)]},
        "drained_s": drained,
        "growth_mb": scales.growth(),
        "samples": scales.samples,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    with capsys.disabled():
        print(json.dumps({**report, "samples": len(scales.samples)}, indent=1))
        print(f"killed: {dict(trouble.kills)}; faults: {dict(trouble.faults)}; pages: {dict(reader.statuses)}")
        print(f"why events had failed: {Counter(failed) or 'none had'}", flush=True)
    assert_all_arrived_once(host, account, bus, [*world.lasting.values(), *world.mortal])
    assert set(host.rows(f"SELECT accredible_id, name FROM {GROUP_TABLE}")) == owner.titles()
    assert reader.broken == []
    # It is refused now and then, while a sync writes.
    assert world.operator.ends.count(0) > len(world.operator.ends) / 2
    assert {name: growth for name, growth in scales.growth().items() if growth > _MOST_GROWTH} == {}
