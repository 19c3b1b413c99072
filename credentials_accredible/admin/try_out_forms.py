"""The forms of the page "Try out": a learner, events as fields, the same events as JSON, and events to be added."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import unescape
from typing import Any, NamedTuple

from django import forms
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import address
from credentials_accredible.admin.rule_forms import offer_courses
from credentials_accredible.exceptions import DecisionRefused
from credentials_accredible.models import AccredibleGroup

# What Django takes of one page is a thousand fields.
MOST_FIELDS = 900
_LONGEST = 100_000
_MOST_EVENTS = 200
_MOST_LEVELS = 50
_LONGEST_TEXT = 1000
_PREFIX = "events"
_SAYS = "says-"
_TYPE = re.compile(rf"{_PREFIX}-(\d{{1,4}})-type", re.ASCII)

Payload = tuple[str, Mapping[str, Any]]


class LearnerForm(forms.Form):
    """A learner of the service, by user name or e-mail address; nobody: one who has fulfilled nothing yet."""

    learner = forms.CharField(
        label=_("Learner"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("User name or e-mail address. Leave it empty for somebody who has fulfilled nothing yet."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["learner"].widget.attrs["data-learners"] = address(AccredibleGroup, "learners")

    def clean_learner(self) -> Any:
        entry = self.cleaned_data["learner"]
        try:
            return api.find_one(entry) if entry else None
        except DecisionRefused as error:
            raise forms.ValidationError(list(error.problems)) from None


class SaidForm(forms.Form):
    """What one event says, a field for each path. What cannot stand there is told, and tried all the same."""

    type = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(self, event: api.TriedEvent, number: int, *, may_pick: bool) -> None:
        prefix = f"{_PREFIX}-{number}"
        data = {f"{prefix}-type": event.event_type}
        data |= {f"{prefix}-{_SAYS}{path}": text for path, text in event.says.items()}
        super().__init__(data, prefix=prefix)
        self.kinds = {
            found.path: found.kind for found in api.keypaths(event.event_type, ()) if found.path in event.says
        }
        for path, kind in self.kinds.items():
            self.fields[f"{_SAYS}{path}"] = _said_field(path, kind, may_pick=may_pick)

    def clean(self) -> dict[str, Any]:
        for path, kind in self.kinds.items():
            text = self.cleaned_data.get(f"{_SAYS}{path}")
            try:
                if text and kind != "list":
                    api.clean_value(kind, "eq", text)
            except ValueError as error:
                self.add_error(f"{_SAYS}{path}", str(error))
        return self.cleaned_data


def _said_field(path: str, kind: Any, *, may_pick: bool) -> forms.Field:
    label = capfirst(api.path_words(path))
    if kind == "boolean":
        choices = [("true", _("yes")), ("false", _("no")), ("", _("(the event does not say)"))]
        return forms.ChoiceField(
            label=label, choices=choices, required=False, widget=forms.Select(attrs={"title": path})
        )
    attrs = {"class": "vTextField", "title": path, "autocomplete": "off", "spellcheck": "false"}
    field = forms.CharField(label=label, required=False, max_length=_LONGEST_TEXT, widget=forms.TextInput(attrs=attrs))
    if kind == "course_key" and may_pick:
        offer_courses(field)
    return field


def sent_events(data: Any, configuration: api.GroupConfiguration) -> list[api.TriedEvent]:
    """The events that the fields of a form say, in their order."""
    numbers = sorted(int(found[1]) for found in map(_TYPE.fullmatch, data) if found)
    return [_sent(data, f"{_PREFIX}-{number}-", configuration) for number in numbers]


def _sent(data: Any, prefix: str, configuration: api.GroupConfiguration) -> api.TriedEvent:
    event_type = data.get(f"{prefix}type", "").replace("\x00", "")
    looked_at = {found.path for found in api.paths_looked_at(configuration, event_type)}
    names = {found.path: f"{prefix}{_SAYS}{found.path}" for found in api.keypaths(event_type, ())}
    return api.TriedEvent(
        event_type,
        {path: data.get(name, "").strip() for path, name in names.items() if path in looked_at or name in data},
    )


def number_of_fields(events: Iterable[api.TriedEvent]) -> int:
    return sum(1 + len(event.says) for event in events)


class JsonForm(forms.Form):
    """The same events for experts. If it was changed since the page was made, it is what counts."""

    json = forms.CharField(
        label=_("The events as JSON"),
        max_length=_LONGEST,
        required=False,
        show_hidden_initial=True,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 90, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_(
            "What an event says is key path to value, or nested as the event itself. Change it here, and the fields "
            "above follow."
        ),
    )

    def clean_json(self) -> list[Payload]:
        try:
            found = json.loads(self.cleaned_data["json"], parse_float=Decimal)
            # Python can read what is nested deeper than whatever looks at it can follow.
            if _is_deeper(found, _MOST_LEVELS):
                raise forms.ValidationError(
                    gettext("This is nested more than %(most)s levels deep.") % {"most": _MOST_LEVELS}
                )
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except (ArithmeticError, ValueError, RecursionError) as error:
            # A lone half of a surrogate pair is JSON, but no text.
            shown = ascii(error) if isinstance(error, UnicodeError) else error
            raise forms.ValidationError(gettext("This is not JSON: %s") % shown) from None
        events = found if isinstance(found, list) else [found]
        if len(events) > _MOST_EVENTS:
            raise forms.ValidationError(
                gettext("These are %(number)s events; %(most)s at once are possible.")
                % {"number": len(events), "most": _MOST_EVENTS}
            )
        if not all(_is_event(event) for event in events):
            raise forms.ValidationError(
                gettext("Each event has to be a JSON object with “event_type” and “event”: […]")
            )
        return [(event["event_type"], event["event"]) for event in events]


def _is_deeper(found: Any, levels: int) -> bool:
    """Whether lists and objects stand in each other more than ``levels`` deep."""
    here = [found]
    for _level in range(levels + 1):
        here = [value for value in here if isinstance(value, list | dict)]
        if not here:
            return False
        here = [inner for value in here for inner in (value.values() if isinstance(value, dict) else value)]
    return True


def _is_event(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("event_type"), str) and isinstance(found.get("event"), dict)


def as_json(events: Iterable[api.TriedEvent]) -> str:
    """The events as ``JsonForm`` takes them."""
    shown = [{"event_type": event.event_type, "event": event.payload} for event in events]
    return json.dumps(shown, indent=2, ensure_ascii=False)


class Offer(NamedTuple):
    """An event that can be added; ``value`` is what its choice is called."""

    value: str
    label: str
    event: api.TriedEvent


class AddForm(forms.Form):
    """An event to add, of those that the group's rules ask for or of any type."""

    add_event = forms.ChoiceField(label=_("Another event"), required=False)

    def __init__(self, offers: Sequence[tuple[str, Sequence[Offer]]], data: Any = None) -> None:
        super().__init__(data)
        self._offers = {offer.value: offer for _heading, several in offers for offer in several}
        field: Any = self.fields["add_event"]
        field.choices = [
            (heading, [(offer.value, offer.label) for offer in several]) for heading, several in offers if several
        ]

    def clean_add_event(self) -> api.TriedEvent:
        offer = self._offers.get(self.cleaned_data["add_event"])
        if offer is None:
            raise forms.ValidationError(gettext("Choose an event."))
        return offer.event


def plain(words: Any) -> str:
    """Words that are HTML, for a place that takes text alone."""
    return str(capfirst(unescape(strip_tags(words))))
