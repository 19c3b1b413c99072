"""Runs a management command and says what it took: seconds, memory, and the largest statement; a script."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import django
from django.core.management import call_command
from django.db import connection


def _peak() -> float:
    """The most memory that this process has had, in MB. What getrusage says begins with its parent's."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def main(arguments: list[str]) -> None:
    """Run the command, and print the figures as the last line."""
    django.setup()
    connection.ensure_connection()
    before, begun = _peak(), monotonic()
    statements, largest = 0, 0

    def weigh(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal statements, largest
        statements += 1
        largest = max(largest, len(sql) + sum(len(str(value)) + 3 for value in params or ()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(weigh):
        call_command(*arguments)
    figures = {
        "seconds": round(monotonic() - begun, 1),
        "growth_mb": round(_peak() - before),
        "peak_mb": round(_peak()),
        "statements": statements,
        "largest_statement": largest,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
