"""People who decide the same at the same moment, on several connections to SQLite."""

from __future__ import annotations

import json
from pathlib import Path

from tests.delivery.hands_at_once import mistakes
from tests.embedded_host import SqliteHosts


def test_what_is_decided_twice_at_the_same_moment_is_decided_once(tmp_path: Path, sqlite_host: SqliteHosts) -> None:
    host = sqlite_host(tmp_path, "http://127.0.0.1:9")

    done = host.run("-m", "tests.delivery.hands_at_once")

    assert done.returncode == 0, done.stderr
    assert mistakes(json.loads(done.stdout)) == []
