"""Two workers behind a real broker: whatever goes wrong at Accredible, every badge ends with exactly one credential.

No beat sweeps up after them: the tasks that they leave for one another are enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.delivery.test_faults import FAULTS
from tests.services.brokers import World, account, afresh, busy_host, idle_host
from tests.services.workers import BADGES, assert_each_once, eventually, story, tally

__all__ = ["account", "busy_host", "idle_host"]

pytestmark = pytest.mark.services

NUMBER = 100
# What becomes of a badge is the same with each broker: the most telling ones each time, all in endurance.
TELLING = {
    "rabbitmq": {"429", "cut-before", "cut-after", "timeout-after-the-work", "html-404", "broken-json", "reversed"},
    "redis": {"429", "timeout-after-the-work"},
}
CASES = [
    pytest.param(broker, name, marks=[] if name in telling else [pytest.mark.endurance])
    for broker, telling in TELLING.items()
    for name in FAULTS
]


@pytest.fixture
def world(busy_host: World, account: Any) -> Iterator[World]:
    """The host with its workers, and nothing decided."""
    yield from afresh(busy_host)


@pytest.mark.parametrize("command", ["pass", "together"], ids=["single", "bulk"])
@pytest.mark.parametrize(("broker_url", "name"), CASES, indirect=["broker_url"], scope="module")
def test_a_fault_while_issuing_neither_loses_nor_doubles(
    emulator_server: Emulator, account: Any, world: World, name: str, command: str
) -> None:
    host, decider = world
    for after in (0, 1, 2):
        emulator_server.fault(
            **FAULTS[name], pattern="^/v(1/credentials|2/credentials/bulk_create)$", method="POST", after=after
        )

    decider.tell(command, NUMBER)

    eventually(lambda: tally(host) == [("accepted", 0, NUMBER)], 60, lambda: story(host))
    assert_each_once(account, host, NUMBER)


def test_a_fault_while_revoking_is_followed_by_the_revocation(
    emulator_server: Emulator, account: Any, world: World
) -> None:
    host, decider = world
    decider.tell("pass", 20)
    eventually(lambda: tally(host) == [("accepted", 0, 20)], 60, lambda: story(host))
    for kind in ("cut_before", "cut_after", "html"):
        emulator_server.fault(kind, path="/v1/credentials/", method="PUT", times=2)

    decider.tell("fail", 20)

    eventually(lambda: tally(host) == [("expired", 0, 20)], 60, lambda: story(host))
    assert_each_once(account, host, 20, state="expired")
    assert all(credential.expired_on for credential in account.credential_by_id.values())


def test_revocations_that_overtake_the_issuing_leave_nothing_valid(
    emulator_server: Emulator, account: Any, world: World
) -> None:
    host, decider = world
    emulator_server.fault("slow", seconds=0.3, pattern="^/v(1/credentials|2/credentials/bulk_create)$", times=None)

    decider.tell("pass", 40)
    decider.tell("fail", 40)

    def is_done() -> bool:
        states = {(state, claimed) for state, claimed, _count in tally(host)}
        # A badge that was revoked before it was ever sent is never sent, and stays as it was decided.
        waiting = host.rows(f"SELECT COUNT(*) FROM {BADGES} WHERE next_attempt_at IS NOT NULL")[0][0]
        return states <= {("expired", 0), ("created", 0)} and not waiting

    eventually(is_done, 60, lambda: story(host))
    assert all(credential.expired_on for credential in account.credential_by_id.values())
    expired = {state: count for state, _claimed, count in tally(host)}.get("expired", 0)
    assert len(account.credential_by_id) == expired
