"""A host with a real broker, with and without workers behind it. For modules to import as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.embedded_host import Host, SqliteHosts
from tests.services.conftest import QUEUE
from tests.services.workers import Decider, eventually, settle, story, tally, workers

World = tuple[Host, Decider]


@pytest.fixture(scope="module")
def idle_host(
    broker_url: str, emulator_server: Emulator, tmp_path_factory: pytest.TempPathFactory, sqlite_host: SqliteHosts
) -> Iterator[World]:
    """A host whose badges wait in the broker, and a process that decides those of group 1."""
    host = sqlite_host(tmp_path_factory.mktemp("host"), emulator_server.url)
    settle(host, broker_url, QUEUE)
    decider = Decider(host, 1)
    yield host, decider
    decider.end()


@pytest.fixture(scope="module")
def busy_host(idle_host: World) -> Iterator[World]:
    """The same with two workers."""
    with workers(idle_host[0]):
        yield idle_host


@pytest.fixture
def account(emulator_server: Emulator) -> Iterator[Any]:
    """An account with group 1, and no faults."""
    emulator_server.reset()
    account = emulator_server.add_account(key=KEY)
    account.add_group(name="badge", course_name="Badge", id=1)
    yield account
    emulator_server.clear_faults()


def afresh(world: World) -> Iterator[World]:
    """That host, in which nothing is decided yet; at the end no sender has anything any more."""
    host, decider = world
    decider.tell("forget")
    yield host, decider
    eventually(lambda: not any(claimed for _state, claimed, _count in tally(host)), 15, lambda: story(host))
