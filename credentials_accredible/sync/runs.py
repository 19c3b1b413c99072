"""The record of a synchronisation, which is also the lock that keeps a second one out.

``SyncRun.lock`` is unique, so every database refuses a second running row of one configuration. Nothing is held
open while Accredible is asked: the lock is a committed row, and a sign of life every few seconds keeps it fresh.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Any

import psutil
from django.db import IntegrityError, transaction
from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.choices import RunStatus
from credentials_accredible.exceptions import SyncInProgress, SyncSuperseded
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync.plan import Plan

_HEARTBEAT_EVERY = timedelta(seconds=5)

# Seconds. The start of a process is reckoned from the machine's clock, which can be set while it runs.
_CLOCK_STEP = 5.0

_WRITTEN_AT_THE_END = (
    "status",
    "error",
    "lock",
    "finished_at",
    "modified",
    "created_count",
    "updated_count",
    "unchanged_count",
    "removed_count",
    "conflicting_count",
    "requests",
    "warnings",
)


def begin(config: AccredibleAPIConfig, *, trigger: str, user: Any = None) -> SyncRun:
    """Open a run of ``config`` and take its lock.

    A run that died is closed first. Raises SyncInProgress where another one is alive.
    """
    _close_dead_run(config)
    now = timezone.now()
    run = _new_run(config, trigger, user, status=RunStatus.RUNNING)
    run.lock, run.owner, run.heartbeat_at = config, _owner(), now
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        holder = SyncRun.objects.filter(lock=config).first()
        if holder is None:
            raise SyncInProgress(f"Another sync of “{config.name}” has just ended: try again.") from None
        raise SyncInProgress(
            f"A sync of “{config.name}” is running since {holder.started_at:%H:%M:%S} UTC: "
            "wait until it has finished, then try again."
        ) from None
    return run


def record_refusal(config: AccredibleAPIConfig, reason: str, *, trigger: str, user: Any = None) -> SyncRun:
    """Keep a run that was refused before it began."""
    run = _new_run(config, trigger, user, status=RunStatus.REFUSED)
    run.error, run.finished_at = reason, run.started_at
    run.save(force_insert=True)
    return run


def beat(run: SyncRun) -> None:
    """Give a sign of life, at most every few seconds; SyncSuperseded where the lock has gone to another run."""
    now = timezone.now()
    if run.heartbeat_at is not None and now - run.heartbeat_at < _HEARTBEAT_EVERY:
        return
    hold(run)


def hold(run: SyncRun) -> None:
    """Make sure that ``run`` still has its lock; SyncSuperseded where it has not.

    Within a transaction this locks the row, and with it the configuration, until the end.
    """
    now = timezone.now()
    if not SyncRun.objects.filter(pk=run.pk, lock__isnull=False).update(heartbeat_at=now, modified=now):
        raise SyncSuperseded(
            "This sync gave no sign of life for too long and another one took over. Nothing was changed by this one."
        )
    run.heartbeat_at = now


def finish(run: SyncRun, status: str, *, error: str = "", plan: Plan | None = None) -> None:
    """Close ``run``, with the figures of the ``plan`` that was carried out, and let go of its lock.

    A run that another has taken over from stays as that one closed it.
    """
    now = timezone.now()
    run.status, run.error, run.lock, run.finished_at, run.modified = status, error, None, now, now
    carried_out = plan or Plan()
    run.created_count = len(carried_out.create)
    run.updated_count = len(carried_out.update)
    run.unchanged_count = len(carried_out.unchanged)
    run.removed_count = len(carried_out.remove)
    run.conflicting_count = len(carried_out.conflicting)
    values = {name: getattr(run, name) for name in _WRITTEN_AT_THE_END}
    SyncRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(**values)


def _new_run(config: AccredibleAPIConfig, trigger: str, user: Any, *, status: str) -> SyncRun:
    return SyncRun(
        api_config=config,
        config_name=config.name,
        user=user,
        trigger=trigger,
        status=status,
        started_at=timezone.now(),
    )


def _close_dead_run(config: AccredibleAPIConfig) -> None:
    run = SyncRun.objects.filter(lock=config).first()
    if run is None or not _is_dead(run):
        return
    now = timezone.now()
    # Only as it was seen: one that has given a sign of life since is not dead.
    SyncRun.objects.filter(pk=run.pk, lock=config, heartbeat_at=run.heartbeat_at).update(
        lock=None,
        status=RunStatus.FAILED,
        error="The process that ran this sync ended before it was done. Nothing was changed by it.",
        finished_at=now,
        modified=now,
    )


def _is_dead(run: SyncRun) -> bool:
    lease = timedelta(seconds=conf.number("SYNC_LEASE", least=10))
    if run.heartbeat_at is None or timezone.now() - run.heartbeat_at > lease:
        return True
    place, _, process = run.owner.partition("/")
    if place != _place():
        return False
    pid, _, started = process.partition("/")
    now = _process_start(int(pid))
    return not now or not started or abs(float(now) - float(started)) > _CLOCK_STEP


def _owner() -> str:
    pid = os.getpid()
    return f"{_place()}/{pid}/{_process_start(pid)}"


def _place() -> str:
    """Where process ids mean the same: a machine, and on it, a container. Two containers can share a host name."""
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}@{namespace}".replace("/", "-")[:200]


def _process_start(pid: int) -> str:
    # A process id comes back sooner or later; with the time the process started it is one of a kind.
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""
