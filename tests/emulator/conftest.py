"""An emulator with one account, and a client that has its key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api

KEY = "key-0001"


@pytest.fixture
def emulator(emulator_server: Emulator) -> Emulator:
    """An emulator that knows nothing yet."""
    emulator_server.reset()
    return emulator_server


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account without content."""
    return emulator.add_account(key=KEY)


@pytest.fixture
def api(emulator: Emulator, account: Account) -> Iterator[Api]:
    """A client of that account."""
    with Api(emulator.url, KEY) as client:
        yield client


@pytest.fixture
def group(account: Account) -> int:
    """A group of that account, with a design, which refuses duplicates."""
    return int(account.add_group(name="internal", course_name="Statistics")["id"])
