"""Events of one learner at the same moment, on several connections to SQLite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.badges.at_once import ROUNDS, SCENARIOS
from tests.embedded_host import SqliteHosts


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_events_at_the_same_moment_give_one_badge_and_none_is_lost(
    tmp_path: Path, sqlite_host: SqliteHosts, scenario: str
) -> None:
    host = sqlite_host(tmp_path, "http://127.0.0.1:9")

    done = host.run("-m", "tests.badges.at_once", scenario)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict.fromkeys(["badges", "learners", "complete", "progress", "told"], ROUNDS) | {
        "failed": 0
    }
