"""The record of a synchronisation, and the lock that keeps a second one out.

``SyncRun.lock`` is unique, so every database refuses a second open row of one configuration, whether it is queued or
running. Nothing is held open while Accredible is asked: the lock is a committed row, and a sign of life every second
keeps it fresh, and says how far the run has come.
"""

from __future__ import annotations

import logging
import os
import socket
from datetime import timedelta
from functools import partial
from typing import Any

import psutil
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from credentials_accredible import conf, database
from credentials_accredible.choices import RunStatus
from credentials_accredible.exceptions import ConfigurationError, SyncInProgress, SyncSuperseded
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import changes, schedule
from credentials_accredible.sync.plan import Plan

log = logging.getLogger(__name__)

_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)
_HEARTBEAT_EVERY = timedelta(seconds=1)
# Seconds. The start of a process is computed from the machine's clock, which can be set while it runs.
_CLOCK_STEP = 5.0


def begin(config: AccredibleAPIConfig, *, trigger: str, user: Any = None) -> SyncRun:
    """Open a run of ``config`` in this process, and take its lock.

    A run that died is closed first. Raises SyncInProgress where another one is alive.
    """
    run = _new_run(config, trigger, user, status=RunStatus.RUNNING)
    run.stage = "groups"  # nothing comes before it
    return _open(run, config, _this_process())


def queue(config: AccredibleAPIConfig, *, trigger: str, user: Any = None) -> SyncRun:
    """Open a run of ``config`` that waits for a process to ``take`` it, and take its lock; raises as ``begin``."""
    return _open(_new_run(config, trigger, user, status=RunStatus.QUEUED), config, "")


def take(pk: int) -> SyncRun | None:
    """Have the queued run of this primary key run in this process; None where it is not queued any more."""
    now = database.now()
    values = {"owner": _this_process(), "heartbeat_at": now, "started_at": now, "modified": now}
    if not SyncRun.objects.filter(pk=pk, status=RunStatus.QUEUED).update(status=RunStatus.RUNNING, **values):
        return None
    return SyncRun.objects.select_related("api_config", "user").get(pk=pk)


def record_refusal(config: AccredibleAPIConfig, reason: str, *, trigger: str, user: Any = None) -> SyncRun:
    """Keep a run that was refused before it began."""
    run = _new_run(config, trigger, user, status=RunStatus.REFUSED)
    run.error, run.finished_at = reason, run.started_at
    run.save(force_insert=True)
    return run


def beat(run: SyncRun, stage: str, done: int, total: int | None, kept_back: float = 0.0) -> None:
    """Give a sign of life, and say how far ``run`` has come: at the beginning of a stage, and every second or so.

    ``kept_back``: for so many seconds Accredible's rate limit keeps the next request back, 0 where it does not.
    SyncSuperseded where the lock has gone to another run.
    """
    fresh = run.heartbeat_at is not None and database.now() - run.heartbeat_at < _HEARTBEAT_EVERY
    if not fresh or stage != run.stage:
        run.stage, run.stage_done, run.stage_total = stage, done, total
        run.kept_back_until = database.now() + timedelta(seconds=kept_back) if kept_back else None
        hold(run, stage=stage, stage_done=done, stage_total=total, kept_back_until=run.kept_back_until)


def seconds_kept_back(run: SyncRun) -> float:
    """For how long Accredible's rate limit keeps the next request of an open ``run`` back; 0 where it does not."""
    until = run.kept_back_until
    return max(0.0, (until - database.now()) / timedelta(seconds=1)) if until else 0.0


@database.retried
def hold(run: SyncRun, **values: Any) -> None:
    """Make sure that ``run`` still has its lock, and write ``values``; SyncSuperseded where it has not.

    Within a transaction this locks the row, and with it the configuration, until the end.
    """
    now = database.now()
    held = SyncRun.objects.filter(pk=run.pk, lock__isnull=False, owner=run.owner)
    if not held.update(heartbeat_at=now, modified=now, **values):
        raise superseded()
    run.heartbeat_at = now


def superseded() -> SyncSuperseded:
    return SyncSuperseded(
        gettext(
            "This sync gave no sign of life for too long and another one took over. Nothing was changed by this one."
        )
    )


