"""Bringing badges to Accredible."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from credentials_accredible.badges.delivery import outbox, pauses
from credentials_accredible.badges.delivery.outbox import DeliveryStatus
from credentials_accredible.badges.delivery.sender import Delivery, send
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge


def deliver(config: AccredibleAPIConfig, *, limit: int | None = None) -> Delivery:
    """Send what is due of ``config`` to Accredible: first tries, retries, revocations; ``limit`` badges at most.

    Returns when nothing is due any more, or when there is a reason to wait. Call it outside of a transaction.
    """
    outbox.retry_corrected_recipients(config)
    return send(config, limit=limit)


def delivery_status() -> list[DeliveryStatus]:
    """How deliveries stand, for each configuration."""
    return outbox.status()


def retry_badges(badges: QuerySet[AccredibleBadge], *, user: Any) -> int:
    """Have ``badges`` delivered by whoever sends next, whatever went wrong before; returns for how many that holds."""
    return outbox.retry(badges, user)


def resume_delivery(config: AccredibleAPIConfig) -> None:
    """Lift the pause that a refused API key has brought about."""
    pauses.resume(config)
