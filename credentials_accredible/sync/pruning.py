"""Deletes what is older than it is kept: snapshots, runs, log entries, history, early penalties, failed events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.models import (
    BadgeLogEntry,
    EarlyPenalty,
    FailedEvent,
    GroupSnapshot,
    SnapshotPart,
    SyncRun,
    history,
)

SETTINGS = {
    "snapshots": "SNAPSHOT_DAYS",
    "runs": "RUN_DAYS",
    "badge_log": "BADGE_LOG_DAYS",
    "history": "HISTORY_DAYS",
    "early_penalties": "LATE_EVENT_DAYS",
    "failed_events": "FAILED_EVENT_DAYS",
}

# Rows of one transaction.
_BATCH = 200


def prune(*, dry_run: bool, **days: float | None) -> dict[str, int]:
    """Delete what is older than so many days, by the names of ``SETTINGS``; returns how many of each.

    What is not given is kept as long as its setting says. The newest run of each configuration stays, and so does one
    that has not ended. In batches, each in a transaction of its own. Raises ConfigurationError for a setting that
    cannot be used, before anything is deleted.
    """
    limits = {name: days[name] if days.get(name) is not None else conf.days(SETTINGS[name]) for name in SETTINGS}
    old = {name: [] if limit is None else _old(name, limit) for name, limit in limits.items()}
    return {name: sum(rows.count() if dry_run else _delete(rows) for rows in found) for name, found in old.items()}


def _old(name: str, days: float) -> list[QuerySet[Any]]:
    before = timezone.now() - timedelta(days=days)
    if name == "snapshots":
        return [GroupSnapshot.objects.filter(created__lt=before)]
    if name == "badge_log":
        return [BadgeLogEntry.objects.filter(created__lt=before)]
    if name == "history":
        return history.older_than(before)
    if name == "early_penalties":
        return [EarlyPenalty.objects.expired(days)]
    if name == "failed_events":
        return [FailedEvent.objects.filter(created__lt=before)]
    newest = SyncRun.objects.order_by().values("api_config").annotate(newest=Max("pk")).values_list("newest", flat=True)
    # A list: MySQL does not delete from a table that the same statement reads.
    ended = SyncRun.objects.filter(started_at__lt=before, lock=None, finished_at__isnull=False)
    return [ended.exclude(pk__in=list(newest))]


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
