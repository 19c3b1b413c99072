"""The embedded host in processes of its own, on a real database."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GROUP_TABLE = "credentials_accredible_accrediblegroup"

_FILE = "db.sqlite3"
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


Fill = Callable[[Host], None]


class SqliteHosts:
    """Makes hosts on SQLite files; what all of them begin with is made once for all processes that run the tests."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, directory: Path, emulator_url: str, fill: Fill | None = None) -> Host:
        """A host in ``directory`` that has been set up; with what ``fill``, a function of a module, has brought in."""
        return self._copy(self._made(fill) if fill else self._set_up(), directory, emulator_url)

    def _set_up(self) -> Path:
        def make(directory: Path) -> None:
            host = _sqlite_host(directory, "http://127.0.0.1:9")
            host.set_up()

        return self._once("set_up", make)

    def _made(self, fill: Fill) -> Path:
        def make(directory: Path) -> None:
            fill(self._copy(self._set_up(), directory, "http://127.0.0.1:9"))

        return self._once(f"{fill.__module__}.{fill.__qualname__}", make)

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        """The directory of that name, which the first process that asks makes while the others wait."""
        made = self._directory / name
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                begun = self._directory / f"{name}.begun"
                shutil.rmtree(begun, ignore_errors=True)
                begun.mkdir()
                make(begun)
                begun.rename(made)
        return made

    def _copy(self, made: Path, directory: Path, emulator_url: str) -> Host:
        shutil.copy(made / _FILE, directory)
        return _sqlite_host(directory, emulator_url)


def _sqlite_host(directory: Path, emulator_url: str) -> Host:
    path = directory / _FILE
    return Host(directory, f"sqlite:///{path}", emulator_url, lambda: sqlite3.connect(path))
