"""The Celery application of the workers: ``celery -A credentials_accredible worker``, and ``beat``.

It is configured late, from Django's settings: the broker as ``conf.broker_url`` finds it, and whatever an operator sets
under names that begin with ``CELERY_``. Processes that only put tasks into the broker load it, too.
"""

from __future__ import annotations

import mmap
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.utils.translation import gettext as _

from credentials_accredible import conf

# Not the queue "celery", which other services on the same broker may read.
QUEUE = "credentials_accredible"

# Seconds. A task ends by itself after a minute or so; these are for one that hangs.
_SOFT_TIME_LIMIT = 540
_TIME_LIMIT = 600
# Seconds after which Redis gives a task to another worker: more than it can take with all its waiting before.
_VISIBILITY_TIMEOUT = 1200
_SWEEP_SECONDS = 60

# What beat does unless CELERY_BEAT_SCHEDULE says otherwise. A sweep that no worker came round to is dropped.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "credentials_accredible.sweep_deliveries": {
        "task": "credentials_accredible.sweep_deliveries",
        "schedule": _SWEEP_SECONDS,
        "options": {"expires": _SWEEP_SECONDS},
    },
    "credentials_accredible.sweep_syncs": {
        "task": "credentials_accredible.sweep_syncs",
        "schedule": _SWEEP_SECONDS,
        "options": {"expires": _SWEEP_SECONDS},
    },
}

# Only the worker's main process is told that it is to end. Its children, forked later, share this memory.
_stopping = mmap.mmap(-1, 1)

app = Celery("credentials_accredible", set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")


def is_stopping() -> bool:
    """Whether this worker was asked to end: a task is to stop where it can, and to leave the rest to others."""
    return _stopping[0] != 0


@app.on_after_configure.connect
def _configure(sender: Celery, **_kwargs: Any) -> None:
    address = conf.broker_url() or ""
    # What Celery itself calls defaults would go before an operator's settings.
    free = {
        name: value for name, value in _defaults(address).items() if not hasattr(settings, f"CELERY_{name.upper()}")
    }
    # BROKER_URL goes before CELERY_BROKER_URL, for those who put tasks in and for those who take them out.
    sender.conf.update(free, broker_url=address)


def _defaults(address: str) -> dict[str, Any]:
    is_amqp = address.startswith(("amqp", "pyamqp", "librabbitmq"))
    return {
        "broker_connection_retry_on_startup": True,
        # However long the broker is away.
        "broker_connection_max_retries": None,
        "broker_transport_options": {} if is_amqp else {"visibility_timeout": _VISIBILITY_TIMEOUT},
        "task_default_queue": QUEUE,
        # Tasks only say what to look at; what is to be done, and what came of it, is in the database.
        "task_ignore_result": True,
        # Each can be done twice without harm: a worker that dies leaves its task to another.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": _SOFT_TIME_LIMIT,
        "task_time_limit": _TIME_LIMIT,
        "beat_schedule": BEAT_SCHEDULE,
    }


@signals.celeryd_init.connect
@signals.beat_init.connect
def _want_a_broker(**_kwargs: Any) -> None:
    if not conf.broker_url():
        raise SystemExit(
            _("There is no broker: set CREDENTIALS_ACCREDIBLE['BROKER_URL'] to the address of RabbitMQ or Redis.")
        )


@signals.worker_shutting_down.connect
def _tell_the_tasks(**_kwargs: Any) -> None:
    _stopping[0] = 1


app.autodiscover_tasks(["credentials_accredible"])
