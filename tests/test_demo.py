"""The demo tells the whole story, and ends well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.embedded_host import ROOT


def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}}
    done = subprocess.run(
        [sys.executable, "-m", "demo.story"],
        cwd=ROOT,
        env={**environment, "DEMO_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = iter(done.stdout.splitlines())
    for line in (
        "Main account: succeeded: 135 created",
        "135 groups, 0 of them active.",
        "Main account: would be synced: 1 created, 1 updated, 132 unchanged, 2 removed",
        "Main account: succeeded: 1 created, 1 updated, 132 unchanged, 2 removed",
        "Main account: succeeded: 0 created, 0 updated, 134 unchanged, 0 removed",
        "progress 0.5, no badge yet",
        "progress 1.0, badge awarded",
        "answers 200, the credential is valid.",
        "It tells: Last course: course-v1:edX+DemoX+Second",
        "progress 0.5, badge revoked",
        "answers 200, the credential has expired.",
    ):
        assert any(line in shown for shown in told), f"{line!r} is missing, or in another place:\n{done.stdout}"
