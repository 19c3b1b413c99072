"""Which configurations are due for a scheduled synchronisation, which of them fail, and who is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.mail import mail_admins
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from credentials_accredible import conf, database
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.text import one_line, shortened

log = logging.getLogger(__name__)

UNSUCCESSFUL = (RunStatus.FAILED, RunStatus.REFUSED)

# Beat and cron look every few minutes. Where nobody has for this long, nobody does.
_OVERDUE_AFTER = timedelta(minutes=15)
# Characters of a line in a mail.
_LONGEST_LINE = 500


def schedule_sync(config: AccredibleAPIConfig) -> None:
    """Put into ``config``, unsaved, when its next scheduled sync is: an interval from now, None without one.

    Call it after ``sync_interval`` has changed.
    """
    interval = config.sync_interval
    config.next_sync_at = database.now() + timedelta(minutes=interval) if interval else None


def claim_due() -> Iterator[AccredibleAPIConfig]:
    """The configurations that are due, each to one caller only, however many ask at once.

    One whose sync is queued or running stays due until that has ended. What was missed meanwhile is not made up for:
    the next time is an interval from now.
    """
    due = AccredibleAPIConfig.objects.filter(
        Q(next_sync_at__lte=database.now()) | Q(next_sync_at=None), sync_interval__gt=0, current_run=None
    )
    # One by one, and each only when it is asked for: what ends the caller leaves the others due.
    for config in list(due.order_by("next_sync_at", "pk")):
        seen = config.next_sync_at
        schedule_sync(config)
        as_seen = AccredibleAPIConfig.objects.filter(
            pk=config.pk, next_sync_at=seen, sync_interval=config.sync_interval
        )
        if as_seen.update(next_sync_at=config.next_sync_at):
            yield config


def with_health(configs: QuerySet[AccredibleAPIConfig]) -> QuerySet[AccredibleAPIConfig]:
    """``configs`` with ``last_run`` (its primary key), ``last_status``, ``last_started`` and ``failing_since``.

    ``failing_since`` is when the first scheduled sync failed since one of any kind has succeeded, else None.
    """
    runs = SyncRun.objects.filter(api_config=OuterRef("pk")).order_by("-started_at", "-pk")
    # By primary key: MariaDB makes a text of a date that a constant may stand in for.
    succeeded = runs.filter(status=RunStatus.SUCCEEDED)
    failed = _scheduled_failures().filter(api_config=OuterRef("pk"), pk__gt=OuterRef("last_success"))
    return configs.annotate(
        last_run=Subquery(runs.values("pk")[:1]),
        last_status=Subquery(runs.values("status")[:1]),
        last_started=Subquery(runs.values("started_at")[:1]),
        last_success=Coalesce(Subquery(succeeded.values("pk")[:1]), 0),
        failing_since=Subquery(failed.order_by("started_at").values("started_at")[:1]),
    )


def failing_schedules() -> QuerySet[AccredibleAPIConfig]:
    """Configurations whose scheduled syncs fail, or whose schedule nobody looks at, with their health."""
    troubled = Q(failing_since__isnull=False) | _overdue()
    return with_health(AccredibleAPIConfig.objects.filter(sync_interval__gt=0)).filter(troubled)


def is_overdue(config: AccredibleAPIConfig) -> bool:
    """Whether the sync of ``config`` was due a while ago, and was not started."""
    return AccredibleAPIConfig.objects.filter(_overdue(), pk=config.pk).exists()


def mail_if_failed(pk: int) -> None:
    """Mail ``ADMINS`` if this run is a scheduled one that failed, and the first since the last success.

    Raises nothing: a mail that cannot be sent must not make anything fail.
    """
    try:
        run = SyncRun.objects.get(pk=pk)
        if run.trigger == RunTrigger.SCHEDULE and run.status in UNSUCCESSFUL:
            log.warning("scheduled_sync_failed config=%s run=%s status=%s", run.api_config_id, pk, run.status)
            if settings.ADMINS and conf.flag("MAIL_FAILED_SYNCS") and not _earlier_failures(run).exists():
                mail_admins(_subject(run), _body(run))
    except Exception as error:  # whatever the mail server, or the settings of it, come up with
        log.warning("failed_sync_not_mailed run=%s error=%s", pk, type(error).__name__)


def _overdue() -> Q:
    return Q(sync_interval__gt=0, next_sync_at__lt=database.now() - _OVERDUE_AFTER, current_run=None)


def _scheduled_failures() -> QuerySet[SyncRun]:
    """Scheduled runs that failed or were refused; one that never had the lock only met another sync."""
    return SyncRun.objects.filter(trigger=RunTrigger.SCHEDULE, status__in=UNSUCCESSFUL, heartbeat_at__isnull=False)


def _earlier_failures(run: SyncRun) -> QuerySet[SyncRun]:
    """Scheduled runs that failed since a sync of the same configuration has last succeeded."""
    mine = SyncRun.objects.filter(api_config=run.api_config_id, pk__lt=run.pk)
    success = mine.filter(status=RunStatus.SUCCEEDED).order_by("-pk").values_list("pk", flat=True).first()
    return _scheduled_failures().filter(api_config=run.api_config_id, pk__lt=run.pk, pk__gt=success or 0)


def _subject(run: SyncRun) -> str:
    return _("Accredible: the scheduled sync of “%(config_name)s” was not carried out") % {
        "config_name": _line(run.config_name)
    }


def _body(run: SyncRun) -> str:
    lines = [
        _("API configuration: %(config_name)s") % {"config_name": _line(run.config_name)},
        _("Started: %(started_at)s UTC") % {"started_at": f"{run.started_at:%Y-%m-%d %H:%M:%S}"},
        _("Status: %(run)s") % {"run": run.get_status_display()},
        _("Reason: %(error)s") % {"error": _line(run.error)},
        _("Sync run: %(pk)s") % {"pk": run.pk},
        "",
        _(
            "The groups are as they were before. The sync is tried again as scheduled; no mail is sent "
            "about this configuration again until a sync of it has succeeded. What has to be confirmed "
            "waits in the preview of the configuration, in the admin."
        ),
    ]
    return "\n".join(lines)


def _line(text: str) -> str:
    # Marks that turn the direction of a line count as white space, too.
    printable = "".join(character if character.isprintable() else " " for character in text)
    return shortened(one_line(printable), _LONGEST_LINE)
