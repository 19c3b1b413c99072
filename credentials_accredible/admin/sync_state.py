"""How the syncs of configurations go: in their list, on their pages, and on the first page of the admin."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import link, may, open_address
from credentials_accredible.admin.run_progress import OPEN
from credentials_accredible.choices import NeedKind, RunStatus
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.text import moment

log = logging.getLogger(__name__)


class SyncStateMixin:
    """Columns for configurations that come from ``api.with_health``."""

    @admin.display(description=_("last sync"), ordering="last_started")
    def last_sync(self, config: Any) -> str:
        """How and when the last sync ended, with the way to its record; and since when scheduled ones fail."""
        if config.last_run is None:
            return gettext("never")
        label = RunStatus(config.last_status).label
        to = _last_run(config)
        text = format_html(
            '<span class="accredible-run-{}">{}</span>, {}',
            config.last_status,
            link(to, label) if to else label,
            moment(config.last_started),
        )
        if not config.failing_since or not config.sync_interval:
            return text
        since = gettext("scheduled syncs fail since %s") % moment(config.failing_since)
        return format_html('{}<div class="accredible-failing">{}</div>', text, since)

    @admin.display(description=_("next scheduled sync"), ordering="next_sync_at")
    def next_sync(self, config: AccredibleAPIConfig) -> str:
        """When the next scheduled sync is, and whether somebody looks after that."""
        if not config.sync_interval:
            return gettext("none")
        if config.next_sync_at is None:
            return gettext("as soon as the schedule is looked at")
        time = moment(config.next_sync_at)
        return gettext("%s: overdue") % time if api.is_overdue(config) else time


def warn_of_schedules(request: HttpRequest, only: int | None = None) -> None:
    """Messages about scheduled syncs that fail, or that nobody starts; ``only`` of the configuration of that key."""
    if not may(request, "view_accredibleapiconfig"):
        return
    api.close_dead_runs()
    for need in api.schedule_needs():
        if need.config and only in {None, need.config.pk}:
            to = _last_run(need.config) if need.kind is NeedKind.SCHEDULE_FAILS else ""
            messages.warning(request, format_html("{} {}", need.sentence, link(to, gettext("See why")) if to else ""))


def warn_on_the_first_page(site: AdminSite) -> None:
    show: Callable[..., HttpResponse] = site.index

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            warn_of_schedules(request)
        except DatabaseError as error:
            # The page is everybody's: it opens, too, where the plugin is installed and not migrated yet.
            log.warning("schedules_not_read error=%s", type(error).__name__)
        return show(request, extra_context)

    site.index = index  # type: ignore[method-assign,assignment]


def _last_run(config: Any) -> str:
    """Its page; empty for who may not see it."""
    if config.last_status in OPEN:
        return open_address(SyncRun, "progress", run=config.last_run)
    return open_address(SyncRun, "change", config.last_run)
