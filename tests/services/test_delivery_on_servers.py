"""Senders that are killed, and senders at the same moment, on database servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.delivery.test_kill import assert_each_once, kill_senders, slow_down
from tests.embedded_host import Host

pytestmark = pytest.mark.services


@pytest.mark.parametrize("senders", [1, 4])
@pytest.mark.parametrize("what", ["issue", "revoke"])
def test_killed_senders_leave_every_badge_with_one_credential(
    emulator: Emulator, account: Any, server_host: Callable[..., Host], what: str, senders: int
) -> None:
    host = server_host()
    slow_down(emulator)

    figures = kill_senders(account, host, what, 52, senders=senders)

    assert_each_once(account, host, figures["badges"], revoked=what == "revoke")
