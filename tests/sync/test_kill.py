"""A process that is killed in the middle of a sync leaves the database as it was."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import GROUP_TABLE, Host, SqliteHosts

# How the statements begin that write groups, each in batches.
INSERT, DELETE = (f"{verb} '{GROUP_TABLE}'" for verb in ("INSERT INTO", "DELETE FROM"))

KNOWN = 1200
# The same in every emulator, so that a group that is added to another one is unchanged.
ICON, MADE = "https://images.example.com/badge.png", "2026-01-01T00:00:00.000Z"


def add_known_groups(emulator: Emulator) -> Any:
    """An account with the groups that a host knows that ``know_groups`` has filled."""
    account = emulator.add_account(key="main-key-0001")
    account.add_design(rasterized_content_url=ICON)
    for n in range(KNOWN):
        account.add_group(name=f"g-{n}", course_name=f"Group {n}", created_at=MADE)
    return account


def know_groups(host: Host) -> None:
    """Sync the groups that the account has at first."""
    with Emulator() as emulator:
        add_known_groups(emulator)
        host.environment["ACCREDIBLE_EMULATOR_URL"] = emulator.url
        host.manage("accredible_sync")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (INSERT, 1),
        (INSERT, 9),
        # Updates are inserts that take over the rows that are there.
        (INSERT, 11),
        (DELETE, 1),
        ("UPDATE 'credentials_accredible_syncrun' SET 'status'", 1),
    ],
    ids=["first-insert", "last-insert", "update", "removal", "before-commit"],
)
def test_a_sync_of_2000_groups_killed_anywhere_leaves_the_groups_as_they_were(
    emulator: Emulator, tmp_path: Path, sqlite_host: SqliteHosts, statement: str, number: int
) -> None:
    host = sqlite_host(tmp_path, emulator.url, know_groups)
    before = host.groups()
    account = add_known_groups(emulator)
    known = [group["id"] for group in account.groups()]
    assert host.rows(f"SELECT accredible_id FROM {GROUP_TABLE} ORDER BY 1") == [(number,) for number in known]
    for accredible_id in known[:100]:
        account.remove_group(accredible_id)
    for accredible_id in known[100:400]:
        account.update_group(accredible_id, course_name="Changed")
    for n in range(900):
        account.add_group(name=f"new-{n}", course_name=f"New group {n}")

    killed = host.run("-m", "tests.killed", statement, str(number), "accredible_sync")

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert host.groups() == before
    assert host.rows("SELECT status FROM credentials_accredible_syncrun ORDER BY id DESC LIMIT 1") == [("running",)]

    host.manage("accredible_sync")

    assert len(host.groups()) == 2000
    runs = host.rows("SELECT status, lock_id FROM credentials_accredible_syncrun ORDER BY id")
    assert runs == [("succeeded", None), ("failed", None), ("succeeded", None)]
