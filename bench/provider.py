"""The emulated Accredible in a process of its own, so that it and what is measured do not share a processor's turn.

``python -m bench.provider`` takes a line of JSON at a time, ``[method, arguments]``, and answers with one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
KEY = "main-key-0001"


class Provider:
    """Starts it; any method of ``Served`` can be called. A context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.provider"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self.ask("url")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def ask(self, method: str, *arguments: Any) -> Any:
        """Have it done there, and return what it returns."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([method, arguments]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Served:
    """What can be done to the emulator."""

    def __init__(self, emulator: Any) -> None:
        self._emulator = emulator
        self._account = emulator.add_account(key=KEY)
        self._designs: list[int] = []

    def url(self) -> str:
        return str(self._emulator.url)

    def fill(self, groups: int, designs: int) -> None:
        """So many groups that share so many designs, in place of those that are there."""
        self._emulator.reset()
        self._account = self._emulator.add_account(key=KEY)
        self._designs = [self._account.add_design(name=f"Design {n}")["id"] for n in range(designs)]
        self.add_groups(groups)

    def add_groups(self, groups: int) -> None:
        """So many more groups, which share the designs that are there."""
        for n in range(groups):
            self._account.add_group(
                name=f"group-{n}",
                course_name=f"Group {n}",
                course_description=f"What the learners of group {n} have shown. " * 5,
                badge_design_id=self._designs[n % len(self._designs)],
            )

    def rename_all(self) -> None:
        for group in self._account.groups():
            self._account.update_group(group["id"], course_name=f"{group['course_name']}, renamed")

    def remove_all_but_one(self) -> None:
        for group in self._account.groups()[1:]:
            self._account.remove_group(group["id"])

    def slow(self, seconds: float) -> None:
        """Let each request take so long; 0 for none."""
        self._emulator.clear_faults()
        if seconds:
            self._emulator.fault("slow", seconds=seconds, times=None)

    def limit(self, requests: int | None, window: float = 30.0) -> None:
        self._emulator.rate_limit(requests, window)

    def badge_group(self) -> int:
        """A new account with one group; returns its id."""
        world = self._emulator.world
        with world.lock:
            slow = world.faults
        self._emulator.reset()
        with world.lock:
            world.faults = slow
        self._account = self._emulator.add_account(key=KEY)
        return int(self._account.add_group(name="badge", course_name="Badge")["id"])

    def delivered(self) -> tuple[float, int, int, int]:
        """Of the requests since ``requests``: seconds from first to last, how many, how many with 429; credentials."""
        seen = self._emulator.requests
        times = [request.time for request in seen]
        refused = sum(request.status == 429 for request in seen)
        return max(times) - min(times), len(seen), refused, len(self._account.credential_by_id)

    def requests(self) -> int:
        """How many requests there were since the last call."""
        world = self._emulator.world
        with world.lock:
            count = len(world.requests)
            world.requests.clear()
        return count


def serve() -> None:
    """Until nobody asks any more."""
    from demo.emulator.server import Emulator

    with Emulator() as emulator:
        served = Served(emulator)
        for text in sys.stdin:
            method, arguments = json.loads(text)
            print(json.dumps(getattr(served, method)(*arguments)), flush=True)


if __name__ == "__main__":
    serve()
