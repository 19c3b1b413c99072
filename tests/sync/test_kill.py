"""A process that is killed in the middle of a sync leaves the database as it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from demo.emulator.server import Emulator
from tests.host import GROUP_TABLE, sqlite_host

# How the statements begin that write groups, each in batches.
INSERT, UPDATE, DELETE = (f'{verb} "{GROUP_TABLE}"' for verb in ("INSERT INTO", "UPDATE", "DELETE FROM"))


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (INSERT, 1),
        (INSERT, 9),
        (UPDATE, 2),
        (DELETE, 1),
        ('UPDATE "credentials_accredible_syncrun" SET "status"', 1),
    ],
    ids=["first-insert", "last-insert", "update", "removal", "before-commit"],
)
def test_a_sync_of_2000_groups_killed_anywhere_leaves_the_groups_as_they_were(
    emulator: Emulator, tmp_path: Path, statement: str, number: int
) -> None:
    account = emulator.add_account(key="main-key-0001")
    known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(1200)]
    host = sqlite_host(tmp_path, emulator.url)
    host.set_up()
    host.manage("accredible_sync")
    before = host.groups()
    assert len(before) == 1200
    for accredible_id in known[:100]:
        account.remove_group(accredible_id)
    for accredible_id in known[100:400]:
        account.update_group(accredible_id, course_name="Changed")
    for n in range(900):
        account.add_group(name=f"new-{n}", course_name=f"New group {n}")

    killed = host.run("-m", "tests.sync.killed_sync", statement, str(number))

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert host.groups() == before
    assert host.rows("SELECT status FROM credentials_accredible_syncrun ORDER BY id DESC LIMIT 1") == [("running",)]

    host.manage("accredible_sync")

    assert len(host.groups()) == 2000
    runs = host.rows("SELECT status, lock_id FROM credentials_accredible_syncrun ORDER BY id")
    assert runs == [("succeeded", None), ("failed", None), ("succeeded", None)]
