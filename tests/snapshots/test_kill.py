"""A process that is killed in the middle of a removal or a restoration leaves the database as it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host, SqliteHosts
from tests.snapshots.test_many import contents

pytestmark = pytest.mark.endurance

_TABLE = "credentials_accredible_"


@pytest.fixture
def host(emulator: Emulator, tmp_path: Path, sqlite_host: SqliteHosts) -> Host:
    """A host with three groups and 60 learners, whose account has none of them."""
    emulator.add_account(key="main-key-0001").add_group(name="stays", course_name="Stays")
    found = sqlite_host(tmp_path, emulator.url)
    filled = found.run("-m", "tests.snapshots.many", "3", "60")
    assert filled.returncode == 0, filled.stderr
    return found


def kill(host: Host, statement: str, number: int, *command: str) -> None:
    """Run a command that is killed at the statement."""
    killed = host.run("-m", "tests.killed", statement, str(number), *command)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr


def test_a_removal(host: Host) -> None:
    before, groups = contents(host), host.groups()
    kill(host, f"INSERT INTO '{_TABLE}snapshotpart'", 3, "accredible_sync", "--force")

    assert (contents(host), host.groups()) == (before, groups)
    assert host.rows(f"SELECT COUNT(*) FROM {_TABLE}groupsnapshot") == [(0,)]


def test_a_restoration(host: Host) -> None:
    before = contents(host)
    host.manage("accredible_sync", "--force")
    groups = host.groups()
    kill(host, f"INSERT INTO '{_TABLE}fulfillment'", 2, "accredible_restore", "--run", "1")

    assert (contents(host)[0], host.groups()) == (0, groups)
    assert host.rows(f"SELECT COUNT(*) FROM {_TABLE}groupsnapshot WHERE restored_at IS NOT NULL") == [(0,)]

    host.manage("accredible_restore", "--run", "1")
    assert contents(host) == before
