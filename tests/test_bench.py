"""What ``make bench`` makes of its measurements; nothing is measured here."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as bench
from bench import places
from bench.rows import Row

MET = Row.at_most("event", 2, 1.5, "ms", queries=1)
MISSED = Row.at_least("backlog", 97, 61.8, "%", note="It was slow.")


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Row]]:
    """The rows of each module, in place of measured ones."""
    found: dict[str, list[Row]] = {"events": [MET], "delivery": [MISSED]}

    def measured(name: str) -> Iterator[Row]:
        yield from found[name]

    monkeypatch.setattr(bench, "measured", measured)
    monkeypatch.setattr(bench.signal, "signal", lambda *_: None)
    return found


def run(directory: Path, *arguments: str) -> int:
    files = ["--json", str(directory / "results.json"), "--baseline", str(directory / "baseline.json")]
    return bench.main([*arguments, *files])


@pytest.mark.parametrize("name", bench.MODULES)
def test_every_kind_of_work_can_be_measured(name: str) -> None:
    assert callable(importlib.import_module(f"bench.{name}").rows)


def test_each_row_says_target_result_and_whether_it_is_met(
    measurements: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "events", "delivery") == 1

    _heading, event, backlog, note, summary = capsys.readouterr().out.splitlines()
    assert event.split() == ["event", "<=", "2", "ms", "1.50", "ms", "met"]
    assert backlog.split() == ["backlog", ">=", "97", "%", "61.8", "%", "NOT", "MET"]
    assert note.strip() == "It was slow."
    assert "1 targets not met" in summary
    [first, _second] = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert (first["value"], first["met"], first["figures"]) == (1.5, True, {"queries": 1})


def test_where_all_targets_are_met_it_succeeds(measurements: Any, tmp_path: Path) -> None:
    assert run(tmp_path, "events") == 0


def test_results_are_compared_with_those_that_were_kept(
    measurements: dict[str, list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "events", "delivery", "--keep")
    measurements["events"] = [Row.at_most("event", 2, 3.0, "ms")]
    measurements["delivery"] = [Row.at_least("backlog", 97, 92.7, "%")]
    capsys.readouterr()

    run(tmp_path, "events", "delivery")

    slower, faster = capsys.readouterr().out.splitlines()[1:3]
    assert slower.endswith("0.50 x")
    assert faster.endswith("1.50 x")


def test_what_was_kept_and_is_not_measured_again_stays(
    measurements: dict[str, list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "events", "delivery", "--keep")
    measurements["events"] = [Row.at_most("event", 2, 1.0, "ms")]
    run(tmp_path, "events", "--keep")

    rows = json.loads((tmp_path / "baseline.json").read_text())["rows"]
    assert [(row["work"], row["value"]) for row in rows] == [("event", 1.0), ("backlog", 61.8)]


@pytest.mark.parametrize("address", ["", "mysql://nobody@127.0.0.1:9/none"])
def test_without_mariadb_one_line_says_so(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARIADB_URL", address)
    monkeypatch.setattr(bench.signal, "signal", lambda *_: None)

    assert run(tmp_path, "awards") == 0

    _heading, row, note, summary = capsys.readouterr().out.splitlines()
    assert row.split() == ["awards:", "all", "rows", "not", "measured"]
    assert "need MariaDB" in note
    assert "1 rows not measured" in summary


def test_a_name_that_is_no_measurement_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "nonsense")

    assert "There is no nonsense" in capsys.readouterr().err


def test_a_process_that_measures_has_a_database_of_its_own() -> None:
    with places.environment(places.SQLITE, "unused") as variables:
        directory = Path(variables["DEMO_DATA_DIR"])
        assert variables["DATABASE_URL"] == f"sqlite:///{directory}/db.sqlite3"
        assert directory.exists()

    assert not directory.exists()
