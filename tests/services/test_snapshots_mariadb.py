"""Removing and restoring on MariaDB: many learners, and a process that is killed."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from demo.emulator.server import Emulator
from tests.host import Host
from tests.snapshots.test_many import contents, remove_and_restore

pytestmark = pytest.mark.services


def test_many_learners(emulator: Emulator, mariadb_host: Callable[..., Host]) -> None:
    remove_and_restore(mariadb_host(), emulator)


def test_a_restoration_that_is_killed_leaves_nothing_behind(
    emulator: Emulator, mariadb_host: Callable[..., Host]
) -> None:
    emulator.add_account(key="main-key-0001").add_group(name="stays", course_name="Stays")
    host = mariadb_host()
    filled = host.run("-m", "tests.snapshots.many", "5", "1000")
    assert filled.returncode == 0, filled.stderr
    before = contents(host)
    host.manage("accredible_sync", "--force")
    groups = host.groups()

    killed = host.run(
        "-m", "tests.snapshots.killed", "INSERT INTO `credentials_accredible_fulfillment`", "3", "accredible_restore",
        "--run", "1",
    )  # fmt: skip

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert (contents(host)[0], host.groups()) == (0, groups)
    host.manage("accredible_restore", "--run", "1")
    assert contents(host) == before
