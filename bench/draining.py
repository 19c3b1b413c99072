"""A backlog of badges, and senders in processes of their own that drain it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection

from bench.account import new_config
from bench.provider import Provider
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from tests.delivery.killed_senders import award_more, make_group

# Until all processes are up, so that they begin together; they are waited for no longer than that.
STARTING, SLOWEST = 5.0, 300.0
# Badges that are awarded with one statement.
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Drained:
    """``seconds`` from the first request to the last one; ``refused``: with 429; ``once``: every badge, exactly."""

    seconds: float
    requests: int
    refused: int
    once: bool


def drain(
    provider: Provider,
    badges: int,
    *,
    processes: int = 1,
    threads: int = 1,
    limit: tuple[int, float] | None = None,
    busy: int = 0,
) -> Drained:
    """Let so many senders drain a new backlog, below that limit, which the provider keeps as well.

    ``busy``: so many other processes that compute all the time.
    """
    for model in (BadgeLogEntry, AccredibleBadge, get_user_model()):
        model._default_manager.all()._raw_delete(connection.alias)
    config = new_config()
    group = make_group(provider.ask("badge_group"))
    for start in range(0, badges, _AT_ONCE):
        award_more(group, start, min(_AT_ONCE, badges - start))
    provider.ask("limit", *(limit or (None,)))
    provider.ask("requests")
    shown = limit or (1_000_000, 1.0)
    environment = {**os.environ, "ACCREDIBLE_EMULATOR_URL": provider.url}
    begin = time.time() + STARTING
    arguments = [*map(str, (*shown, processes if limit else 1, threads, begin))]
    with _computing(busy):
        senders = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.sender", *arguments], env=environment, stdout=subprocess.DEVNULL
            )
            for _process in range(processes)
        ]
        try:
            for sender in senders:
                if sender.wait(timeout=SLOWEST):
                    raise SystemExit("A sender has failed.")
        finally:
            for sender in senders:
                sender.kill()
    seconds, requests, refused, made = provider.ask("delivered")
    accepted = config.badges.filter(state="accepted").count()
    return Drained(seconds, requests, refused, accepted == badges == made)


@contextmanager
def _computing(count: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _number in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
