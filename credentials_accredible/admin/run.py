"""The admin pages of sync runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import ReadOnlyAdmin
from credentials_accredible.admin.run_progress import PROGRESS, STATE, progress_address, progress_view, state_view
from credentials_accredible.admin.sync_action import PREVIEW
from credentials_accredible.admin.timeline import field_label
from credentials_accredible.choices import ChangeAction, RunStatus
from credentials_accredible.models import AccredibleGroup, GroupSnapshot, SyncChange, SyncRun

# Groups of one kind on a run's page; the list has all of them.
_SHOWN = 50
_TABLE = "admin/credentials_accredible/sync_changes.html"


@admin.register(SyncChange)
class SyncChangeAdmin(ReadOnlyAdmin):
    """Which group was created, updated or removed by which sync."""

    list_display = ["name", "action", "accredible_id", "changed_fields", "config", "run_link", "group_link"]
    list_filter = ["action", "sync_run__api_config", "sync_run__trigger"]
    list_select_related = ["sync_run", "group"]
    search_fields = ["name", "accredible_id"]
    date_hierarchy = "sync_run__started_at"
    ordering = ["-pk"]
    fields = ["run_link", "action", "group_link", "snapshot_link", "accredible_id", "name", "differences"]

    class Media:
        css = {"all": ["credentials_accredible/admin.css"]}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sees a run sees what it did."""
        return request.user.has_perm("credentials_accredible.view_syncrun")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As above, for the index."""
        return self.has_view_permission(request)

    @admin.display(description=_("differences"))
    def differences(self, change: SyncChange) -> str:
        """What differed, field by field."""
        return difference_table(change.fields)

    @admin.display(description=_("fields"))
    def changed_fields(self, change: SyncChange) -> str:
        """Which fields differed."""
        return ", ".join(field_label(field["field"]) for field in change.fields) or "-"

    @admin.display(description=_("API configuration"), ordering="sync_run__config_name")
    def config(self, change: SyncChange) -> str:
        """Whose group it is, or was."""
        return change.sync_run.config_name

    @admin.display(description=_("sync run"), ordering="sync_run__started_at")
    def run_link(self, change: SyncChange) -> str:
        """When the run started, and the way to it."""
        address = reverse("admin:credentials_accredible_syncrun_change", args=[change.sync_run_id])
        return format_html('<a href="{}">{}</a>', address, localize(localtime(change.sync_run.started_at)))

    @admin.display(description=_("group"))
    def group_link(self, change: SyncChange) -> str:
        """The way to the group, while it is there."""
        return format_html('<a href="{}">{}</a>', address_of(change.group), change.group) if change.group else "-"

    @admin.display(description=_("snapshot"))
    def snapshot_link(self, change: SyncChange) -> str:
        """The way to what a removed group was."""
        address = _snapshots([change]).get(change.accredible_id)
        return format_html('<a href="{}">{}</a>', address, change.name) if address else "-"


def changes_of(run: SyncRun) -> str:
    """What ``run`` did to which groups, as HTML: the first few of each kind, folded, with the way to all of them."""
    every = reverse("admin:credentials_accredible_syncchange_changelist") + f"?sync_run__id__exact={run.pk}"
    counts = dict(run.changes.order_by().values_list("action").annotate(Count("pk")))
    kinds = []
    for action in ChangeAction:
        total = counts.get(action.value, 0)
        shown = list(run.changes.filter(action=action).select_related("group")[:_SHOWN]) if total else []
        if shown:
            address = f"{every}&action__exact={action.value}"
            kinds.append({"label": action.label, "total": total, "address": address, "rows": _with_links(shown)})
    return render_to_string(_TABLE, {"kinds": kinds, "open": sum(counts.values()) <= _SHOWN}) if kinds else "-"


def difference_table(fields: Sequence[dict[str, Any]]) -> str:
    """The fields of a SyncChange as HTML: what was and what is."""
    named = [{**field, "label": field_label(field["field"])} for field in fields]
    return render_to_string("admin/credentials_accredible/differences.html", {"fields": named}) if named else "-"


def changes_address(group: int | str) -> str:
    """The list of what syncs did to the group with this primary key."""
    address = reverse("admin:credentials_accredible_syncchange_changelist")
    return f"{address}?{urlencode({'group__id__exact': group})}"


def address_of(group: AccredibleGroup) -> str:
    """The page of ``group``."""
    return reverse("admin:credentials_accredible_accrediblegroup_change", args=[group.pk])


def _with_links(rows: list[SyncChange]) -> list[dict[str, Any]]:
    snapshots = _snapshots([row for row in rows if row.action == ChangeAction.REMOVED])
    return [
        {
            "change": row,
            "address": address_of(row.group) if row.group else "",
            "snapshot": snapshots.get(row.accredible_id, ""),
            "differences": difference_table(row.fields) if row.fields else "",
        }
        for row in rows
    ]


def _snapshots(changes: Sequence[SyncChange]) -> dict[int, str]:
    """The pages of the snapshots that the run of ``changes`` took of these groups, by Accredible id."""
    if not changes:
        return {}
    ids = [change.accredible_id for change in changes]
    taken = GroupSnapshot.objects.filter(sync_run=changes[0].sync_run_id, accredible_id__in=ids)
    return {
        accredible_id: reverse("admin:credentials_accredible_groupsnapshot_change", args=[pk])
        for accredible_id, pk in taken.values_list("accredible_id", "pk")
    }


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
        return run.error or api.run_sentence(run)

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
