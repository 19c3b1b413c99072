"""What others do while a sync runs, in a process of its own, and how long the longest of it takes.

``python -m bench.others GROUP OTHER`` takes the primary keys of two active groups, the first of the configuration that
is synced. For each line that it gets, it answers with one of JSON: the longest time since the one before, by what was
done.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import django

from bench.measuring import seconds

ROOT = Path(__file__).resolve().parent.parent
# Seconds between two of a kind: they must not take the processors from the sync.
PAUSE = 0.2

# Says what took longest since it was asked before: seconds by what was done.
Ask = Callable[[], dict[str, float]]


@contextmanager
def others(group: int, other: int) -> Iterator[Ask]:
    """Let them go on."""
    command = [sys.executable, "-m", "bench.others", str(group), str(other)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        send, receive = process.stdin, process.stdout

        def ask() -> dict[str, float]:
            send.write("\n")
            send.flush()
            longest: dict[str, float] = json.loads(receive.readline())
            return longest

        ask()  # everything is imported and was done once
        try:
            yield ask
        finally:
            send.close()


def main(group: int, other: int) -> None:
    """Go on until nobody asks any more."""
    kinds = _kinds(group, other)
    for work in kinds.values():
        work()
    with ThreadPoolExecutor(len(kinds)) as threads:
        while True:
            over = threading.Event()
            running = {what: threads.submit(_longest, work, over) for what, work in kinds.items()}
            asked = sys.stdin.readline()
            over.set()
            # Who still waits is waited for.
            longest = {what: each.result() for what, each in running.items()}
            if not asked:
                break
            print(json.dumps(longest), flush=True)


def _longest(work: Callable[[], object], over: threading.Event) -> float:
    longest = 0.0
    while not over.wait(PAUSE):
        longest = max(longest, seconds(work))
    return longest


def _kinds(group: int, other: int) -> dict[str, Callable[[], object]]:
    from bench.events import COURSE
    from credentials_accredible import api
    from credentials_accredible.exceptions import GroupsBusy
    from credentials_accredible.models import AccredibleGroup
    from tests.badges.sending import course_status

    numbers = count()

    def award(pk: int) -> None:
        course_status(f"learner-{next(numbers)}", COURSE.format(pk))

    def save(pk: int) -> None:
        # Who is told to come back later has waited, too.
        with suppress(GroupsBusy):
            api.activate_group(AccredibleGroup.objects.get(pk=pk))

    def read() -> list[Any]:
        return list(AccredibleGroup.objects.select_related("api_config")[:100])

    return {
        "badge_here": lambda: award(group),
        "badge_elsewhere": lambda: award(other),
        "save_here": lambda: save(group),
        "save_elsewhere": lambda: save(other),
        "list": read,
    }


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), int(sys.argv[2]))
