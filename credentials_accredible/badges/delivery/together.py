"""Several senders in one process: while one waits for Accredible's answer, the others send."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from django.db import connections

from credentials_accredible.badges.delivery.sender import Delivery, send
from credentials_accredible.models import AccredibleAPIConfig


def send_together(
    config: AccredibleAPIConfig, senders: int, *, limit: int | None, go_on: Callable[[], bool]
) -> Delivery:
    """As ``send``, by so many threads, each with a connection to the database of its own.

    They keep the rate limit together, and all of them end when one ends with an exception, which is raised.
    """
    if senders == 1:
        return send(config, limit=limit, go_on=go_on)
    failed = Event()

    def share(number: int) -> Delivery:
        try:
            part = None if limit is None else limit // senders + (number < limit % senders)
            return send(config, limit=part, go_on=lambda: go_on() and not failed.is_set())
        except BaseException:
            failed.set()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(senders, thread_name_prefix="accredible-sender") as executor:
        try:
            return sum(executor.map(share, range(senders)), Delivery())
        except BaseException:
            failed.set()
            raise
