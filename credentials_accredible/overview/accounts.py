"""The accounts at Accredible: whether their keys work, and how their syncs and deliveries go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from credentials_accredible import database
from credentials_accredible.choices import KeyHealth, RunStatus
from credentials_accredible.delivery.outbox import late_deliveries
from credentials_accredible.delivery.pauses import is_kept_back
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync.runs import close_dead_runs
from credentials_accredible.sync.schedule import with_health

# Cron and beat send every few minutes. What has been due for this long, nobody sends.
_LATE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Account:
    """A configuration, and what is known of it.

    ``config`` has the columns of ``with_health``, and ``asks``: whether its last sync waits for a confirmation.
    ``works_at`` is when the key has worked last, as far as that was noted; ``key_problem`` says why it cannot be read.
    ``late_since`` is when the badge was due that has waited longest while nothing keeps it back; None for none.
    """

    config: Any
    key: KeyHealth
    works_at: datetime | None
    late_since: datetime | None = None
    key_problem: str = ""


def accounts() -> list[Account]:
    """All of them by name, with two queries; syncs whose process died are closed first."""
    close_dead_runs()
    now = database.now()
    runs = SyncRun.objects.filter(api_config=OuterRef("pk")).order_by("-started_at", "-pk")
    configs = with_health(AccredibleAPIConfig.objects.order_by("name")).annotate(
        synced_at=Subquery(runs.filter(status=RunStatus.SUCCEEDED).values("finished_at")[:1]),
        asks=Subquery(runs.values("needs_confirmation")[:1]),
    )
    late = late_deliveries(now - _LATE_AFTER)
    return [_account(config, None if is_kept_back(config) else late.get(config.pk)) for config in configs]


def _account(config: Any, late_since: datetime | None) -> Account:
    works_at = max(filter(None, (config.checked_at, config.synced_at)), default=None)
    problem = ""
    try:
        key = KeyHealth.MISSING
        if config.api_key.hint:
            key = KeyHealth.WORKS if works_at else KeyHealth.UNTRIED
            key = KeyHealth.REFUSED if config.paused_at else key
    except ConfigurationError as error:
        key, problem = KeyHealth.UNREADABLE, str(error)
    return Account(config, key, works_at, late_since, problem)
