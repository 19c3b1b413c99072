"""Tells the administrators of scheduled synchronisations that fail: once, until one has succeeded again."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import mail_admins
from django.db.models import QuerySet

from credentials_accredible import conf
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.models import SyncRun
from credentials_accredible.sync.health import BAD, scheduled_failures

log = logging.getLogger(__name__)


def consider(pk: int) -> None:
    """Mail ``ADMINS`` if this run is a scheduled one that failed, and the first since the last success.

    Raises nothing: a mail that cannot be sent must not make anything fail.
    """
    try:
        run = SyncRun.objects.get(pk=pk)
        if run.trigger == RunTrigger.SCHEDULE and run.status in BAD:
            log.warning("scheduled_sync_failed config=%s run=%s status=%s", run.api_config_id, pk, run.status)
            if settings.ADMINS and conf.get("MAIL_FAILED_SYNCS") and not _earlier_failures(run).exists():
                mail_admins(_subject(run), _body(run))
    except Exception as error:  # whatever the mail server, or the settings of it, come up with
        log.warning("failed_sync_not_mailed run=%s error=%s", pk, type(error).__name__)


def _earlier_failures(run: SyncRun) -> QuerySet[SyncRun]:
    """Scheduled runs that failed since a sync of the same configuration has last succeeded."""
    mine = SyncRun.objects.filter(api_config=run.api_config_id, pk__lt=run.pk)
    success = mine.filter(status=RunStatus.SUCCEEDED).order_by("-pk").values_list("pk", flat=True).first()
    return scheduled_failures().filter(api_config=run.api_config_id, pk__lt=run.pk, pk__gt=success or 0)


def _subject(run: SyncRun) -> str:
    return f"Accredible: the scheduled sync of “{_line(run.config_name)}” was not carried out"


def _body(run: SyncRun) -> str:
    lines = [
        f"API configuration: {_line(run.config_name)}",
        f"Started: {run.started_at:%Y-%m-%d %H:%M:%S} UTC",
        f"Status: {run.get_status_display()}",
        f"Reason: {_line(run.error)}",
        f"Sync run: {run.pk}",
        "",
        "The groups are as they were before. The sync is tried again as scheduled; no mail is sent about this "
        "configuration again until a sync of it has succeeded. What has to be confirmed waits in the preview of the "
        "configuration, in the admin.",
    ]
    return "\n".join(lines)


def _line(text: str) -> str:
    """Text of people and of the provider, as one line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
