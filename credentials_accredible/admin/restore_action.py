"""The action "Restore", and the page that shows first what will come back and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, GroupSnapshot
from credentials_accredible.sync import restore_report

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

TEMPLATE = "admin/credentials_accredible/restore.html"
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
    return TemplateResponse(request, TEMPLATE, context)


def _row(item: api.Restoration, choices: api.RestoreChoices) -> dict[str, Any]:
    joined = choices.join.get(item.snapshot.pk)
    return {
        "item": item,
        "figures": restore_report.figures(item) if item.wanted else "",
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
        text = gettext("Restored: %s.") % restore_report.figures(done[0])
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, address, gettext("See the group")))
    elif done:
        address = reverse("admin:credentials_accredible_accrediblegroup_changelist")
        text = ngettext("%d group restored.", "%d groups restored.", len(done)) % len(done)
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, address, gettext("See the groups")))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
