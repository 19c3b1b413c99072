"""The custom attributes on a group's page: their rows, the names on offer at Accredible, and what is doubtful."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.text import capfirst
from django.utils.translation import gettext

from credentials_accredible import api, conf
from credentials_accredible.admin.base import AccredibleAdmin, may_see
from credentials_accredible.admin.rule_forms import kept_forms
from credentials_accredible.exceptions import ConfigurationError, RequestFailed
from credentials_accredible.models import AccredibleGroup, CustomAttribute
from credentials_accredible.text import trimmed

# In a request: that attributes were changed with it.
_CHANGED = "accredible_attributes_changed"
_PATHS = "accredible-attribute-paths"
_KEYS = "accredible-attribute-keys"
_EVENT_TYPE = re.compile(r"requirements-\d+-event_type")


class CustomAttributeForm(forms.ModelForm):
    """One attribute; names and paths are offered, and can be written."""

    class Meta:
        model = CustomAttribute
        fields = ["name", "source", "value"]
        widgets = {
            "name": forms.TextInput(attrs={"class": "vTextField", "list": _KEYS, "autocomplete": "off"}),
            "value": forms.TextInput(attrs={"class": "vTextField", "list": _PATHS, "autocomplete": "off"}),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"source", "value"} <= cleaned.keys():
            cleaned["value"] = api.clean_attribute(cleaned["source"], cleaned["value"])
        return cleaned

    def clean_name(self) -> str:
        return trimmed(self.cleaned_data["name"])


class CustomAttributeFormSet(BaseInlineFormSet):
    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        """As Django's; each field says what it is to who cannot see the head of its column."""
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs["aria-label"] = capfirst(field.label or "")

    def clean(self) -> None:
        """Refuse paths that no event of the group's requirements has, those on the same page included."""
        super().clean()
        event_types = _event_types(self.instance) | {
            value for name, value in self.data.items() if _EVENT_TYPE.fullmatch(name) and value
        }
        for form in kept_forms(self):
            if form.errors or not form.has_changed():
                continue
            # Before there are requirements, nobody knows which events it will be about.
            attribute = form.instance
            problem = api.attribute_problem(attribute.source, attribute.value, event_types or conf.event_types())
            if problem:
                form.add_error("value", problem)


class CustomAttributeInline(admin.TabularInline):
    """What credentials of a group tell beside the learner and the day."""

    model = CustomAttribute
    form = CustomAttributeForm
    formset = CustomAttributeFormSet
    template = "admin/credentials_accredible/attribute_inline.html"
    fields: ClassVar[Any] = ["name", "source", "value"]
    extra = 0

    class Media:
        js = ["credentials_accredible/attributes.js"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.offered_paths = _offered_paths(obj) if obj else []
        return formset


def attribute_keys_view(request: HttpRequest, _modeladmin: AccredibleAdmin, group: AccredibleGroup) -> HttpResponse:
    """The attribute keys of the account of a group, read from Accredible now, as JSON; otherwise 502 and the reason."""
    try:
        keys = api.attribute_keys(group.api_config)
    except (ConfigurationError, RequestFailed) as error:
        return JsonResponse({"error": str(error)}, status=502)
    return JsonResponse({"keys": [{"name": key.name, "kind": key.kind} for key in keys]})


def note_change(request: HttpRequest, formset: Any) -> None:
    """Remember that attributes are changed by ``request``, if they are."""
    if formset.model is CustomAttribute and formset.has_changed():
        setattr(request, _CHANGED, True)


def tell_doubts(request: HttpRequest, group: AccredibleGroup) -> None:
    """Say which attributes of ``group`` stay empty, and which Accredible does not know where they were changed.

    To those who may see attributes. Call it outside of a transaction.
    """
    if not may_see(request, CustomAttribute):
        return
    for doubt in api.attribute_doubts(group):
        messages.warning(request, doubt)
    if not getattr(request, _CHANGED, False):
        return
    try:
        unknown = api.unknown_attributes(group)
    except (ConfigurationError, RequestFailed) as error:
        text = gettext("Whether the account has these attribute keys could not be found out: %s")
        messages.warning(request, text % error)
        return
    if unknown:
        text = gettext("The account at Accredible has no such attribute keys, so no credential shows them: %s")
        messages.warning(request, text % ", ".join(f"“{name}”" for name in unknown))


def _event_types(group: AccredibleGroup) -> set[str]:
    stored = group.requirements.order_by().values_list("event_type", flat=True) if group.pk else ()
    return set(stored)


def _offered_paths(group: AccredibleGroup) -> list[tuple[str, str]]:
    """Paths with what stands there: of the group's requirements, of all configured types before there are any."""
    offered: dict[str, str] = {}
    for event_type in sorted(_event_types(group)) or conf.event_types():
        for keypath in api.keypaths(event_type):
            words = (api.path_words(keypath.path), keypath.kind.label, api.event_type_words(event_type))
            offered.setdefault(keypath.path, ", ".join(map(str, words)))
    return list(offered.items())
