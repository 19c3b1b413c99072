"""Deletes what is older than it is kept: snapshots, sync runs, log entries of badges, history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.models import BadgeLogEntry, GroupSnapshot, SnapshotPart, SyncRun, history

# Rows of one transaction.
_BATCH = 200

SETTINGS = {"snapshots": "SNAPSHOT_DAYS", "runs": "RUN_DAYS", "badge_log": "BADGE_LOG_DAYS", "history": "HISTORY_DAYS"}


def prune(*, dry_run: bool, **days: float | None) -> dict[str, int]:
    """Delete what is older than ``snapshots``, ``runs``, ``badge_log`` and ``history`` days; returns how many of each.

    What is not given is kept as long as its setting says. The newest run of each configuration stays, and so does one
    that has not ended. In batches, each in a transaction of its own. Raises ConfigurationError for a setting that
    cannot be used, before anything is deleted.
    """
    limits = {name: days[name] if days.get(name) is not None else _configured(name) for name in SETTINGS}
    old = {name: _OLD[name](_before(limit)) for name, limit in limits.items() if limit is not None}
    delete = _count if dry_run else _delete
    return {name: sum(delete(rows) for rows in old.get(name, ())) for name in SETTINGS}


def _configured(name: str) -> float | None:
    setting = SETTINGS[name]
    return None if conf.get(setting) is None else conf.number(setting, least=0)


def _before(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def _old_snapshots(before: datetime) -> list[QuerySet[Any]]:
    return [GroupSnapshot.objects.filter(created__lt=before)]


def _old_runs(before: datetime) -> list[QuerySet[Any]]:
    newest = SyncRun.objects.order_by().values("api_config").annotate(newest=Max("pk")).values_list("newest", flat=True)
    # A list: MySQL does not delete from a table that the same statement reads.
    ended = SyncRun.objects.filter(started_at__lt=before, lock=None, finished_at__isnull=False)
    return [ended.exclude(pk__in=list(newest))]


def _old_log_entries(before: datetime) -> list[QuerySet[Any]]:
    return [BadgeLogEntry.objects.filter(created__lt=before)]


_OLD: dict[str, Callable[[datetime], list[QuerySet[Any]]]] = {
    "snapshots": _old_snapshots,
    "runs": _old_runs,
    "badge_log": _old_log_entries,
    "history": history.older_than,
}


def _count(rows: QuerySet[Any]) -> int:
    return rows.count()


def _delete(rows: QuerySet[Any]) -> int:
    done = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        with transaction.atomic():
            if rows.model is GroupSnapshot:
                # First, and without reading them: they can be large.
                SnapshotPart.objects.filter(snapshot__in=keys).delete()
            rows.model._default_manager.filter(pk__in=keys).only("pk").delete()
        done += len(keys)
    return done
