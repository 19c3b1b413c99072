"""The admin pages of sync runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.preview import PREVIEW
from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.admin.run_progress import PROGRESS, STATE, progress_address, progress_view, state_view
from credentials_accredible.admin.sync_change import changes_of
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import SyncRun
from credentials_accredible.sync import report


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Who synced what, when, and how it ended."""

    list_display = ["started_at", "config_name", "status", "result", "trigger", "user"]
    list_filter = ["status", "trigger", "api_config"]
    search_fields = ["config_name", "error"]
    date_hierarchy = "started_at"
    list_select_related = ["user"]
    fields = [
        "api_config", "config_name", "status", "error", "trigger", "user", "started_at", "finished_at", "created_count",
        "updated_count", "unchanged_count", "removed_count", "conflicting_count", "requests", "warning_list",
        "changed_groups", "snapshots_link",
    ]  # fmt: skip

    class Media:
        css = {"all": ["credentials_accredible/admin.css"]}

    def get_urls(self) -> list[Any]:
        """The usual pages, and the progress of runs."""
        wrap = self.admin_site.admin_view
        own = [
            path("progress/", wrap(partial(progress_view, modeladmin=self)), name=PROGRESS.removeprefix("admin:")),
            path("progress/state/", wrap(state_view), name=STATE.removeprefix("admin:")),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, str] | None = None) -> HttpResponse:
        """The list; a run whose process died is not shown as running."""
        api.close_dead_runs()
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A run; as above. One that is open leads to its progress, one that waits for a word to the preview."""
        api.close_dead_runs()
        run = self.get_object(request, object_id) if object_id else None
        extra_context = {**(extra_context or {}), "accredible_tools": _tools(request, run)}
        return super().changeform_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("result"))
    def result(self, run: SyncRun) -> str:
        """What changed, or why nothing did."""
        return run.error or report.run_sentence(run)

    @admin.display(description=_("warnings"))
    def warning_list(self, run: SyncRun) -> str:
        """The warnings, a line each."""
        return format_html_join("", "<div>{}</div>", ((warning,) for warning in run.warnings)) or "-"

    @admin.display(description=_("snapshots"))
    def snapshots_link(self, run: SyncRun) -> str:
        """The way to the snapshots of what it removed."""
        count = run.snapshots.count()
        if not count:
            return "-"
        address = reverse("admin:credentials_accredible_groupsnapshot_changelist")
        text = ngettext("%d removed group can be restored", "%d removed groups can be restored", count) % count
        return format_html('<a href="{}?sync_run__id__exact={}">{}</a>', address, run.pk, text)

    @admin.display(description=_("changed groups"))
    def changed_groups(self, run: SyncRun) -> str:
        """What was done to which group."""
        return changes_of(run)


def _tools(request: HttpRequest, run: SyncRun | None) -> list[tuple[str, str]]:
    """The buttons of a run's page."""
    if run and run.status in {RunStatus.QUEUED, RunStatus.RUNNING}:
        return [(progress_address([run.pk]), gettext("Progress"))]
    may_sync = request.user.has_perm("credentials_accredible.sync_accredibleapiconfig")
    if run and run.needs_confirmation and run.api_config_id and may_sync:
        return [(reverse(PREVIEW, args=[run.api_config_id]), gettext("Look at what would change, and confirm"))]
    return []
