"""The embedded host in processes of its own, on a real database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GROUP_TABLE = "credentials_accredible_accrediblegroup"

_ADD_CONFIG = (
    "from credentials_accredible.models import AccredibleAPIConfig as C;"
    "C.objects.create(name='Main', environment='emulator', api_key='main-key-0001')"
)


class Host:
    """Runs commands; ``connect`` opens its database past Django."""

    def __init__(self, directory: Path, database_url: str, emulator_url: str, connect: Callable[[], Any]) -> None:
        self.connect = connect
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "demo.settings",
            "DEMO_DATA_DIR": str(directory),
            "DATABASE_URL": database_url,
            "ACCREDIBLE_EMULATOR_URL": emulator_url,
            # What is decided is sent when a test says so.
            "DELIVERY": "manual",
        }

    def set_up(self) -> None:
        """Make the tables, and a configuration of the account that the tests use."""
        self.manage("migrate", "-v0")
        self.manage("shell", "-c", _ADD_CONFIG)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *arguments: str, **streams: int) -> subprocess.Popen[str]:
        """Start Python with these arguments; its streams are pipes where no others are given."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=self.environment, text=True, **pipes)

    def manage(self, *arguments: str) -> str:
        """Run a management command that has to succeed; what it prints."""
        done = self.run("manage.py", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self, sql: str) -> list[Any]:
        """What a query brings, asked past Django."""
        with closing(self.connect()) as database:
            cursor = database.cursor()
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def groups(self) -> list[Any]:
        """Every group, with everything in it."""
        return self.rows(f"SELECT * FROM {GROUP_TABLE} ORDER BY id")


def sqlite_host(directory: Path, emulator_url: str) -> Host:
    """A host on a database file in ``directory``."""
    path = directory / "db.sqlite3"
    return Host(directory, f"sqlite:///{path}", emulator_url, lambda: sqlite3.connect(path))
