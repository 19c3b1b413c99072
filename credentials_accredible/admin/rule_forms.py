"""The forms of requirements, penalties and their data rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api, conf
from credentials_accredible.admin.base import address
from credentials_accredible.host.courses import has_catalogue
from credentials_accredible.models import AccredibleGroup


class EventTypeField(forms.ChoiceField):
    def __init__(self, stored: str = "", **kwargs: Any) -> None:
        known = api.offered_event_types()
        if stored and stored not in known:
            known.append(stored)
        super().__init__(choices=[("", "---------"), *((name, api.event_type_words(name)) for name in known)], **kwargs)


class EventForm(forms.ModelForm):
    """A requirement or a penalty: knows its event type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event_type" in self.fields:
            before = self.fields["event_type"]
            self.fields["event_type"] = EventTypeField(
                self.instance.event_type, label=before.label, help_text=before.help_text
            )


class BadgePenaltyForm(EventForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        group = cleaned.get("group") or (self.instance.group if self.instance.group_id else None)
        others = [item for item in cleaned.get("requirements") or () if group and item.group_id != group.pk]
        if others:
            text = gettext("Of another group: %(others)s. Choose requirements of “%(group)s”.")
            self.add_error("requirements", text % {"others": ", ".join(str(item) for item in others), "group": group})
        return cleaned


class DataRuleForm(forms.ModelForm):
    """A data rule; the paths are offered under their event types, which ``data_rules.js`` narrows to one."""

    offered = ("data_path", "operator", "value")
    # Of who fills it in.
    may_add = True
    may_change = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "data_path" in self.fields:
            before = self.fields["data_path"]
            self.fields["data_path"] = forms.ChoiceField(
                choices=_path_choices(self.instance.data_path), label=before.label, help_text=before.help_text
            )
        if "value" in self.fields:
            self.fields["value"].widget.attrs["class"] = "vTextField"
            offer_courses(self.fields["value"])
        if not (self.may_change if self.instance.pk else self.may_add):
            for field in self.fields.values():
                field.disabled = True


class DataRuleFormSet(BaseInlineFormSet):
    """The data rules of a requirement or a penalty, checked against its event type."""

    def clean(self) -> None:
        """Refuse paths that the event does not have, and values that cannot stand there."""
        super().clean()
        kinds = {keypath.path: keypath.kind for keypath in api.keypaths(self.instance.event_type, ())}
        same = {"pk": self.instance.pk, "event_type": self.instance.event_type}
        moved = self.instance.pk is not None and not type(self.instance).objects.filter(**same).exists()
        for form in kept_forms(self):
            problem = api.rule_problem(self.instance.event_type, form.instance)
            if form.errors or not self.instance.event_type:
                continue
            if problem and (moved or form.has_changed()):
                form.add_error(None, problem)
            elif not problem:
                rule = form.instance
                rule.value = api.clean_value(kinds[rule.data_path], rule.operator, rule.value)


class AnyEventRuleFormSet(DataRuleFormSet):
    """The data rules of a requirement."""

    def clean(self) -> None:
        """Refuse rules beside "any event"."""
        super().clean()
        if self.instance.any_event and kept_forms(self):
            raise forms.ValidationError(
                _("With “any event”, data rules have no say: remove them, or untick “any event”.")
            )


class RequirementRuleFormSet(AnyEventRuleFormSet):
    """The data rules of a requirement, which together with it must be possible where its group is active."""

    def clean(self) -> None:
        """Refuse a requirement of an active group that nothing could fulfil."""
        super().clean()
        requirement = self.instance
        rules = [form.instance for form in kept_forms(self)]
        if any(self.errors) or not requirement.group_id or not requirement.group.is_active:
            return
        if problems := api.requirement_problems(api.as_data(requirement, rules), conf.event_types()):
            text = gettext("Nobody could earn this group, so it cannot be active: %s")
            raise forms.ValidationError([text % problem for problem in problems])


def kept_forms(formset: Any) -> list[Any]:
    """The forms of a formset that are filled in and not to be deleted."""
    kept = [form for form in formset.forms if form.instance.pk or form.has_changed()]
    if not (formset.is_bound and formset.can_delete):
        return kept
    # Only forms that were checked know whether they are to be deleted.
    formset.errors  # noqa: B018
    return [form for form in kept if not formset._should_delete_form(form)]


def offer_courses(field: Any) -> None:
    """Let the scripts offer the courses of the service's catalogue in that field, where there is a catalogue."""
    if has_catalogue():
        field.widget.attrs["data-courses"] = address(AccredibleGroup, "courses")


def path_label(path: str, kind: Any = None) -> str:
    """A path as it is chosen: in words, and as it is written."""
    words = api.path_words(path)
    return f"{words} ({kind.label}): {path}" if kind else f"{words}: {path}"


def _path_choices(stored: str) -> list[tuple[str, Any]]:
    choices: list[tuple[str, Any]] = [("", "---------")]
    offered = set()
    for event_type in conf.event_types():
        paths = [(keypath.path, path_label(keypath.path, keypath.kind)) for keypath in api.keypaths(event_type)]
        choices.append((api.event_type_words(event_type), paths))
        offered |= {path for path, _label in paths}
    if stored and stored not in offered:
        choices.append((gettext("not offered any more"), [(stored, path_label(stored))]))
    return choices
