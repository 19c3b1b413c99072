"""The admin pages of what syncs did to groups, and their part of a run's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import AccredibleGroup, GroupSnapshot, SyncChange, SyncRun
from credentials_accredible.timeline.rows import field_label

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
