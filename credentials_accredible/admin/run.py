"""The admin pages of sync runs, and of what each did to which group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import (
    Page,
    ReadOnlyAdmin,
    Tool,
    address,
    link,
    link_if_open,
    may,
    named,
    open_address,
)
from credentials_accredible.admin.conflicts import conflict_list
from credentials_accredible.admin.reasons import brief, in_full
from credentials_accredible.admin.run_progress import OPEN, confirmation_tools, progress_view, state_view
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import AccredibleGroup, GroupSnapshot, SyncChange, SyncRun
from credentials_accredible.text import moment

# Groups of one kind on a run's page; the list has all of them.
_SHOWN = 50


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Who synced what, when, and how it ended."""

    extra_pages = (
        Page("progress/", "progress", progress_view, ["follow"]),
        Page("progress/state/", "state", state_view, ["follow"]),
    )
    list_display = ["started_at", "account", "status", "result", "who"]
    list_filter = ["status", "trigger", "api_config"]
    search_fields = ["config_name", "error"]
    date_hierarchy = "started_at"
    list_select_related = ["user"]
    fields = [
        "api_config", "config_name", "status", "reason", "trigger", "user", "started_at", "finished_at",
        "created_count", "updated_count", "unchanged_count", "removed_count", "conflicting_count", "requests",
        "warning_list", "changed_groups", "conflicting_groups", "snapshots_link",
    ]  # fmt: skip

    def has_follow_permission(self, request: HttpRequest) -> bool:
        """Who may start runs may see how far they have come."""
        return may(request, "view_syncrun") or may(request, "sync_accredibleapiconfig")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; a run whose process died is not shown as running."""
        api.close_dead_runs()
        return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        api.close_dead_runs()
        return super().changeform_view(request, *args, **kwargs)

    def object_tools(self, request: HttpRequest, obj: SyncRun) -> list[Tool]:
        if obj.status in OPEN:
            return [Tool(address(SyncRun, "progress", run=obj.pk), gettext("Progress"))]
        return confirmation_tools(request, obj)

    @admin.display(description=_("API configuration"), ordering="config_name")
    def account(self, run: SyncRun) -> str:
        return named(run.config_name)

    @admin.display(description=_("started by"), ordering="trigger")
    def who(self, run: SyncRun) -> str:
        """The door that it came through, and the person."""
        return (
            format_html("{}, {}", run.get_trigger_display(), named(run.user)) if run.user else run.get_trigger_display()
        )

    @admin.display(description=_("result"))
    def result(self, run: SyncRun) -> str:
        """What changed, or why nothing did."""
        return brief(run.error) or api.run_sentence(run)

    @admin.display(description=_("reason"))
    def reason(self, run: SyncRun) -> str:
        return in_full(run.error) or "-"

    @admin.display(description=_("warnings"))
    def warning_list(self, run: SyncRun) -> str:
        return (
            format_html_join("", "<div>{}</div>", ((in_full(warning, advise=False),) for warning in run.warnings))
            or "-"
        )

    @admin.display(description=_("snapshots"))
    def snapshots_link(self, run: SyncRun) -> str:
        count = run.snapshots.count()
        if not count:
            return "-"
        text = ngettext("%d removed group can be restored", "%d removed groups can be restored", count) % count
        return link_if_open(GroupSnapshot, "changelist", text, sync_run__id__exact=run.pk)

    @admin.display(description=_("changed groups"))
    def changed_groups(self, run: SyncRun) -> str:
        """What was done to which group: the first few of each kind, folded, with the way to all of them."""
        counts = dict(run.changes.order_by().values_list("action").annotate(Count("pk")))
        kinds = [
            {
                "label": action.label,
                "total": counts[action.value],
                "address": address(SyncChange, "changelist", sync_run__id__exact=run.pk, action__exact=action.value),
                "rows": _rows(run.changes.filter(action=action).select_related("group")[:_SHOWN]),
            }
            for action in ChangeAction
            if action.value in counts
        ]
        context = {"kinds": kinds, "open": sum(counts.values()) <= _SHOWN}
        return render_to_string("admin/credentials_accredible/sync_changes.html", context) if kinds else "-"

    @admin.display(description=_("conflicting groups"))
    def conflicting_groups(self, run: SyncRun) -> str:
        """Those that another configuration holds, each with the way to it."""
        if not run.conflicts:
            return "-"
        return conflict_list(run.api_config, run.conflicts, run.conflicting_count)


@admin.register(SyncChange)
class SyncChangeAdmin(ReadOnlyAdmin):
    """Which group was created, updated or removed by which sync."""

    list_display = ["short_name", "action", "changed_fields", "run_link", "group_page"]
    list_filter = ["action", "sync_run__api_config", "sync_run__trigger"]
    list_select_related = ["sync_run", "group"]
    search_fields = ["name", "accredible_id"]
    date_hierarchy = "sync_run__started_at"
    ordering = ["-pk"]
    fields = ["run_link", "action", "group_link", "snapshot_link", "accredible_id", "name", "differences"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "view_syncrun")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("differences"))
    def differences(self, change: SyncChange) -> str:
        return _difference_table(change.fields) or "-"

    @admin.display(description=_("fields"))
    def changed_fields(self, change: SyncChange) -> str:
        return ", ".join(api.field_label(field["field"]) for field in change.fields) or "-"

    @admin.display(description=_("name"), ordering="name")
    def short_name(self, change: SyncChange) -> str:
        return named(change.name)

    @admin.display(description=_("sync run"), ordering="sync_run__started_at")
    def run_link(self, change: SyncChange) -> str:
        """When it was, and of which configuration, with the way to its page."""
        to = link(address(SyncRun, "change", change.sync_run_id), moment(change.sync_run.started_at))
        return format_html("{}<div>{}</div>", to, named(change.sync_run.config_name))

    @admin.display(description=_("group"))
    def group_page(self, change: SyncChange) -> str:
        """The way to the group, whose name is in the row already."""
        return link_if_open(AccredibleGroup, "change", _("See the group"), change.group_id) if change.group_id else "-"

    @admin.display(description=_("group"))
    def group_link(self, change: SyncChange) -> str:
        return link_if_open(AccredibleGroup, "change", change.group, change.group_id) if change.group else "-"

    @admin.display(description=_("snapshot"))
    def snapshot_link(self, change: SyncChange) -> str:
        snapshot = _snapshots([change]).get(change.accredible_id)
        return link(snapshot, change.name) if snapshot else "-"


def _rows(changes: Iterable[SyncChange]) -> list[dict[str, Any]]:
    changes = list(changes)
    snapshots = _snapshots([change for change in changes if change.action == ChangeAction.REMOVED])
    return [
        {
            "change": change,
            "address": open_address(AccredibleGroup, "change", change.group_id) if change.group_id else "",
            "snapshot": snapshots.get(change.accredible_id, ""),
            "differences": _difference_table(change.fields),
        }
        for change in changes
    ]


def _difference_table(fields: Sequence[dict[str, Any]]) -> str:
    """The fields of a SyncChange as HTML: what was and what is; empty where there are none."""
    named = [{**field, "label": api.field_label(field["field"])} for field in fields]
    return render_to_string("admin/credentials_accredible/differences.html", {"fields": named}) if named else ""


def _snapshots(changes: Sequence[SyncChange]) -> dict[int, str]:
    """The pages of the snapshots that the run of ``changes`` took of these groups, by Accredible id."""
    if not changes:
        return {}
    ids = [change.accredible_id for change in changes]
    taken = GroupSnapshot.objects.filter(sync_run=changes[0].sync_run_id, accredible_id__in=ids)
    return {
        accredible_id: open_address(GroupSnapshot, "change", pk)
        for accredible_id, pk in taken.values_list("accredible_id", "pk")
    }
