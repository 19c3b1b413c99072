"""The admin pages of sync runs."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.admin.sync_change import changes_of
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
