"""Runs the measurements, prints a table and writes JSON; the exit status is 1 if a target is not met."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import places
from bench.rows import Row, heading, line, unmet

ROOT = Path(__file__).resolve().parent.parent
# What each module needs, in the order of the table; the long ones last.
MODULES = {
    "start": places.NOTHING,
    "syncs": places.SQLITE,
    "waiting": places.SQLITE,
    "events": places.SQLITE,
    "awards": places.MARIADB,
    "outage": places.SQLITE,
    "received": places.SQLITE,
    "outbox": places.MARIADB,
    "pages": places.MARIADB,
    "dead": places.SQLITE,
    "workers": places.MARIADB,
    "accounts": places.MARIADB,
    "delivery": places.SQLITE,
}
WIDTH = 66


def main(arguments: list[str] | None = None) -> int:
    """Measure what is named, or everything."""
    options = _options(arguments)
    # As Ctrl-C does it: what was begun is cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    baseline = _read(options.baseline)
    print(heading(WIDTH), flush=True)
    rows: list[Row] = []
    for name in options.names or MODULES:
        for row in measured(name):
            rows.append(row)
            print(line(row, baseline, WIDTH), flush=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    report: dict[str, Any] = {
        "measured_at": now,
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "rows": [{**asdict(row), "measured_at": now} for row in rows],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    missed, skipped = unmet(rows), [row for row in rows if row.value is None]
    if options.keep:
        # What was not measured now stays as it was.
        kept = {**baseline, **{row["work"]: row for row in report["rows"]}}
        report["rows"] = list(kept.values())
        options.baseline.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(rows)} rows in {options.json}: {len(missed)} targets not met, {len(skipped)} rows not measured.")
    return 1 if missed else 0


def measured(name: str) -> Iterator[Row]:
    """The rows of that module, each as soon as it is there."""
    needs = MODULES[name]
    why_not = places.why_no_mariadb() if needs == places.MARIADB else ""
    if why_not:
        yield Row.missing(f"{name}: all rows", f"They need MariaDB, and {why_not}.")
        return
    with places.environment(needs, f"accredible_bench_{os.getpid()}") as variables:
        command = [sys.executable, "-m", "bench.child", name, needs]
        with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                for text in process.stdout:
                    yield Row(**json.loads(text))
            except BaseException:
                process.terminate()
                raise
    if process.returncode:
        raise SystemExit(f"bench.{name} has failed.")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures what has to stay fast.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(MODULES)}")
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results.json", help="where to write them")
    parser.add_argument("--baseline", type=Path, default=ROOT / "bench" / "baseline.json", help="what to compare with")
    parser.add_argument("--keep", action="store_true", help="have these be the baseline from now on")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MODULES))
    if unknown:
        parser.error(f"There is no {', '.join(unknown)}: choose from {', '.join(MODULES)}.")
    return options


def _read(path: Path) -> dict[str, Any]:
    """The rows of a report by their work; none where there is no report."""
    if not path.exists():
        return {}
    return {row["work"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}


if __name__ == "__main__":
    sys.exit(main())
