"""The admin pages of requirements and penalties: for who may change them and not their group, and for all of a kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, TextField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin import deletion
from credentials_accredible.admin.addresses import NamesakeMixin
from credentials_accredible.admin.base import address
from credentials_accredible.admin.earnable import EarnableGroupAdmin
from credentials_accredible.admin.filters import EventTypeFilter
from credentials_accredible.admin.history import HistoryAdmin
from credentials_accredible.admin.rule_forms import (
    BadgePenaltyForm,
    DataRuleForm,
    DataRuleFormSet,
    EventForm,
    RequirementRuleFormSet,
)
from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, DataRule, PenaltyDataRule
from credentials_accredible.text import whole_number


@admin.display(description=_("data rules"))
def rule_list(obj: BadgeRequirement | BadgePenalty) -> str:
    return format_html_join("", "<div>{}</div>", ((rule,) for rule in obj.rules.all())) or "-"


@admin.display(description=_("event type"), ordering="event_type")
def event_label(obj: BadgeRequirement | BadgePenalty) -> str:
    return api.event_type_words(obj.event_type)


class RuleInline(admin.StackedInline):
    template = "admin/credentials_accredible/rule_rows.html"
    form = DataRuleForm
    fields = ["data_path", "operator", "value"]
    extra = 0
    add_label = _("Add a data rule")


class DataRuleInline(RuleInline):
    model = DataRule
    formset = RequirementRuleFormSet


class PenaltyDataRuleInline(RuleInline):
    model = PenaltyDataRule
    formset = DataRuleFormSet


class EventAdmin(NamesakeMixin, HistoryAdmin, EarnableGroupAdmin):
    """What requirements and penalties have in common."""

    list_filter = [("event_type", EventTypeFilter), "group__api_config"]
    list_select_related = ["group"]
    search_fields = ["description", "group__name"]
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 3, "cols": 60})}}

    class Media:
        css = {"all": ["credentials_accredible/group.css"]}
        js = [
            "credentials_accredible/data_rules.js",
            "credentials_accredible/rule_cards.js",
            "credentials_accredible/recipes.js",
        ]

    def affected_groups(self, objs: Iterable[Any]) -> set[int]:
        return {obj.group_id for obj in objs}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("rules")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address chooses; a group that cannot be one counts as not chosen."""
        chosen: dict[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in chosen.items() if name != "group" or whole_number(value) is not None}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The group is chosen once: elsewhere, the configuration would mean something else."""
        return ["group"] if obj else []


@admin.register(BadgeRequirement)
class BadgeRequirementAdmin(EventAdmin):
    form = EventForm
    list_display = ["__str__", "group", event_label, rule_list, "blend", "any_event"]
    fields = ["group", "event_type", "description", "blend", "any_event"]
    autocomplete_fields = ["group"]
    inlines = [DataRuleInline]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return deletion.of_requirements(request, self.admin_site, list(objs))


@admin.register(BadgePenalty)
class BadgePenaltyAdmin(EventAdmin):
    form = BadgePenaltyForm
    list_display = ["__str__", "group", event_label, rule_list]
    fields = ["group", "event_type", "description", "requirements"]
    inlines = [PenaltyDataRuleInline]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return deletion.of_penalties(request, self.admin_site, list(objs))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new penalty of a group; which one comes with the address, for its requirements are to be offered."""
        if whole_number(request.GET.get("group")) is None:
            messages.info(request, gettext("Open the group that the penalty is for, and use “Add a penalty” there."))
            return HttpResponseRedirect(address(AccredibleGroup, "changelist"))
        return super().add_view(request, form_url, extra_context)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Requirements are made on the group's page, not in a window beside a penalty."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "requirements":
            field.widget.can_add_related = False
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The requirements of its group, as boxes to tick."""
        kwargs["queryset"] = BadgeRequirement.objects.filter(group=self.group_key(request))
        kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "group":
            key = self.group_key(request)
            kwargs["queryset"] = AccredibleGroup.objects.filter(pk__in=[] if key is None else [key])
            kwargs["empty_label"] = None
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def group_key(self, request: HttpRequest) -> int | None:
        """The primary key of the group that the page is about; None where it is about none."""
        penalty = _object_id(request)
        if penalty is not None:
            return BadgePenalty.objects.filter(pk=penalty).values_list("group", flat=True).first()
        return whole_number(request.GET.get("group"))


def _object_id(request: HttpRequest) -> int | None:
    return whole_number(request.resolver_match.kwargs.get("object_id")) if request.resolver_match else None
