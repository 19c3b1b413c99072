"""Workers on the database that services have, where rows are locked and not the whole: everything at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.conftest import KEY
from tests.embedded_host import Host
from tests.services.conftest import QUEUE
from tests.services.workers import Decider, assert_each_once, beat, eventually, settle, story, tally, workers

pytestmark = pytest.mark.services

NUMBER = 200


@pytest.mark.parametrize("broker_url", ["rabbitmq"], indirect=True)
def test_faults_a_killed_worker_and_many_at_once_leave_every_badge_with_one_credential(
    emulator: Emulator, mariadb_host: Callable[..., Host], broker_url: str
) -> None:
    account: Any = emulator.add_account(key=KEY)
    account.add_group(name="badge", course_name="Badge", id=1)
    host = mariadb_host()
    settle(host, broker_url, QUEUE)
    issuing = {"pattern": "^/v(1/credentials|2/credentials/bulk_create)$", "method": "POST"}
    for after, kind in enumerate(("cut_after", "cut_before", "html", "broken_json"), start=1):
        emulator.fault(kind, after=3 * after, **issuing)
    emulator.fault("status", status=429, after=20, **issuing)
    slow = emulator.fault("slow", seconds=0.2, times=None, after=5, **issuing)
    decider = Decider(host, 1)

    with workers(host, 2) as [first, _second], beat(host):
        decider.tell("together", NUMBER // 2)
        decider.tell("pass", NUMBER // 2)
        eventually(lambda: slow.hits > 0, 20)
        first.kill()
        with workers(host, 1):
            eventually(lambda: tally(host) == [("accepted", 0, NUMBER)], 60, lambda: story(host))
    decider.end()

    assert_each_once(account, host, NUMBER)
