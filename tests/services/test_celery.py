"""Workers behind a real broker: every badge gets one credential, whatever fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.delivery.test_faults import FAULTS
from tests.host import Host, sqlite_host
from tests.services.conftest import QUEUE
from tests.services.workers import (
    Decider,
    assert_each_once,
    eventually,
    settle,
    tally,
    workers,
)

pytestmark = pytest.mark.services

NUMBER = 100


@pytest.fixture(scope="module")
def shared_host(
    broker_url: str, emulator_server: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Host, Decider]]:
    """A host with two workers, and a process that decides badges of group 1."""
    host = sqlite_host(tmp_path_factory.mktemp("host"), emulator_server.url)
    settle(host, broker_url, QUEUE)
    host.set_up()
    with workers(host):
        decider = Decider(host, 1)
        yield host, decider
        decider.end()


@pytest.fixture
def account(emulator_server: Emulator) -> Iterator[Any]:
    """An account with group 1, and no faults."""
    emulator_server.reset()
    account = emulator_server.add_account(key=KEY)
    account.add_group(name="badge", course_name="Badge", id=1)
    yield account
    emulator_server.clear_faults()


@pytest.fixture
def world(shared_host: tuple[Host, Decider], account: Any) -> Iterator[tuple[Host, Decider]]:
    """The host with the account; nothing is decided yet."""
    host, decider = shared_host
    decider.tell("forget")
    yield host, decider
    eventually(lambda: not any(claimed for _state, claimed, _count in tally(host)), 15)


@pytest.mark.parametrize("command", ["pass", "together"], ids=["single", "bulk"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_while_issuing_neither_loses_nor_doubles(
    emulator_server: Emulator, account: Any, world: tuple[Host, Decider], fault: dict[str, Any], command: str
) -> None:
    host, decider = world
    for after in (0, 1, 2):
        emulator_server.fault(
            **fault, pattern="^/v(1/credentials|2/credentials/bulk_create)$", method="POST", after=after
        )

    decider.tell(command, NUMBER)

    eventually(lambda: tally(host) == [("accepted", 0, NUMBER)], 30, lambda: tally(host))
    assert_each_once(account, host, NUMBER)