@database.retried
def finish(
    run: SyncRun, status: str, *, error: str = "", plan: Plan | None = None, needs_confirmation: bool = False
) -> bool:
    """Close ``run``, with the figures of the ``plan`` that was carried out, and let go of its lock.

    A run that another has taken over from stays as that one closed it: False.
    """
    now = database.now()
    values = {
        "status": status,
        "error": error,
        "needs_confirmation": needs_confirmation,
        "lock": None,
        "finished_at": now,
        "modified": now,
        "requests": run.requests,
        "warnings": run.warnings,
        "conflicts": changes.conflicts_of(plan or Plan()),
        **{f"{name}_count": count for name, count in changes.plan_figures(plan).items()},
    }
    for name, value in values.items():
        setattr(run, name, value)
    closed = SyncRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(**values)
    if closed and status in schedule.UNSUCCESSFUL:
        transaction.on_commit(partial(schedule.mail_if_failed, run.pk))
    return bool(closed)


def close_dead(among: QuerySet[SyncRun]) -> int:
    """Close the runs ``among`` these that are open, but that nobody works on any more; returns how many."""
    return sum(_close(run) for run in among.filter(status__in=_OPEN) if _is_dead(run))


def close_dead_runs() -> int:
    """Close the runs that are open, but that nobody works on any more; returns how many.

    Call it before runs are shown. It costs a query, and writes nothing where no run has died.
    """
    try:
        # An open run holds the lock of its configuration, unless that was deleted meanwhile.
        return close_dead(SyncRun.objects.filter(Q(lock__isnull=False) | Q(api_config=None)))
    except (ConfigurationError, OperationalError) as error:
        # A lease that cannot be used is told by the system check, and a database that is busy will have time later:
        # pages open all the same.
        log.warning("dead_runs_not_closed error=%s", type(error).__name__)
        return 0


def _new_run(config: AccredibleAPIConfig, trigger: str, user: Any, *, status: str) -> SyncRun:
    return SyncRun(
        api_config=config,
        config_name=config.name,
        user=user,
        trigger=trigger,
        status=status,
        started_at=database.now(),
    )


def _open(run: SyncRun, config: AccredibleAPIConfig, owner: str) -> SyncRun:
    close_dead(SyncRun.objects.filter(lock=config))
    run.lock, run.owner, run.heartbeat_at = config, owner, run.started_at
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        holder = SyncRun.objects.filter(lock=config).first()
        if holder is None:
            raise SyncInProgress(
                gettext("Another sync of “%(name)s” has just ended: try again.") % {"name": config.name}
            ) from None
        words = (
            gettext("A sync of “%(name)s” is queued since %(time)s UTC: wait until it has finished, then try again.")
            if holder.status == RunStatus.QUEUED
            else gettext(
                "A sync of “%(name)s” is running since %(time)s UTC: wait until it has finished, then try again."
            )
        )
        raise SyncInProgress(words % {"name": config.name, "time": f"{holder.started_at:%H:%M:%S}"}) from None
    return run


def _close(run: SyncRun) -> int:
    now = database.now()
    if run.status == RunStatus.QUEUED:
        words = gettext(
            "No worker took this sync, so nothing was changed. Is there one: celery -A "
            "credentials_accredible worker? If there is, it was busy for longer than SYNC_LEASE."
        )
    else:
        words = gettext("The process that ran this sync ended before it was done. Nothing was changed by it.")
    # Only as it was seen: one that has given a sign of life since is not dead. Nor is one whose row is locked: it is
    # writing its groups, and nobody sees its signs of life until it has.
    features = connection.features
    skip = features.has_select_for_update_skip_locked
    with transaction.atomic():
        seen = SyncRun.objects.filter(pk=run.pk, status=run.status, heartbeat_at=run.heartbeat_at).order_by()
        # Without locks of rows, the write below waits for the one writer there can be.
        if features.has_select_for_update and not list(seen.select_for_update(skip_locked=skip).values_list("pk")):
            return 0
        closed = seen.update(lock=None, status=RunStatus.FAILED, error=words, finished_at=now, modified=now)
        if closed:
            transaction.on_commit(partial(schedule.mail_if_failed, run.pk))
    return closed


def _is_dead(run: SyncRun) -> bool:
    lease = timedelta(seconds=conf.number("SYNC_LEASE", least=10))
    if run.heartbeat_at is None or database.now() - run.heartbeat_at > lease:
        return True
    return run.status == RunStatus.RUNNING and _has_ended(run.owner)


def _this_process() -> str:
    """This process, in a form that no other process has, here or elsewhere."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{_process_start(pid)}"


def _has_ended(owner: str) -> bool:
    """Whether the process that called itself ``owner`` has ended; False where nobody here can know."""
    place, _, process = owner.partition("/")
    if place != _place():
        return False
    pid, _, started = process.partition("/")
    now = _process_start(int(pid))
    return not now or not started or abs(float(now) - float(started)) > _CLOCK_STEP


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
