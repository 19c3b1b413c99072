"""Puts tasks for workers into their message broker."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from credentials_accredible import conf

log = logging.getLogger(__name__)

# The names of the tasks, which messages that wait for a worker go by.
DELIVER = "credentials_accredible.deliver"
SWEEP_DELIVERIES = "credentials_accredible.sweep_deliveries"
SYNC = "credentials_accredible.sync"
SWEEP_SYNCS = "credentials_accredible.sweep_syncs"
BACKFILL = "credentials_accredible.backfill"

# Seconds. An event, or a person, waits while a task is put into the broker.
_CONNECT_TIMEOUT = 1.0
_SOCKET_TIMEOUT = 2.0
# Seconds for which a broker that was out of reach is not tried again by this process.
_SILENCE = 30.0

_silent_until: dict[str, float] = {}


def publish(task: str, *arguments: Any, countdown: float | None = None) -> bool:
    """Have a worker do the ``task`` of that name, ``countdown`` seconds from now; whether the broker has taken it.

    Takes some seconds at most, and raises nothing where the broker is out of reach: what it would have been about is
    in the database, and found there. After that, nothing is put into it for half a minute, so that a broker that is
    away does not keep every event.
    """
    address = conf.broker_url()
    if address is None or _silent_until.get(address, 0.0) > monotonic():
        return False
    from credentials_accredible.celery import app  # noqa: PLC0415  # only where there is a broker

    # A connection of its own: one that was kept could have died unseen, and taken the message with it.
    connection = app.connection_for_write(
        address,
        connect_timeout=_CONNECT_TIMEOUT,
        heartbeat=0,
        transport_options={
            "max_retries": 0,
            "connect_retries_timeout": _CONNECT_TIMEOUT,
            "socket_connect_timeout": _CONNECT_TIMEOUT,
            "socket_timeout": _SOCKET_TIMEOUT,
            "read_timeout": _SOCKET_TIMEOUT,
            "write_timeout": _SOCKET_TIMEOUT,
        },
    )
    try:
        with connection:
            app.send_task(task, args=arguments, countdown=countdown, connection=connection, retry=False)
    except Exception as error:  # each transport has errors of its own, and none of them is worth more than this line
        _silent_until[address] = monotonic() + _SILENCE
        log.warning("broker_unreachable task=%s error=%s silent_seconds=%d", task, type(error).__name__, _SILENCE)
        return False
    return True
