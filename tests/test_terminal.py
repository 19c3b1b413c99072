"""``accredible_sync`` on a real terminal, and in a pipe."""

from __future__ import annotations

import os
import pty
from pathlib import Path

from demo.emulator.server import Emulator
from tests.embedded_host import Host, SqliteHosts


def on_terminal(host: Host, *arguments: str) -> tuple[int, str]:
    """Exit status and output of a command whose standard streams are a terminal."""
    ours, theirs = pty.openpty()
    process = host.start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 4096):
            output += piece
    except OSError:
        pass  # the terminal is gone when the process is
    os.close(ours)
    return process.wait(timeout=60), output.decode()


def test_a_terminal_shows_progress_and_a_pipe_does_not(
    emulator: Emulator, tmp_path: Path, sqlite_host: SqliteHosts
) -> None:
    emulator.add_account(key="main-key-0001", seed=20)
    host = sqlite_host(tmp_path, emulator.url)
    host.environment["TERM"] = "xterm"

    status, shown = on_terminal(host, "manage.py", "accredible_sync")
    piped = host.run("manage.py", "accredible_sync")
    quiet_status, quiet = on_terminal(host, "manage.py", "accredible_sync", "--no-progress")

    assert status == quiet_status == piped.returncode == 0, shown
    assert "Main: applying" in shown
    assert "20 created" in shown
    assert "Main: applying" not in quiet + piped.stdout + piped.stderr
    assert "\x1b" not in piped.stdout
