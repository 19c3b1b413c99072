"""Events come in and go out through the event bus of Open edX, on a real Redis, each side in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.embedded_host import Host
from tests.services.conftest import URLS
from tests.services.lms import TOPIC
from tests.services.workers import BADGES, assert_each_once, eventually, tally

pytestmark = pytest.mark.services

NUMBER = 200
OUTGOING = "badges-out"
AWARDED, REVOKED = "org.openedx.learning.badge.awarded.v1", "org.openedx.learning.badge.revoked.v1"


@pytest.fixture
def prefix() -> Iterator[str]:
    """What topics begin with; all of them are gone afterwards."""
    prefix = f"accredible-test-{uuid4().hex}"
    yield prefix
    with redis.Redis.from_url(URLS["redis"]) as client:
        for topic in (TOPIC, OUTGOING):
            client.delete(f"{prefix}-{topic}")


@pytest.fixture
def account(emulator: Emulator) -> Any:
    """An account with group 1."""
    account = emulator.add_account(key=KEY)
    account.add_group(name="badge", course_name="Badge", id=1)
    return account


@pytest.fixture
def bus_host(account: Any, database_host: Host, prefix: str) -> Host:
    """A host on the bus, in which passing a course earns the badge of group 1, and failing it takes that back."""
    out = {OUTGOING: {"event_key_field": "badge.uuid", "enabled": True}}
    database_host.environment["EVENT_BUS"] = json.dumps({
        "CONSUMER": "edx_event_bus_redis.RedisEventConsumer",
        "PRODUCER": "edx_event_bus_redis.create_producer",
        "REDIS_CONNECTION_URL": URLS["redis"],
        "TOPIC_PREFIX": prefix,
        "PRODUCER_CONFIG": {AWARDED: out, REVOKED: out},
    })  # fmt: skip
    # It makes the group and its rules, and ends.
    database_host.start("-m", "tests.services.decider", "1", stdin=subprocess.PIPE).communicate(timeout=60)
    return database_host


class Lms:
    """Sends events of learners."""

    def __init__(self, host: Host) -> None:
        self._process = host.start("-m", "tests.services.lms", stdin=subprocess.PIPE)
        self._expect("ready")

    def tell(self, command: str, first: int, end: int) -> None:
        """Have the learners ``first`` to ``end`` - 1 pass, or fail."""
        assert self._process.stdin
        print(command, first, end, file=self._process.stdin, flush=True)
        self._expect("sent")

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=10)

    def _expect(self, answer: str) -> None:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line == answer, self._process.communicate(timeout=10)


@pytest.fixture
def lms(bus_host: Host) -> Iterator[Lms]:
    """The other side of the bus."""
    lms = Lms(bus_host)
    yield lms
    lms.end()


@contextmanager
def consumer(host: Host) -> Iterator[None]:
    """A consumer, started as the documentation says, and killed at the end, wherever it is."""
    log = Path(host.environment["DEMO_DATA_DIR"]) / "consumer.log"
    with log.open("a") as file:
        process = host.start(
            "manage.py", "consume_events", "--topic", TOPIC, "--group_id", "accredible", "--extra",
            json.dumps({"consumer_name": "accredible", "check_backlog": True}),
            stdout=file.fileno(), stderr=file.fileno(),
        )  # fmt: skip
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


def decided(host: Host, status: str) -> int:
    """How many badges there are of that status."""
    return int(host.rows(f"SELECT COUNT(*) FROM {BADGES} WHERE status = '{status}'")[0][0])


def told(prefix: str) -> Counter[str]:
    """How many events of each type went out."""
    with redis.Redis.from_url(URLS["redis"]) as client:
        return Counter(fields[b"type"].decode() for _id, fields in client.xrange(f"{prefix}-{OUTGOING}"))


def test_consumers_that_are_killed_in_the_middle_cost_no_event_and_double_none(
    account: Any, bus_host: Host, lms: Lms, prefix: str
) -> None:
    with consumer(bus_host):
        lms.tell("pass", 0, NUMBER // 2)
        eventually(lambda: decided(bus_host, "awarded") >= 20, 60)
    lms.tell("pass", NUMBER // 2, NUMBER)
    with consumer(bus_host):
        eventually(lambda: decided(bus_host, "awarded") == NUMBER, 90, lambda: tally(bus_host))
        # One that was killed between its badge and the signal has told nobody.
        eventually(lambda: NUMBER - 1 <= told(prefix)[AWARDED] <= NUMBER, 10, lambda: told(prefix))

    bus_host.manage("accredible_deliver")

    assert_each_once(account, bus_host, NUMBER)
    # And back: what was earned through the bus is taken back through it.
    lms.tell("fail", 0, NUMBER)
    with consumer(bus_host):
        eventually(lambda: decided(bus_host, "revoked") >= NUMBER // 2, 60, lambda: tally(bus_host))
    with consumer(bus_host):
        eventually(lambda: decided(bus_host, "revoked") == NUMBER, 90, lambda: tally(bus_host))
        eventually(lambda: told(prefix)[REVOKED] >= NUMBER - 1, 10, lambda: told(prefix))

    bus_host.manage("accredible_deliver")

    assert_each_once(account, bus_host, NUMBER, state="expired")
    assert all(credential.expired_on for credential in account.credential_by_id.values())
