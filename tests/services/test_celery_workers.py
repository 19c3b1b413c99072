"""Workers that end, die or have no broker, and those who deliver beside them."""

from __future__ import annotations

import copy
import random
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host
from tests.services.brokers import World, account, afresh, idle_host
from tests.services.workers import Decider, assert_each_once, beat, eventually, story, tally, workers

__all__ = ["account", "idle_host"]

pytestmark = pytest.mark.services

NUMBER = 100
KILLS = 3


@pytest.fixture
def world(idle_host: World, account: Any) -> Iterator[World]:
    """The host without workers, and nothing decided."""
    yield from afresh(idle_host)


def all_delivered(host: Host) -> bool:
    """Whether each badge is accepted, and nobody has it any more."""
    return tally(host) == [("accepted", 0, NUMBER)]


def test_workers_killed_in_the_middle_leave_every_badge_with_one_credential(
    emulator_server: Emulator, account: Any, world: World
) -> None:
    host, decider = world
    chance = random.Random(4)
    emulator_server.fault("slow", seconds=0.4, pattern="^/v(1/credentials|2/credentials/bulk_create)$", times=None)
    decider.tell("pass", NUMBER // 2)
    decider.tell("together", NUMBER // 2)

    for _ in range(KILLS):
        with workers(host, 2) as running:
            time.sleep(chance.uniform(0.2, 1.0))
            for worker in running:
                worker.kill()

    emulator_server.clear_faults()
    # A beat has the workers look again, also at what the dead ones had, when their leases are over.
    with workers(host, 2), beat(host):
        eventually(lambda: all_delivered(host), 40, lambda: story(host))
    assert_each_once(account, host, NUMBER)


def test_a_worker_that_is_asked_to_end_lets_go_at_once_and_another_goes_on(
    emulator_server: Emulator, account: Any, world: World
) -> None:
    host, decider = world
    slow = emulator_server.fault("slow", seconds=0.4, path="/v1/credentials/", method="PUT", times=None)
    with workers(host, 1):
        decider.tell("pass", NUMBER)
        eventually(lambda: all_delivered(host), 40, lambda: story(host))
    decider.tell("fail", NUMBER)

    with workers(host, 1) as [worker]:
        eventually(lambda: slow.hits > 2, 10)
        assert worker.stop() < 15

    assert [row for row in tally(host) if row[1]] == []
    assert 0 < {state: count for state, _claimed, count in tally(host)}["accepted"] < NUMBER
    emulator_server.clear_faults()
    with workers(host, 1):
        # Without a sweep: the one that ended has left a task behind.
        eventually(lambda: tally(host) == [("expired", 0, NUMBER)], 40, lambda: story(host))


def test_a_broker_that_is_away_costs_no_event_and_the_sweep_finds_what_was_decided(account: Any, world: World) -> None:
    host, _decider = world
    lonely = copy.copy(host)
    lonely.environment = {**host.environment, "BROKER_URL": "amqp://guest:guest@127.0.0.1:1//"}
    decider = Decider(lonely, 1)

    assert decider.tell("pass", 30) < 60
    decider.end()
    assert tally(host) == [("created", 0, 30)]

    with workers(host, 1), beat(host):
        eventually(lambda: tally(host) == [("accepted", 0, 30)], 20, lambda: story(host))
    assert_each_once(account, host, 30)


def test_the_command_delivers_beside_workers(emulator_server: Emulator, account: Any, world: World) -> None:
    host, decider = world
    emulator_server.fault("slow", seconds=0.1, pattern="^/v(1/credentials|2/credentials/bulk_create)$", times=None)
    watch = host.start("manage.py", "accredible_deliver", "--watch", stdout=subprocess.PIPE)
    with workers(host, 1):
        decider.tell("pass", NUMBER)
        eventually(lambda: all_delivered(host), 40, lambda: story(host))
    watch.terminate()
    watch.communicate(timeout=20)

    assert watch.returncode == 0
    assert_each_once(account, host, NUMBER)
