"""The Celery application of the workers: ``celery -A credentials_accredible worker``.

It is configured late, from Django's settings: the broker as ``broker.url`` finds it, and whatever an operator sets
under names that begin with ``CELERY_``.
"""

from __future__ import annotations

from typing import Any

from celery import Celery

# Not the queue "celery", which other services on the same broker may read.
QUEUE = "credentials_accredible"

app = Celery("credentials_accredible")
app.config_from_object("django.conf:settings", namespace="CELERY")


def _defaults() -> dict[str, Any]:
    from credentials_accredible import broker  # noqa: PLC0415  # needs Django's settings

    return {
        "broker_url": broker.url(),
        "broker_connection_retry_on_startup": True,
        "task_default_queue": QUEUE,
        # Tasks only say what to look at; what is to be done, and what came of it, is in the database.
        "task_ignore_result": True,
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
    }


app.add_defaults(_defaults)
app.autodiscover_tasks(["credentials_accredible"])
