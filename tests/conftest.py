"""The world the tests live in: one Accredible emulator, and settings that lead there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from credentials_accredible import database
from credentials_accredible.client import transport
from demo.emulator.server import Emulator
from tests.embedded_host import SqliteHosts
from tests.emptying import quick_emptying

# A browser is driven by a library that only the browser tests install.
collect_ignore = [] if find_spec("selenium") else ["browser"]

KEY = "main-key-0001"

PluginSettings = Callable[..., None]

# Faults are meant to be met, not to be waited for.
# What is decided is sent when a test says so.
IMPATIENT = {
    "REQUEST_ATTEMPTS": 2,
    "RETRY_MAX_WAIT": 0.01,
    "REQUEST_TIMEOUT": (1, 0.5),
    "RATE_LIMIT": (100_000, 1),
    "DELIVERY": "manual",
    # Nobody works on anything for longer than a test waits for it.
    "LATE_ANSWER_MINUTES": 0,
}


@pytest.fixture(scope="session", autouse=True)
def _quick_host() -> Iterator[None]:
    """Passwords are hashed once, and files looked for when they are asked for, not whenever a client is made."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers, WHITENOISE_AUTOREFRESH=True), quick_emptying():
        yield


@pytest.fixture
def plugin_settings(settings: Any) -> PluginSettings:
    """Changes settings of the plugin, as ``plugin_settings(PAGE_SIZE=7)``, and leaves the others as they are."""

    def change(**changes: Any) -> None:
        settings.CREDENTIALS_ACCREDIBLE = {**settings.CREDENTIALS_ACCREDIBLE, **changes}

    return change


@pytest.fixture(autouse=True)
def _nothing_leaves_by_itself(plugin_settings: PluginSettings, tmp_path: Path) -> None:
    plugin_settings(DELIVERY="manual", EVENT_SPOOL=str(tmp_path / "spool"))


def set_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database's clock be that of this host, as it is at this moment."""
    clock = database._Clock()
    clock._read_at = time.monotonic()
    clock._zero = timezone.now() - timedelta(seconds=clock._read_at)
    monkeypatch.setattr(database, "_clock", clock)


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock is known from the start, as that of this host, and no test moves it for others."""
    set_clock(monkeypatch)


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    """One server for all tests."""
    with Emulator() as server:
        yield server


@pytest.fixture
def emulator(emulator_server: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty Accredible; the environments ``emulator`` and ``eu`` lead there."""
    emulator_server.reset()
    # No test waits for what another one has sent to the same address.
    monkeypatch.setattr(transport, "_limiters", {})
    settings.CREDENTIALS_ACCREDIBLE = {
        **IMPATIENT,
        "EVENT_SPOOL": settings.CREDENTIALS_ACCREDIBLE["EVENT_SPOOL"],
        "ENVIRONMENTS": {
            "emulator": {"name": "Emulator", "api_url": emulator_server.url, "dashboard_url": emulator_server.url},
            "eu": {
                "name": "Europe",
                "api_url": emulator_server.url_of("eu"),
                "dashboard_url": emulator_server.url_of("eu"),
            },
        },
    }
    yield emulator_server
    emulator_server.clear_faults()


@pytest.fixture(scope="session")
def sqlite_host(tmp_path_factory: pytest.TempPathFactory) -> SqliteHosts:
    """Makes hosts that have tables, and a configuration of the account that the tests use."""
    directory = tmp_path_factory.getbasetemp()
    # Processes that run the tests side by side have directories beside each other.
    shared = directory.parent if os.environ.get("PYTEST_XDIST_WORKER") else directory
    return SqliteHosts(shared)


@pytest.fixture
def account(emulator: Emulator) -> Any:
    """An account without groups, whose key the factories use."""
    return emulator.add_account(key=KEY)
