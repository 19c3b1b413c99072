"""Celery workers, a beat and a process that decides badges: all of a host, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.embedded_host import ROOT, Host

BADGES = "credentials_accredible_accrediblebadge"
CONFIGS = "credentials_accredible_accredibleapiconfig"

SWEEP = "credentials_accredible.sweep_deliveries"

# Lines of a worker's log that an error shows.
_LAST_LINES = 60

# However the tests end, no worker lives longer than that, in seconds.
_LONGEST = "900"

# Nobody waits for delays here; the lease is the shortest there is.
HURRIED = {
    "DELIVERY_DELAYS": [0.05, 0.5],
    "DELIVERY_LEASE": 10,
    "REQUEST_TIMEOUT": [1, 0.5],
    "INLINE_TIMEOUT": [1, 0.5],
    "RATE_LIMIT": [100_000, 1],
    "LATE_ANSWER_MINUTES": 0,
}


def settle(host: Host, broker_url: str, queue: str) -> None:
    """Have the host hand its badges to workers that listen to ``queue``."""
    host.environment |= {
        "DELIVERY": "celery",
        "BROKER_URL": broker_url,
        "CELERY": json.dumps({"TASK_DEFAULT_QUEUE": queue, "BEAT_SCHEDULE": {"sweep": {"task": SWEEP, "schedule": 1}}}),
        "CREDENTIALS_ACCREDIBLE": json.dumps(HURRIED),
        # Its rate limit is not what these tests are about.
        "REDIS_URL": "",
    }


class Worker:
    """A worker with two children; what it logs is in a file."""

    def __init__(self, host: Host, name: str) -> None:
        self.log = Path(host.environment["DEMO_DATA_DIR"]) / f"{name}.log"
        self._file = self.log.open("w")
        self.process = subprocess.Popen(
            ["timeout", _LONGEST, sys.executable, "-m", "celery", "-A", "credentials_accredible", "worker",
             "--concurrency", "2", "--loglevel", "info", "--hostname", f"{name}-{uuid4().hex}@%h", "--without-mingle",
             "--without-gossip"],
            cwd=ROOT, env=host.environment, stdout=self._file, stderr=self._file, start_new_session=True,
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Return once it takes tasks."""
        eventually(lambda: "ready." in self.log.read_text(), 30, self.log.read_text)

    def kill(self) -> None:
        """Kill it with all its children, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        self._file.close()

    def stop(self) -> float:
        """Ask it to end; how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self._file.close()
        return time.monotonic() - began


@contextmanager
def workers(host: Host, count: int = 2) -> Iterator[list[Worker]]:
    """So many workers at work; those that are left at the end are stopped."""
    started = [Worker(host, f"worker-{n}") for n in range(count)]
    try:
        for worker in started:
            worker.wait_until_ready()
        yield started
    finally:
        for worker in started:
            if worker.process.poll() is None:
                worker.kill()


@contextmanager
def beat(host: Host) -> Iterator[None]:
    """A beat that has workers look every second whether something is due."""
    schedule = Path(host.environment["DEMO_DATA_DIR"]) / "beat"
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "credentials_accredible",
        "beat",
        "-s",
        str(schedule),
        "--pidfile=",
    ]
    process = subprocess.Popen(
        ["timeout", _LONGEST, *command], cwd=ROOT, env=host.environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


class Decider:
    """A process that decides badges when it is told to."""

    def __init__(self, host: Host, group: int) -> None:
        self._process = host.start("-m", "tests.services.decider", str(group), stdin=subprocess.PIPE)
        assert self._read() == "ready"

    def tell(self, command: str, count: int = 0) -> float:
        """Have it do that; how many seconds it took."""
        assert self._process.stdin
        self._process.stdin.write(f"{command} {count}\n")
        self._process.stdin.flush()
        return float(json.loads(self._read())["seconds"])

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=10)

    def _read(self) -> str:
        assert self._process.stdout
        assert self._process.stderr
        line = self._process.stdout.readline().strip()
        assert line, self._process.stderr.read()
        return line


def eventually(holds: Callable[[], bool], seconds: float, explain: Callable[[], Any] = lambda: "") -> None:
    """Return once it holds; an error with the explanation after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, explain()
        time.sleep(0.05)


def tally(host: Host) -> list[Any]:
    """How many badges there are in each state, and how many of these a sender has."""
    return host.rows(f"SELECT state, claim <> '', COUNT(*) FROM {BADGES} GROUP BY 1, 2 ORDER BY 1, 2")


def story(host: Host) -> str:
    """What there is to know where badges do not get on: their tally, and the end of what each worker has logged."""
    logs = sorted(Path(host.environment["DEMO_DATA_DIR"]).glob("*.log"))
    ends = ["\n".join([log.name, *log.read_text().splitlines()[-_LAST_LINES:]]) for log in logs]
    return "\n\n".join([str(tally(host)), *ends])


def assert_each_once(account: Any, host: Host, number: int, state: str = "accepted") -> None:
    """Every badge has one credential, which is its own, and there are no others."""
    assert tally(host) == [(state, 0, number)]
    uuids = sorted(str(uuid).replace("-", "") for (uuid,) in host.rows(f"SELECT uuid FROM {BADGES}"))
    made = sorted(str(item.license_id).replace("-", "") for item in account.credential_by_id.values())
    assert made == uuids
