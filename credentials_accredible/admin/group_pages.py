"""The pages beside a group's own: "Try out", without any consequence, and "Re-evaluate progress"."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, address, may_see
from credentials_accredible.admin.rule_forms import EventTypeField
from credentials_accredible.models import AccredibleGroup, BadgePenalty, CustomAttribute

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


def try_out_view(request: HttpRequest, modeladmin: AccredibleAdmin, group: AccredibleGroup) -> HttpResponse:
    """A form with a sample event; once it is sent, what holds for each requirement, penalty and rule."""
    simulation = None
    if request.method == "POST":
        form = TryOutForm(request.POST)
        if form.is_valid():
            simulation = api.simulate(group, form.cleaned_data["event_type"], form.cleaned_data["payload"])
    else:
        event_type = request.GET.get("event_type") or _first_event_type(group)
        sample = json.dumps(api.sample_event(event_type), indent=2, ensure_ascii=False)
        form = TryOutForm(initial={"event_type": event_type, "payload": sample})
    # What the group's own page would show to the same person.
    parts = simulation and [
        (gettext("Requirements"), simulation.requirements),
        (gettext("Penalties"), simulation.penalties if may_see(request, BadgePenalty) else []),
    ]
    attributes = simulation.attributes if simulation and may_see(request, CustomAttribute) else {}
    return modeladmin.render(
        request,
        "try_out.html",
        gettext("Try out"),
        original=group,
        form=form,
        simulation=simulation,
        parts=parts,
        attributes=attributes,
    )


def _first_event_type(group: AccredibleGroup) -> str:
    requirement = group.requirements.first()
    if requirement:
        return str(requirement.event_type)
    return next(iter(api.offered_event_types()), "")


def reevaluate_view(request: HttpRequest, modeladmin: AccredibleAdmin, group: AccredibleGroup) -> HttpResponse:
    """Show how many badges a re-evaluation would award, and award them once that is confirmed."""
    if request.method == "POST":
        awarded = api.reevaluate(group, dry_run=False).badges
        text = ngettext("Re-evaluated: %d badge awarded.", "Re-evaluated: %d badges awarded.", awarded) % awarded
        modeladmin.log_change(request, group, text)
        messages.success(request, text)
        return HttpResponseRedirect(address(AccredibleGroup, "change", group.pk))
    expected = api.reevaluate(group, dry_run=True)
    return modeladmin.render(
        request, "reevaluate.html", gettext("Re-evaluate progress"), original=group, expected=expected
    )
