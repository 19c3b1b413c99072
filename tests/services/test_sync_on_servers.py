"""A sync on database servers: all of Unicode, one at a time, all or nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import GROUP_TABLE, Host

pytestmark = pytest.mark.services


@pytest.mark.parametrize("charset", ["utf8mb4", "utf8mb3"])
def test_every_character_survives_whatever_the_database_was_made_for(
    emulator: Emulator, mariadb_host: Callable[..., Host], charset: str
) -> None:
    account = emulator.add_account(key="main-key-0001")
    name, text = "🏅 Ελληνικά 漢字 العربية", "<p>🎓" + "long " * 20_000 + "</p>"
    account.add_group(name="g", course_name=name, course_description=text)
    host = mariadb_host(charset)

    host.manage("accredible_sync")
    second = host.manage("accredible_sync")

    assert host.rows(f"SELECT name, description FROM {GROUP_TABLE}") == [(name, text)]
    assert "0 created, 0 updated, 1 unchanged" in second


def test_a_page_of_long_descriptions_fits_into_the_packets_that_a_server_takes(
    emulator: Emulator, server_host: Callable[..., Host]
) -> None:
    account = emulator.add_account(key="main-key-0001")
    known = [account.add_group(course_description="'" * 180_000)["id"] for _number in range(100)]
    host = server_host()

    host.manage("accredible_sync")
    for number in known:
        account.update_group(number, course_description="é" * 90_000)
    host.manage("accredible_sync")

    counted = host.rows(f"SELECT description, COUNT(*) FROM {GROUP_TABLE} GROUP BY description")
    assert counted == [("é" * 90_000, 100)]
    for number in known[1:]:
        account.remove_group(number)
    assert "99 removed" in host.manage("accredible_sync", "--force")


@pytest.mark.parametrize(
    ("statement", "number"),
    [(f"INSERT INTO '{GROUP_TABLE}'", 3), ("UPDATE 'credentials_accredible_syncrun' SET 'status'", 1)],
    ids=["insert", "before-commit"],
)
def test_a_sync_that_is_killed_leaves_the_groups_as_they_were(
    emulator: Emulator, server_host: Callable[..., Host], statement: str, number: int
) -> None:
    account = emulator.add_account(key="main-key-0001")
    for n in range(2000):
        account.add_group(name=f"g-{n}", course_name=f"Group {n}")
    host = server_host()

    killed = host.run("-m", "tests.killed", statement, str(number), "accredible_sync")

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert host.groups() == []
    host.manage("accredible_sync")
    assert len(host.groups()) == 2000


def test_of_two_syncs_at_once_one_is_refused_and_no_group_is_there_twice(
    emulator: Emulator, server_host: Callable[..., Host]
) -> None:
    account = emulator.add_account(key="main-key-0001")
    for n in range(20):
        account.add_group(name=f"g-{n}", course_name=f"Group {n}")
    host = server_host()
    emulator.fault("slow", seconds=3, path="/v1/issuer/groups/search", times=1)

    processes = [host.start("manage.py", "accredible_sync") for _number in range(2)]
    output = [process.communicate(timeout=60)[0] for process in processes]

    assert sorted(process.returncode for process in processes) == [0, 1]
    assert any("A sync of “Main” is running since" in out for out in output)
    assert len(host.groups()) == 20
    statuses = host.rows("SELECT status FROM credentials_accredible_syncrun ORDER BY status")
    assert statuses == [("refused",), ("succeeded",)]
