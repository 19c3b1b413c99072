"""The rows of the fault matrix in which the database is away while senders work, on the server of DATABASE_URL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.matrix import AT_ONCE, STEPS, assert_ended, begin, deliver_all
from tests.delivery.outbox import hurried
from tests.services.proxy import Proxy

__all__ = ["hurried"]

pytestmark = [
    pytest.mark.endurance,
    pytest.mark.usefixtures("hurried"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="no server that could go away: set DATABASE_URL"),
]

PORTS = {"mysql": 3306, "postgresql": 5432}
# Seconds after which another sender takes over what a sender had whose connection was cut.
LEASE = 10
MATRIX = [
    pytest.param(step, seconds, at_once, id=f"{step}-{seconds}s-{name}")
    for step in STEPS
    for seconds in (1, 5)
    for name, at_once in AT_ONCE.items()
]
MATRIX.append(pytest.param("issuing", 60, AT_ONCE["bulk"], id="issuing-60s-bulk"))


@pytest.fixture
def proxy(transactional_db: None) -> Iterator[Proxy]:
    """In front of the database server, for the connections that are made from here on."""
    address = connection.settings_dict
    before = {"HOST": address["HOST"], "PORT": address["PORT"]}
    made = Proxy(before["HOST"], int(before["PORT"] or PORTS[connection.vendor]))
    connection.close()
    address.update(HOST="127.0.0.1", PORT=made.port)
    yield made
    made.cut(away=False)
    connection.close()
    address.update(before)
    made.end()


@pytest.mark.parametrize(("step", "seconds", "at_once"), MATRIX)
def test_a_database_that_is_away_costs_no_badge(
    emulator: Emulator,
    account: Any,
    plugin_settings: PluginSettings,
    proxy: Proxy,
    step: str,
    seconds: float,
    at_once: int,
) -> None:
    """It goes in the middle of a request, and of what comes after one."""
    plugin_settings(DELIVERY_LEASE=LEASE)
    group = begin(account, plugin_settings, STEPS[step])
    emulator.fault("slow", seconds=0.05, **STEPS[step].where, times=20)

    def go_away() -> None:
        for requests, away in ((1, seconds), (3, 0.2)):
            while len(emulator.requests) < requests:
                time.sleep(0.005)
            proxy.cut(away=True)
            time.sleep(away)
            proxy.cut(away=False)

    outage = Thread(target=go_away, daemon=True)
    outage.start()
    deliver_all(group, at_once)
    outage.join(timeout=seconds + 10)

    assert not outage.is_alive()
    assert_ended(account, STEPS[step])
