"""The message broker of the workers: whether there is one, and how tasks are put into it."""

from __future__ import annotations

import logging
import re
from time import monotonic
from typing import Any

from django.conf import settings

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError

log = logging.getLogger(__name__)

# The names of the tasks, which messages that wait for a worker go by.
DELIVER = "credentials_accredible.deliver"
SWEEP_DELIVERIES = "credentials_accredible.sweep_deliveries"
SYNC = "credentials_accredible.sync"
SWEEP_SYNCS = "credentials_accredible.sweep_syncs"

# Seconds. Whoever puts a task into the broker has better things to do than to wait for it.
_CONNECT_TIMEOUT = 1.0
_SOCKET_TIMEOUT = 2.0
# Seconds for which a broker that was out of reach is not tried again by this process.
_SILENCE = 30.0

_silent_until: dict[str, float] = {}


def url() -> str | None:
    """The broker's address, None where none is configured; ConfigurationError where it cannot be one."""
    configured = conf.get("BROKER_URL") or getattr(settings, "CELERY_BROKER_URL", None)
    if not configured:
        return None
    if not isinstance(configured, str) or not re.match(r"[a-z][a-z0-9+.]*://", configured):
        # It may hold a password: it is not repeated.
        raise ConfigurationError(
            f"{conf.SETTING}['BROKER_URL'], or else CELERY_BROKER_URL, must be an address, as amqp://user@host// or "
            "redis://host:6379/0."
        )
    return configured


def is_configured() -> bool:
    """Whether there is a broker."""
    return url() is not None


def publish(task: str, *arguments: Any, countdown: float | None = None) -> bool:
    """Have a worker do the ``task`` of that name, ``countdown`` seconds from now; whether the broker has taken it.

    Takes some seconds at most, and raises nothing where the broker is out of reach: what it would have been about is
    in the database, and found there. After that, nothing is put into it for half a minute, so that a broker that is
    away does not keep every event.
    """
    address = url()
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
