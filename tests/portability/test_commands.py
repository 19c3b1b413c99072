"""The commands accredible_export and accredible_import."""

from __future__ import annotations

import io
import json
import os
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from tests.badges.configuring import require
from tests.factories import make_config, make_progress
from tests.portability.files import FILE, configured, target

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> tuple[str, str, str]:
    """What a command prints, its errors, and the error it ends with."""
    out, err = StringIO(), StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


@pytest.mark.parametrize("name", ["groups.yaml", "groups.json"])
def test_a_file_is_written_and_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    configured(make_config("Staging"))
    other = target(name="Production")

    assert run("accredible_export", str(path), "--config", "Staging") == (f"Written: {path}.\n", "", "")
    json_or_yaml = json.loads(path.read_text()) if name.endswith("json") else yaml.safe_load(path.read_text())
    assert json_or_yaml["configurations"][0]["name"] == "Staging"
    preview = run("accredible_import", str(path), "--config", "Production", "--dry-run")
    assert "1 of 1 group would be changed: 7 created, 0 updated, 0 removed, 0 unchanged." in preview[0]
    assert not other.groups.get().requirements.exists()
    out, err, error = run("accredible_import", str(path), "--config", "Production")
    assert (err, error) == ("", "")
    assert out.startswith("Production: 7  Badge\n  ~ activated\n  + requirement A “")
    assert "1 of 1 group changed: 7 created" in out
    assert run("accredible_import", str(path), "--config", "Production")[0] == (
        "0 of 1 group changed: 0 created, 0 updated, 0 removed, 7 unchanged.\n"
    )
    assert [item.name for item in tmp_path.iterdir()] == [name]


def test_a_dash_is_the_standard_output_and_input(monkeypatch: pytest.MonkeyPatch) -> None:
    config = target(name="Main")
    configured(config, accredible_id=8)

    out, _err, error = run("accredible_export", "-")
    assert (error, out.splitlines()[1]) == ("", "format: credentials-accredible groups")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(out.encode())))

    assert "0 of 1 group changed" in run("accredible_import", "-")[0]


def test_problems_are_told_with_file_line_and_column(tmp_path: Path) -> None:
    target()
    path = tmp_path / "groups.yaml"
    path.write_text(FILE.replace("value: true", "value: maybe").replace("blend: A", "blend: B\n            blend: C"))

    assert run("accredible_import", str(path)) == (
        "",
        f"{path}:11:13: “blend” is there twice; first in line 10.\n",
        "1 problem. Nothing was changed.",
    )
    path.write_text(FILE.replace("value: true", "value: maybe").replace("[1]", "[2]"))
    assert run("accredible_import", str(path))[1].splitlines() == [
        f"{path}:14:17: passing: “maybe” is neither true nor false. Enter one of: true, yes, +, false, no, -.",
        f"{path}:17:28: No requirement of this group has the ref 2.",
    ]


def test_the_preview_says_what_learners_would_lose_and_what_they_keep(tmp_path: Path) -> None:
    group = target().groups.get()
    lost, kept = require(group, any_event=True), require(group, ("is_passing", "eq", "true"), blend="C")
    make_progress(group, lost, kept)
    make_progress(group, lost)
    path = tmp_path / "groups.yaml"
    path.write_text(FILE)

    out, _err, error = run("accredible_import", str(path), "--dry-run")
    assert error == ""
    assert (
        "  ~ requirement A “Pass the course”: description, blend; 1 learner has fulfilled it, and keeps that\n" in out
    )
    assert (
        "  - requirement “org.openedx.learning.course.passing.status.updated.v1”: 2 learners have fulfilled it\n" in out
    )
    assert "Learners would lose 2 fulfilments: that takes --force." in out
    _out, err, error = run("accredible_import", str(path))
    assert "Learners would lose 2 fulfilments" in err
    assert "Nothing was changed" in error
    assert "Learners lost 2 fulfilments." in run("accredible_import", str(path), "--force")[0]


def test_files_that_cannot_be_read_or_written_are_said_so(tmp_path: Path) -> None:
    make_config("Main")
    missing = tmp_path / "none" / "groups.yaml"

    assert "cannot be written: No such file or directory." in run("accredible_export", str(missing))[2]
    assert "cannot be read: No such file or directory." in run("accredible_import", str(missing))[2]
    assert "cannot be read: Is a directory." in run("accredible_import", str(tmp_path))[2]
    assert "no API configuration “Nobody”" in run("accredible_export", "-", "--config", "Nobody")[2]


def test_a_former_file_stays_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_config("Main")
    path = tmp_path / "groups.yaml"
    path.write_text("former")

    def fail(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", fail)

    assert "No space left on device" in run("accredible_export", str(path))[2]
    assert path.read_text() == "former"
    assert [item.name for item in tmp_path.iterdir()] == ["groups.yaml"]


def test_names_from_accredible_cannot_break_the_lines(tmp_path: Path) -> None:
    target(name="Main").groups.update(name="A\nB\x1b[31m")
    path = tmp_path / "groups.yaml"
    path.write_text(FILE)

    assert run("accredible_import", str(path))[0].startswith("Main: 7  A B[31m\n")


def test_a_link_stays_one_and_leads_to_what_was_written(tmp_path: Path) -> None:
    configured(make_config("Main"))
    link, path = tmp_path / "current.yaml", tmp_path / "groups.yaml"
    path.write_text("old")
    link.symlink_to(path)

    assert run("accredible_export", str(link))[2] == ""

    assert link.is_symlink()
    assert path.read_text().startswith("# Groups")


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    configured(make_config("Main"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    try:
        assert run("accredible_export", str(pipe))[2] == ""
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert os.read(reader, 8) == b"# Groups"
    finally:
        os.close(reader)
