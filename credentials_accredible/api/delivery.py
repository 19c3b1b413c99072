"""Bringing badges to Accredible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet

from credentials_accredible.badges.delivery import engines, orphans, outbox, pauses, worker
from credentials_accredible.badges.delivery.outbox import DeliveryStatus
from credentials_accredible.badges.delivery.sender import Delivery, always
from credentials_accredible.badges.delivery.together import send_together
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge


def deliver(
    config: AccredibleAPIConfig, *, limit: int | None = None, go_on: Callable[[], bool] = always, senders: int = 1
) -> Delivery:
    """Send what is due of ``config`` to Accredible: first tries, retries, revocations; ``limit`` badges at most.

    ``senders``: so many threads share the work, each with a database connection of its own. Returns when nothing is due
    any more, when there is a reason to wait, or when ``go_on``, which is asked before each request, says no. Call it
    outside of a transaction.
    """
    orphans.give_up()
    outbox.retry_corrected_recipients(config)
    return send_together(config, senders, limit=limit, go_on=go_on)


def work_off(config_id: int, *, go_on: Callable[[], bool]) -> None:
    """Do a worker's share of delivering what is due of that configuration, and have it gone on with where it is more.

    Ends when ``go_on`` says no, or after a minute or so. Call it outside of a transaction.
    """
    worker.work_off(config_id, go_on)


def sweep_deliveries() -> int:
    """Have workers look at each configuration that has something due; returns at how many."""
    orphans.give_up()
    return worker.sweep()


def hand_over(badges: Iterable[AccredibleBadge]) -> None:
    """Have ``badges``, which have just become due, delivered in the way of the setting ``DELIVERY``.

    That begins once the transaction around it is committed, and never raises anything into it. Awarding and revoking
    do this by themselves.
    """
    engines.hand_over(badges)


def deliver_now(badges: QuerySet[AccredibleBadge], *, user: Any) -> Delivery:
    """Make ``badges`` due, and try to deliver them here and now, whatever ``DELIVERY`` says and Accredible did before.

    Takes some seconds per configuration at most: what is not reached in that time is due, and left to the worker or the
    command. Returns what came of those that were tried. Nothing of a paused configuration is sent. Within a transaction
    nothing is sent either: they are handed over.
    """
    return engines.deliver_now(outbox.retry(badges, user))


def delivery_status() -> list[DeliveryStatus]:
    """How deliveries stand, for each configuration."""
    return outbox.status()


def retry_badges(badges: QuerySet[AccredibleBadge], *, user: Any) -> int:
    """Make ``badges`` due, whatever went wrong before, and hand them over; returns for how many that holds."""
    due = outbox.retry(badges, user)
    engines.hand_over(due)
    return len(due)


def resume_delivery(config: AccredibleAPIConfig) -> None:
    """Lift the pause that a refused API key has brought about, and hand over what has become due meanwhile."""
    pauses.resume(config)
    engines.hand_over_due(config)
