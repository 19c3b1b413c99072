"""The page that says what an event would mean for a group, without any consequence."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.rule_forms import EventTypeField
from credentials_accredible.models import AccredibleGroup

TEMPLATE = "admin/credentials_accredible/try_out.html"
_LONGEST = 100_000


class TryOutForm(forms.Form):
    """An event: its type, and what it says, as JSON."""

    payload = forms.CharField(
        label=_("What the event says"),
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 90, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("A JSON object: key path to value, or nested as the event itself."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The configured types are a setting: they are read when a form is made.
        self.fields = {"event_type": EventTypeField(label=_("Event type")), **self.fields}

    def clean_payload(self) -> dict[str, Any]:
        """The payload as a dict."""
        try:
            payload = json.loads(self.cleaned_data["payload"], parse_float=Decimal)
            json.dumps(payload, ensure_ascii=False, default=str).encode()
        except (ArithmeticError, ValueError, RecursionError) as error:
            # A lone half of a surrogate pair is JSON, but no text.
            shown = ascii(error) if isinstance(error, UnicodeError) else error
            raise forms.ValidationError(gettext("This is not JSON: %s") % shown) from None
        if not isinstance(payload, dict):
            raise forms.ValidationError(gettext("This has to be a JSON object: {…}"))
        return payload


def try_out_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """A form with a sample event; once it is sent, what holds for each requirement, penalty and rule."""
    group: AccredibleGroup | None = modeladmin.get_object(request, object_id)
    if group is None:
        raise Http404
    if not modeladmin.has_view_permission(request, group):
        raise PermissionDenied
    simulation = None
    if request.method == "POST":
        form = TryOutForm(request.POST)
        if form.is_valid():
            simulation = api.simulate(group, form.cleaned_data["event_type"], form.cleaned_data["payload"])
    else:
        event_type = request.GET.get("event_type") or _first_event_type(group)
        sample = json.dumps(api.sample_event(event_type), indent=2, ensure_ascii=False)
        form = TryOutForm(initial={"event_type": event_type, "payload": sample})
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Try out"),
        "opts": modeladmin.opts,
        "group": group,
        "form": form,
        "simulation": simulation,
        "parts": simulation
        and [
            (gettext("Requirements"), simulation.requirements),
            (gettext("Penalties"), simulation.penalties),
        ],
    }
    return TemplateResponse(request, TEMPLATE, context)


def _first_event_type(group: AccredibleGroup) -> str:
    requirement = group.requirements.first()
    if requirement:
        return str(requirement.event_type)
    return next(iter(api.offered_event_types()), "")


TEMPLATE_REEVALUATE = "admin/credentials_accredible/reevaluate.html"


def reevaluate_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """Show how many badges a re-evaluation would award, and award them once that is confirmed."""
    group: AccredibleGroup | None = modeladmin.get_object(request, object_id)
    if group is None:
        raise Http404
    if not modeladmin.has_change_permission(request, group):
        raise PermissionDenied
    if request.method == "POST":
        awarded = api.reevaluate(group, dry_run=False).badges
        text = ngettext("Re-evaluated: %d badge awarded.", "Re-evaluated: %d badges awarded.", awarded) % awarded
        modeladmin.log_change(request, group, text)
        messages.success(request, text)
        return HttpResponseRedirect(reverse("admin:credentials_accredible_accrediblegroup_change", args=[group.pk]))
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Re-evaluate progress"),
        "opts": modeladmin.opts,
        "group": group,
        "expected": api.reevaluate(group, dry_run=True),
    }
    return TemplateResponse(request, TEMPLATE_REEVALUATE, context)
