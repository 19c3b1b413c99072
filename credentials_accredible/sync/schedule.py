"""Which configurations are due for a scheduled synchronisation, and who does it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from credentials_accredible.models import AccredibleAPIConfig


def plan_next(config: AccredibleAPIConfig) -> None:
    """Put the time of the next scheduled sync into ``config``, unsaved: an interval from now, None without one."""
    interval = config.sync_interval
    config.next_sync_at = timezone.now() + timedelta(minutes=interval) if interval else None


def claim_due() -> Iterator[AccredibleAPIConfig]:
    """The configurations that are due, each to one caller only, however many ask at once.

    One whose sync is queued or running stays due until that has ended. What was missed meanwhile is not made up for:
    the next time is an interval from now.
    """
    due = AccredibleAPIConfig.objects.filter(
        Q(next_sync_at__lte=timezone.now()) | Q(next_sync_at=None), sync_interval__gt=0, current_run=None
    )
    # One by one, and each only when it is asked for: what ends the caller leaves the others due.
    for config in list(due.order_by("next_sync_at", "pk")):
        seen = config.next_sync_at
        plan_next(config)
        as_seen = AccredibleAPIConfig.objects.filter(
            pk=config.pk, next_sync_at=seen, sync_interval=config.sync_interval
        )
        if as_seen.update(next_sync_at=config.next_sync_at):
            yield config
