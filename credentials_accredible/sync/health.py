"""How the synchronisations of configurations go: the last one, and since when scheduled ones fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun

BAD = (RunStatus.FAILED, RunStatus.REFUSED)

# Beat and cron look every few minutes. Where nobody has for this long, nobody does.
_OVERDUE = timedelta(minutes=15)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def scheduled_failures() -> QuerySet[SyncRun]:
    """Scheduled runs that failed or were refused; one that never had the lock only met another sync."""
    return SyncRun.objects.filter(trigger=RunTrigger.SCHEDULE, status__in=BAD, heartbeat_at__isnull=False)


def with_health(configs: QuerySet[AccredibleAPIConfig]) -> QuerySet[AccredibleAPIConfig]:
    """``configs`` with ``last_run`` (its primary key), ``last_status``, ``last_started`` and ``failing_since``.

    ``failing_since`` is when the first scheduled sync failed since one of any kind has succeeded, else None.
    """
    runs = SyncRun.objects.filter(api_config=OuterRef("pk")).order_by("-started_at", "-pk")
    # By primary key: MariaDB makes a text of a date that a constant may stand in for.
    succeeded = runs.filter(status=RunStatus.SUCCEEDED)
    failed = scheduled_failures().filter(api_config=OuterRef("pk"), pk__gt=OuterRef("last_success"))
    return configs.annotate(
        last_run=Subquery(runs.values("pk")[:1]),
        last_status=Subquery(runs.values("status")[:1]),
        last_started=Subquery(runs.values("started_at")[:1]),
        last_success=Coalesce(Subquery(succeeded.values("pk")[:1]), 0),
        failing_since=Subquery(failed.order_by("started_at").values("started_at")[:1]),
    )


def failing_schedules() -> QuerySet[AccredibleAPIConfig]:
    """Configurations whose scheduled syncs fail, or whose schedule nobody looks at, with their health."""
    troubled = Q(failing_since__isnull=False) | overdue()
    return with_health(AccredibleAPIConfig.objects.filter(sync_interval__gt=0)).filter(troubled)


def overdue() -> Q:
    """What tells configurations whose sync was due a while ago, and was not started."""
    return Q(sync_interval__gt=0, next_sync_at__lt=timezone.now() - _OVERDUE, current_run=None)


def is_overdue(config: AccredibleAPIConfig) -> bool:
    """Whether the sync of ``config`` was due a while ago, and was not started."""
    return AccredibleAPIConfig.objects.filter(overdue(), pk=config.pk).exists()
