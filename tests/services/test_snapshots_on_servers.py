"""Removing and restoring on database servers: many learners, and a process that is killed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from time import sleep

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host
from tests.snapshots.test_many import contents, remove_and_restore

pytestmark = pytest.mark.services


@pytest.mark.endurance
def test_many_learners(emulator: Emulator, server_host: Callable[..., Host]) -> None:
    remove_and_restore(server_host(), emulator)


def test_a_restoration_that_is_killed_leaves_nothing_behind(
    emulator: Emulator, server_host: Callable[..., Host]
) -> None:
    emulator.add_account(key="main-key-0001").add_group(name="stays", course_name="Stays")
    host = server_host()
    filled = host.run("-m", "tests.snapshots.many", "5", "1000")
    assert filled.returncode == 0, filled.stderr
    before = contents(host)
    host.manage("accredible_sync", "--force")
    groups = host.groups()

    killed = host.run(
        "-m", "tests.killed", "INSERT INTO 'credentials_accredible_fulfillment'", "3", "accredible_restore",
        "--run", "1",
    )  # fmt: skip

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert (contents(host)[0], host.groups()) == (0, groups)
    host.manage("accredible_restore", "--run", "1")
    assert contents(host) == before


def test_whatever_a_learner_has_done_before_the_removal_is_in_the_snapshot(
    emulator: Emulator, server_host: Callable[..., Host]
) -> None:
    emulator.add_account(key="main-key-0001").add_group(name="stays", course_name="Stays")
    host = server_host()
    filled = host.run("-m", "tests.snapshots.many", "3", "60")
    assert filled.returncode == 0, filled.stderr
    progress = "SELECT COUNT(*) FROM credentials_accredible_badgeprogress"

    senders = [host.start("-m", "tests.snapshots.learning", name, "150") for name in ("ada", "bob", "eve")]
    while host.rows(progress)[0][0] < 100:
        assert any(sender.poll() is None for sender in senders)
        sleep(0.05)
    synced = host.run("manage.py", "accredible_sync", "--force")
    output = [sender.communicate(timeout=120) for sender in senders]

    assert synced.returncode == 0, synced.stdout + synced.stderr
    assert [sender.returncode for sender in senders] == [0, 0, 0], output
    fulfilled = sum(int(out.split()[-1]) for out, _err in output)
    # Each event fulfils the two requirements of each group.
    assert host.rows("SELECT SUM(learners) FROM credentials_accredible_groupsnapshot") == [(60 + fulfilled // 2,)]
    assert 60 < 60 + fulfilled // 2 < 60 + 3 * 150 * 3, "the removal came in between"
    assert host.rows(progress) == [(0,)]
