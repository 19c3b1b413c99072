"""The message broker of the workers: whether there is one, and how tasks are put into it."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from kombu.exceptions import OperationalError

from credentials_accredible import conf
from credentials_accredible.exceptions import ConfigurationError

log = logging.getLogger(__name__)


def url() -> str | None:
    """The broker's address, None where none is configured; ConfigurationError where the setting is no text."""
    configured = conf.get("BROKER_URL") or getattr(settings, "CELERY_BROKER_URL", None)
    if configured is not None and not isinstance(configured, str):
        raise ConfigurationError(f"{conf.SETTING}['BROKER_URL'] must be an address, as amqp://user@host//.")
    return configured or None


def is_configured() -> bool:
    """Whether there is a broker."""
    return url() is not None


def publish(task: str, *arguments: Any) -> bool:
    """Have a worker do the ``task`` of that name; False, and no exception, where the broker is out of reach."""
    from credentials_accredible.celery import app  # noqa: PLC0415  # only where there is a broker

    try:
        app.send_task(task, args=arguments, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("broker_unreachable task=%s error=%s", task, type(error).__name__)
        return False
    return True
