"""Which process a synchronisation runs in, and whether that process is gone."""

from __future__ import annotations

import os
import socket

import psutil

# Seconds. The start of a process is reckoned from the machine's clock, which can be set while it runs.
_CLOCK_STEP = 5.0


def current() -> str:
    """This process, in a form that no other process has, here or elsewhere."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{_process_start(pid)}"


def is_gone(owner: str) -> bool:
    """Whether the process that called itself ``owner`` has ended; False where nobody here can know."""
    place, _, process = owner.partition("/")
    if place != _place():
        return False
    pid, _, started = process.partition("/")
    now = _process_start(int(pid))
    return not now or not started or abs(float(now) - float(started)) > _CLOCK_STEP


def _place() -> str:
    """Where process ids mean the same: a machine, and on it, a container. Two containers can share a host name."""
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}@{namespace}".replace("/", "-")[:200]


def _process_start(pid: int) -> str:
    # A process id comes back sooner or later; with the time the process started it is one of a kind.
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""
