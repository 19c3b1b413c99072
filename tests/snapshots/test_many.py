"""Two hundred groups with fifty thousand learners are removed and restored, in bounded memory and small statements."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from demo.emulator.server import Emulator
from tests.embedded_host import Host, SqliteHosts

GROUPS, LEARNERS = 200, 50_000

# MB that a process may grow by, and bytes of a statement; MariaDB takes 16 MB of these where nobody has set it.
GROWTH, STATEMENT = 200, 4_000_000

_TABLE = "credentials_accredible_"
_CONTENTS = (
    f"SELECT g.accredible_id, r.blend, u.username, f.context FROM {_TABLE}fulfillment f "
    f"JOIN {_TABLE}badgerequirement r ON r.id = f.requirement_id "
    f"JOIN {_TABLE}badgeprogress p ON p.id = f.progress_id "
    f"JOIN {_TABLE}accrediblegroup g ON g.id = p.group_id JOIN core_user u ON u.id = p.user_id "
    "ORDER BY u.username, r.blend"
)


def contents(host: Host) -> tuple[int, int]:
    """How many fulfilments there are, and a fingerprint of whose they are, of what, and by what."""
    rows = host.rows(_CONTENTS)
    return len(rows), zlib.crc32(repr(rows).encode())


def measured(host: Host, *command: str) -> dict[str, Any]:
    """Run a command in a process of its own; what it took."""
    process = host.start("-m", "tests.snapshots.measured", *command)
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, out + err
    figures: dict[str, Any] = json.loads(out.splitlines()[-1])
    print(*command, figures)
    return figures


def remove_and_restore(host: Host, emulator: Emulator) -> None:
    """Fill, sync with an account that has none of the groups, restore what the run has removed, and compare."""
    emulator.add_account(key="main-key-0001").add_group(name="stays", course_name="Stays")
    filled = host.start("-m", "tests.snapshots.many", str(GROUPS), str(LEARNERS))
    _out, err = filled.communicate(timeout=600)
    assert filled.returncode == 0, err
    before = contents(host)
    badges = f"SELECT COUNT(*) FROM {_TABLE}accrediblebadge WHERE group_id IS NOT NULL"
    linked = host.rows(badges)

    removal = measured(host, "accredible_sync", "--force")
    assert contents(host)[0] == 0
    assert host.rows(badges) == [(0,)]
    [(run,)] = host.rows(f"SELECT id FROM {_TABLE}syncrun")
    preview = measured(host, "accredible_restore", "--run", str(run), "--dry-run", "--format", "json")
    restoring = measured(host, "accredible_restore", "--run", str(run), "--format", "json")

    assert contents(host) == before
    assert host.rows(badges) == linked
    assert host.rows(f"SELECT COUNT(*) FROM {_TABLE}accrediblegroup WHERE is_active") == [(0,)]
    for figures in (removal, preview, restoring):
        assert figures["growth_mb"] < GROWTH
        assert figures["largest_statement"] < STATEMENT


@pytest.mark.endurance
def test_on_sqlite(emulator: Emulator, tmp_path: Path, sqlite_host: SqliteHosts) -> None:
    remove_and_restore(sqlite_host(tmp_path, emulator.url), emulator)
