"""The admin pages of group snapshots: what was removed, and the way to bring it back."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import BigIntegerField, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import (
    AccredibleAdmin,
    ReadOnlyAdmin,
    link,
    link_if_open,
    may,
    named,
    open_address,
)
from credentials_accredible.admin.fields import KeyField
from credentials_accredible.admin.filters import YesNoFilter
from credentials_accredible.choices import AttributeSource, Operator
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot, SyncRun
from credentials_accredible.text import moment

# A form has a field for each, and Django takes a thousand.
_AT_ONCE = 400
_JOIN = "join-"


class _ChoicesForm(forms.Form):
    """How the snapshots are restored; for each of them, there is the number of a group to join as well."""

    config = KeyField(AccredibleAPIConfig.objects.all(), required=False)
    merge = forms.BooleanField(required=False)


@admin.action(permissions=["restore"], description=_("Restore"))
def restore_groups(
    modeladmin: AccredibleAdmin, request: HttpRequest, queryset: QuerySet[GroupSnapshot]
) -> HttpResponse | None:
    """Show what the chosen snapshots bring back and, once that is confirmed, restore them."""
    keys = list(queryset.order_by("-pk").values_list("pk", flat=True)[: _AT_ONCE + 1])
    if len(keys) > _AT_ONCE:
        text = gettext("Choose at most %d snapshots, or use the command accredible_restore.")
        messages.error(request, text % _AT_ONCE)
        return None
    snapshots = api.find_snapshots(keys)
    choices = _choices(request, snapshots)
    if "confirmed" in request.POST:
        try:
            items = api.restore(snapshots, choices, user=request.user)
        except DatabaseError as error:
            messages.error(request, f"{gettext('Nothing was restored.')} {api.why_not_stored(error)}")
        else:
            if not any(item.refused for item in items):
                _tell(modeladmin, request, items)
                return None
            messages.error(request, gettext("Nothing was restored, because not all of it can be."))
    return _restore_page(modeladmin, request, api.preview_restore(snapshots, choices), choices)


def _choices(request: HttpRequest, snapshots: list[GroupSnapshot]) -> api.RestoreChoices:
    """What the form says; what makes no sense there counts as not chosen."""
    form = _ChoicesForm(request.POST)
    number = forms.IntegerField(min_value=1, max_value=BigIntegerField.MAX_BIGINT, required=False)
    form.fields |= {f"{_JOIN}{snapshot.pk}": number for snapshot in snapshots}
    form.full_clean()
    chosen = form.cleaned_data
    join = {snapshot.pk: chosen.get(f"{_JOIN}{snapshot.pk}") for snapshot in snapshots}
    return api.RestoreChoices(
        config=chosen.get("config"),
        join={snapshot: group for snapshot, group in join.items() if group is not None},
        merge=chosen["merge"],
    )


def _restore_page(
    modeladmin: AccredibleAdmin, request: HttpRequest, items: list[api.Restoration], choices: api.RestoreChoices
) -> HttpResponse:
    environments = {item.snapshot.environment for item in items if item.snapshot.api_config_id is None}
    rows = [_row(item, choices) for item in items]
    refused = any(item.refused for item in items)
    to_join = any(row["offered"] or row["joined"] for row in rows)
    return modeladmin.render(
        request,
        "restore.html",
        gettext("Restore groups?"),
        rows=rows,
        configs=AccredibleAPIConfig.objects.filter(environment__in=environments) if environments else [],
        homeless=bool(environments),
        choices=choices,
        refused=refused,
        choosing=bool(environments or refused or choices.merge or to_join),
        wanted=any(item.wanted for item in items),
        action=restore_groups.__name__,
        checkbox_name=helpers.ACTION_CHECKBOX_NAME,
    )


def _row(item: api.Restoration, choices: api.RestoreChoices) -> dict[str, Any]:
    return {
        "item": item,
        "figures": api.restoration_figures(item) if item.wanted else "",
        "join_name": f"{_JOIN}{item.snapshot.pk}",
        "joined": choices.join.get(item.snapshot.pk),
        "offered": [(group.accredible_id, group.name) for group in item.same_name],
    }


def _tell(modeladmin: AccredibleAdmin, request: HttpRequest, items: list[api.Restoration]) -> None:
    done = [item for item in items if item.wanted]
    for item in done:
        modeladmin.log_change(request, item.snapshot, gettext("Restored."))
    for item in items:
        if not item.wanted:
            messages.info(request, f"{item.snapshot.name}: {item.reason}")
    if len(done) == 1 and done[0].group:
        text = gettext("Restored: %s.") % api.restoration_figures(done[0])
        to = open_address(AccredibleGroup, "change", done[0].group.pk)
        messages.success(request, format_html("{} {}", text, link(to, gettext("See the group")) if to else ""))
    elif done:
        text = ngettext("%d group restored.", "%d groups restored.", len(done)) % len(done)
        to = open_address(AccredibleGroup, "changelist")
        messages.success(request, format_html("{} {}", text, link(to, gettext("See the groups")) if to else ""))


class RestoredFilter(YesNoFilter):
    title = _("restored")
    parameter_name = "restored"
    answers = (("no", _("not restored")), ("yes", _("restored")))
    condition = Q(restored_at__isnull=False)


@admin.register(GroupSnapshot)
class GroupSnapshotAdmin(ReadOnlyAdmin):
    """Which groups were removed, when and why; a page says what was configured under each."""

    actions = [restore_groups]
    list_display = ["short_name", "account", "created", "cause", "learners", "restored"]
    list_filter = ["cause", RestoredFilter, "api_config"]
    list_select_related = ["restored_to"]
    search_fields = ["name", "accredible_id", "config_name"]
    date_hierarchy = "created"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupSnapshot]:
        """Snapshots without their contents, which can be large."""
        return super().get_queryset(request).defer("data")

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return may(request, "restore_groupsnapshot")

    @admin.display(description=_("group"), ordering="name")
    def short_name(self, snapshot: GroupSnapshot) -> str:
        return named(snapshot.name or gettext("(no name)"))

    @admin.display(description=_("API configuration"), ordering="config_name")
    def account(self, snapshot: GroupSnapshot) -> str:
        return named(snapshot.config_name)

    @admin.display(description=_("restored"), ordering="restored_at")
    def restored(self, snapshot: GroupSnapshot) -> str:
        if not snapshot.restored_at:
            return "-"
        when = moment(snapshot.restored_at)
        if not snapshot.restored_to_id:
            return gettext("%s, and removed again") % when
        return link_if_open(AccredibleGroup, "change", when, snapshot.restored_to_id)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        snapshot = self.get_object(request, object_id)
        if snapshot is None:
            raise Http404
        return self.render(
            request,
            "snapshot.html",
            gettext("Group snapshot"),
            snapshot=snapshot,
            environment=_environment(snapshot),
            restored=self.restored(snapshot),
            run_address=open_address(SyncRun, "change", snapshot.sync_run_id) if snapshot.sync_run_id else "",
            contents=_contents(snapshot.data) if snapshot.version <= api.SNAPSHOT_VERSION else None,
            may_restore=self.has_restore_permission(request),
            action=restore_groups.__name__,
            checkbox_name=helpers.ACTION_CHECKBOX_NAME,
            **(extra_context or {}),
        )


def _contents(data: dict[str, Any]) -> dict[str, Any]:
    configuration = data["configuration"]
    requirements = {item["ref"]: _described(item) for item in configuration["requirements"]}
    # One without a letter counts as having one of its own.
    lettered = sorted((item for item in requirements.values() if item["blend"]), key=lambda item: item["blend"])
    letters = [(letter, list(items)) for letter, items in groupby(lettered, key=lambda item: item["blend"])]
    letters += [("", [item]) for item in requirements.values() if not item["blend"]]
    return {
        "group": data["group"],
        "letters": letters,
        "penalties": [
            {**_described(item), "takes": [requirements[ref]["title"] for ref in item["requirements"]]}
            for item in configuration["penalties"]
        ],
        "attributes": [
            (item["name"], _label(AttributeSource, item["source"]), _attribute_value(item))
            for item in configuration["custom_attributes"]
        ],
    }


def _environment(snapshot: GroupSnapshot) -> str:
    try:
        return AccredibleAPIConfig(environment=snapshot.environment).environment_name
    except ConfigurationError:
        return snapshot.environment


def _attribute_value(item: dict[str, Any]) -> str:
    value = str(item["value"])
    return api.path_words(value) if item["source"] == AttributeSource.PATH else value


def _described(item: dict[str, Any]) -> dict[str, Any]:
    event = api.event_type_words(item["event_type"])
    title = f"{event} ({item['blend']})" if item.get("blend") else event
    rules = [
        f"{api.path_words(rule['data_path'])} {_label(Operator, rule['operator'])} {rule['value']}"
        for rule in item["rules"]
    ]
    return {**item, "event": event, "title": item["description"] or title, "rules": rules}


def _label(vocabulary: Any, value: str) -> str:
    return str(vocabulary(value).label) if value in vocabulary.values else value
