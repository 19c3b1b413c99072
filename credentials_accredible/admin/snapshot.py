"""The admin pages of group snapshots: what was removed, and the way to bring it back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import ReadOnlyAdmin
from credentials_accredible.admin.rule_forms import short_event_type
from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.models import AccredibleAPIConfig, GroupSnapshot

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

TEMPLATE_RESTORE_ACTION = "admin/credentials_accredible/restore.html"
ACTION = "restore_groups"

# A form has a field for each, and Django takes a thousand.
_AT_ONCE = 400
_JOIN = "join-"


@admin.action(permissions=["restore"], description=_("Restore"))
def restore_groups(
    modeladmin: ModelAdmin[GroupSnapshot], request: HttpRequest, queryset: QuerySet[GroupSnapshot]
) -> HttpResponse | None:
    """Show what the chosen snapshots bring back and, once that is confirmed, restore them."""
    keys = list(queryset.order_by("-pk").values_list("pk", flat=True)[: _AT_ONCE + 1])
    if len(keys) > _AT_ONCE:
        text = gettext("Choose at most %d snapshots, or use the command accredible_restore.")
        messages.error(request, text % _AT_ONCE)
        return None
    snapshots = api.find_snapshots(keys)
    choices = _choices(request, snapshots)
    if "confirmed" not in request.POST:
        return _page(modeladmin, request, api.preview_restore(snapshots, choices), choices)
    try:
        items = api.restore(snapshots, choices, user=request.user)
    except DatabaseError:
        messages.error(request, gettext("Nothing was restored: the database is busy. Try again."))
        return _page(modeladmin, request, api.preview_restore(snapshots, choices), choices)
    if any(item.refused for item in items):
        messages.error(request, gettext("Nothing was restored, because not all of it can be."))
        return _page(modeladmin, request, api.preview_restore(snapshots, choices), choices)
    _tell(modeladmin, request, items)
    return None


def _choices(request: HttpRequest, snapshots: list[GroupSnapshot]) -> api.RestoreChoices:
    """What the form says; what makes no sense there counts as not chosen."""
    config = request.POST.get("config", "")
    join = {}
    for snapshot in snapshots:
        wanted = request.POST.get(f"{_JOIN}{snapshot.pk}", "")
        if _is_number(wanted):
            join[snapshot.pk] = int(wanted)
    return api.RestoreChoices(
        config=AccredibleAPIConfig.objects.filter(pk=config).first() if _is_number(config) else None,
        join=join,
        merge="merge" in request.POST,
    )


def _page(
    modeladmin: ModelAdmin[GroupSnapshot],
    request: HttpRequest,
    items: list[api.Restoration],
    choices: api.RestoreChoices,
) -> HttpResponse:
    environments = {item.snapshot.environment for item in items if item.snapshot.api_config_id is None}
    rows = [_row(item, choices) for item in items]
    refused = any(item.refused for item in items)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Restore groups?"),
        "opts": modeladmin.opts,
        "media": modeladmin.media,
        "rows": rows,
        "configs": AccredibleAPIConfig.objects.filter(environment__in=environments) if environments else [],
        "homeless": bool(environments),
        "choices": choices,
        "refused": refused,
        "choosing": bool(
            environments or refused or choices.merge or any(row["offered"] or row["joined"] for row in rows)
        ),
        "wanted": any(item.wanted for item in items),
        "action": ACTION,
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, TEMPLATE_RESTORE_ACTION, context)


def _row(item: api.Restoration, choices: api.RestoreChoices) -> dict[str, Any]:
    joined = choices.join.get(item.snapshot.pk)
    return {
        "item": item,
        "figures": api.restoration_figures(item) if item.wanted else "",
        "join_name": f"{_JOIN}{item.snapshot.pk}",
        "joined": joined,
        "offered": [(group.accredible_id, group.name) for group in item.same_name],
        "to_join": bool(joined or item.same_name),
    }


def _tell(modeladmin: ModelAdmin[GroupSnapshot], request: HttpRequest, items: list[api.Restoration]) -> None:
    done = [item for item in items if item.wanted]
    for item in done:
        modeladmin.log_change(request, item.snapshot, gettext("Restored."))
    for item in items:
        if not item.wanted:
            messages.info(request, f"{item.snapshot.name}: {item.reason}")
    if len(done) == 1 and done[0].group:
        address = reverse("admin:credentials_accredible_accrediblegroup_change", args=[done[0].group.pk])
        text = gettext("Restored: %s.") % api.restoration_figures(done[0])
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, address, gettext("See the group")))
    elif done:
        address = reverse("admin:credentials_accredible_accrediblegroup_changelist")
        text = ngettext("%d group restored.", "%d groups restored.", len(done)) % len(done)
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, address, gettext("See the groups")))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


TEMPLATE = "admin/credentials_accredible/snapshot.html"


class RestoredFilter(admin.SimpleListFilter):
    """Restored already, or not."""

    title = _("restored")
    parameter_name = "restored"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two answers."""
        return [("no", _("not restored")), ("yes", _("restored"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The snapshots of the answer."""
        if self.value() in {"yes", "no"}:
            return queryset.filter(restored_at__isnull=self.value() == "no")
        return queryset


@admin.register(GroupSnapshot)
class GroupSnapshotAdmin(ReadOnlyAdmin):
    """Which groups were removed, when and why; a page says what was configured under each."""

    actions = [restore_groups]
    list_display = ["short_name", "accredible_id", "config_name", "created", "cause", "user", "learners", "restored"]
    list_filter = ["cause", RestoredFilter, "api_config"]
    list_select_related = ["user", "restored_to"]
    search_fields = ["name", "accredible_id", "config_name"]
    date_hierarchy = "created"

    class Media:
        css = {"all": ["credentials_accredible/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupSnapshot]:
        """Snapshots without their contents, which can be large."""
        return super().get_queryset(request).defer("data")

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Whether the user may restore."""
        return request.user.has_perm("credentials_accredible.restore_groupsnapshot")

    @admin.display(description=_("group"), ordering="name")
    def short_name(self, snapshot: GroupSnapshot) -> str:
        """The beginning of the name."""
        return Truncator(snapshot.name).chars(100) or gettext("(no name)")

    @admin.display(description=_("restored"), ordering="restored_at")
    def restored(self, snapshot: GroupSnapshot) -> str:
        """When, with the way to the group that it was restored to."""
        if not snapshot.restored_at:
            return "-"
        moment = localize(localtime(snapshot.restored_at))
        if not snapshot.restored_to_id:
            return gettext("%s, and removed again") % moment
        address = reverse("admin:credentials_accredible_accrediblegroup_change", args=[snapshot.restored_to_id])
        return format_html('<a href="{}">{}</a>', address, moment)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What is in one."""
        snapshot = self.get_object(request, object_id)
        if snapshot is None:
            raise Http404
        if not self.has_view_permission(request, snapshot) or request.method == "POST":
            raise PermissionDenied
        readable = snapshot.version <= api.SNAPSHOT_VERSION
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Group snapshot"),
            "opts": self.opts,
            "media": self.media,
            "snapshot": snapshot,
            "restored": self.restored(snapshot),
            "contents": contents_of(snapshot) if readable else None,
            "may_restore": self.has_restore_permission(request),
            "action": ACTION,
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            **(extra_context or {}),
        }
        return TemplateResponse(request, TEMPLATE, context)


def contents_of(snapshot: GroupSnapshot) -> dict[str, Any]:
    """What the page shows of a snapshot's data."""
    configuration = snapshot.data["configuration"]
    requirements = {item["ref"]: _described(item) for item in configuration["requirements"]}
    # One without a letter counts as having one of its own.
    lettered = sorted((item for item in requirements.values() if item["blend"]), key=lambda item: item["blend"])
    letters = [(letter, list(items)) for letter, items in groupby(lettered, key=lambda item: item["blend"])]
    letters += [("", [item]) for item in requirements.values() if not item["blend"]]
    return {
        "group": snapshot.data["group"],
        "letters": letters,
        "penalties": [
            {**_described(item), "takes": [requirements[ref]["title"] for ref in item["requirements"]]}
            for item in configuration["penalties"]
        ],
        "attributes": [
            (item["name"], _label(AttributeSource, item["source"]), item["value"])
            for item in configuration["custom_attributes"]
        ],
    }


def _described(item: dict[str, Any]) -> dict[str, Any]:
    event = short_event_type(item["event_type"])
    rules = [f"{rule['data_path']} {_label(Operator, rule['operator'])} {rule['value']}" for rule in item["rules"]]
    return {**item, "event": event, "title": item["description"] or _titled(event, item), "rules": rules}


def _titled(event: str, item: dict[str, Any]) -> str:
    return f"{event} ({item['blend']})" if item.get("blend") else event


def _label(vocabulary: Any, value: str) -> str:
    return str(vocabulary(value).label) if value in vocabulary.values else value
