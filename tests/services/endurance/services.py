"""Processes that are started again whenever they end, as systemd does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock, Thread

import psutil

from tests.embedded_host import ROOT
from tests.services.endurance.bus import Bus

# Seconds, as RestartSec; and how long a process that is asked to end may take.
_PAUSE = 0.5
_PATIENCE = 30


class Service:
    """Runs a command again and again; a process of its own, whose log is added to a file.

    ``interval``: seconds from its end to its next start. ``is_lasting``: it is not to end by itself.
    """

    def __init__(
        self,
        kind: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        interval: float = _PAUSE,
        is_lasting: bool = True,
        longest: float,
    ) -> None:
        self.kind = kind
        self.log = log
        # How it ended when nobody had killed it.
        self.ends: list[int] = []
        self._command = ["timeout", "--signal=KILL", str(int(longest)), sys.executable, *command]
        self._environment = environment
        self._interval = interval
        self._is_lasting = is_lasting
        self._process: subprocess.Popen[str] | None = None
        self._was_killed = False
        self._lock = Lock()
        self._over = Event()
        self._thread = Thread(target=self._keep_running, daemon=True)
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        """Whether it ended by itself, and was not to."""
        return self._is_lasting and bool(self.ends)

    def memory_mb(self) -> float:
        """What would be free if it ended, with all its children; 0 where it is not running."""
        with self._lock:
            process = self._process
        if process is None or process.poll() is not None:
            return 0.0
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(process.pid)
            family = [first, *first.children(recursive=True)]
            return float(sum(each.memory_full_info().uss for each in family)) / 2**20
        return 0.0

    def kill(self) -> bool:
        """Kill it with all its children; whether it was running."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return False
            self._was_killed = True
            os.killpg(self._process.pid, signal.SIGKILL)
            return True

    def stop(self) -> None:
        """Have it end, and not start again."""
        self._over.set()
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            self.kill()
            self._thread.join(_PATIENCE)

    def _keep_running(self) -> None:
        while not self._over.is_set():
            with self.log.open("a") as log:
                process = subprocess.Popen(
                    self._command, cwd=ROOT, env=self._environment, text=True, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE if self._talks else log, stderr=log, start_new_session=True,
                )  # fmt: skip
            with self._lock:
                self._process, self._was_killed = process, False
            with process:
                self._attend(process)
            with self._lock:
                if not self._was_killed and not self._over.is_set():
                    self.ends.append(process.returncode)
            self._over.wait(self._interval)

    _talks = False

    def _attend(self, process: subprocess.Popen[str]) -> None:
        process.wait()


class Consumer(Service):
    """Takes events from the bus: one at a time, acknowledged when it is done."""

    _talks = True

    def __init__(self, bus: Bus, environment: Mapping[str, str], log: Path, *, longest: float) -> None:
        self._bus = bus
        command = ["-m", "tests.services.endurance.inside", "consume"]
        super().__init__("consumer", command, environment, log, longest=longest)

    def _attend(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        if process.stdout.readline():
            while process.poll() is None and not self._over.is_set():
                event = self._bus.take()
                if event is None:
                    time.sleep(0.02)
                elif self._ask(process, json.dumps(asdict(event), default=str)) == str(event.id):
                    self._bus.acknowledge(event)
                else:
                    self._bus.give_back(event)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()

    @staticmethod
    def _ask(process: subprocess.Popen[str], line: str) -> str:
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return ""
        return process.stdout.readline().strip()
