"""A command that kills its own process at the statement it is told; a script for tests."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

_QUOTES = str.maketrans('"`', "''")


def main(marker: str, number: int, arguments: list[str]) -> None:
    """Run the command; SIGKILL before the ``number``-th statement that starts so, with names in single quotes."""
    django.setup()
    seen = 0

    def kill(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        # Each database has quotation marks of its own.
        seen += sql.translate(_QUOTES).startswith(marker)
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(kill):
        call_command(*arguments)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
