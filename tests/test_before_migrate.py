"""Commands on a service that is not set up yet say so in one sentence, and make no database that was not there."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.embedded_host import Host

# All of them in one process: to start one takes longer than all of them.
RUN = """
import json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
said = {}
for name, arguments in json.loads(sys.argv[1]).items():
    try:
        call_command(name, *arguments)
        said[name] = "nothing"
    except CommandError as error:
        said[name] = str(error)
print(json.dumps(said))
"""
NEEDED = {
    "accredible_backfill": ["--group", "1"],
    "accredible_export": ["groups.yaml"],
    "accredible_import": ["groups.yaml"],
    "accredible_restore": ["--run", "1"],
    "accredible_retire": ["ada"],
}
OURS = sorted(name for name, app in get_commands().items() if app == "credentials_accredible")


def what_they_say(directory: Path) -> dict[str, str]:
    """What each command says on a host whose database is, or would be, a file in ``directory``."""
    (directory / "groups.yaml").write_text("format: accredible-groups\nversion: 1\ngroups: []\n")
    url = f"sqlite:///{directory / 'db.sqlite3'}"
    host = Host(directory, url, "http://127.0.0.1:9", lambda: sqlite3.connect(directory / "db.sqlite3"))
    files = {name: [str(directory / "groups.yaml")] for name in ("accredible_export", "accredible_import")}
    done = host.run("-c", RUN, json.dumps({name: {**NEEDED, **files}.get(name, []) for name in OURS}))
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    said = what_they_say(tmp_path)

    sentence = f"There is no database “{tmp_path / 'db.sqlite3'}”: run “manage.py migrate” first, or correct its path."
    assert said == dict.fromkeys(OURS, sentence)
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize("command", [name for name in OURS if name != "accredible_import"])
def test_before_the_tables_are_made_it_is_said_how(said_without_tables: dict[str, str], command: str) -> None:
    assert said_without_tables[command] == (
        "The database is not up to date: run “manage.py migrate”, and then this command again."
    )


@pytest.fixture(scope="module")
def said_without_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What they say where the database is empty."""
    directory = tmp_path_factory.mktemp("empty")
    with closing(sqlite3.connect(directory / "db.sqlite3")) as database:
        database.execute("CREATE TABLE something (id integer)")
    return what_they_say(directory)
