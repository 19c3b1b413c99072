"""The forms of requirements, penalties and their data rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api, conf


class EventTypeField(forms.ChoiceField):
    def __init__(self, stored: str = "", **kwargs: Any) -> None:
        known = api.offered_event_types()
        if stored and stored not in known:
            known.append(stored)
        super().__init__(choices=[("", "---------"), *((name, api.event_type_words(name)) for name in known)], **kwargs)


class EventForm(forms.ModelForm):
    """A requirement or a penalty: knows its event type."""

    # On a group's page the data rules, which have to fit the event type, cannot be seen.
    keeps_event_type = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event_type" in self.fields:
            before = self.fields["event_type"]
            self.fields["event_type"] = EventTypeField(
                self.instance.event_type,
                label=before.label,
                help_text=before.help_text,
                disabled=self.keeps_event_type and self.instance.pk is not None,
            )


class RequirementRowForm(EventForm):
    keeps_event_type = True


class BadgePenaltyForm(EventForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        group = cleaned.get("group") or (self.instance.group if self.instance.group_id else None)
        others = [item for item in cleaned.get("requirements") or () if group and item.group_id != group.pk]
        if others:
            text = gettext("Of another group: %s. Choose requirements of “%s”.")
            self.add_error("requirements", text % (", ".join(str(item) for item in others), group))
        return cleaned


class PenaltyRowForm(BadgePenaltyForm):
    keeps_event_type = True


class DataRuleForm(forms.ModelForm):
    """A data rule; the paths are offered under their event types, which ``data_rules.js`` narrows to one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "data_path" in self.fields:
            before = self.fields["data_path"]
            self.fields["data_path"] = forms.ChoiceField(
                choices=_path_choices(self.instance.data_path), label=before.label, help_text=before.help_text
            )


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


class RequirementRuleFormSet(DataRuleFormSet):
    """The data rules of a requirement, which together with it must be possible where its group is active."""

    def clean(self) -> None:
        """Refuse rules beside "any event", and a requirement of an active group that nothing could fulfil."""
        super().clean()
        requirement = self.instance
        rules = [form.instance for form in kept_forms(self)]
        if requirement.any_event and rules:
            raise forms.ValidationError(
                _("With “any event”, data rules have no say: remove them, or untick “any event”.")
            )
        if any(self.errors) or not requirement.group_id or not requirement.group.is_active:
            return
        _refuse(api.requirement_problems(api.as_data(requirement, rules), conf.event_types()))


class GroupRequirementFormSet(BaseInlineFormSet):
    """The requirements on a group's page, which together must be possible where the group is to be active."""

    def clean(self) -> None:
        """Refuse an active group that nobody could earn."""
        super().clean()
        kept = [form.instance for form in kept_forms(self)]
        for requirement in kept:
            if requirement.any_event and requirement.pk and requirement.rules.exists():
                text = gettext("“%s”: with “any event”, data rules have no say. Remove them on its own page first.")
                raise forms.ValidationError(text % requirement)
        if any(self.errors) or not self.instance.is_active:
            return
        requirements = [api.as_data(item, item.rules.all() if item.pk else ()) for item in kept]
        _refuse(api.group_problems(requirements, conf.event_types()))


def kept_forms(formset: Any) -> list[Any]:
    """The forms of a formset that are filled in and not to be deleted."""
    return [
        form
        for form in formset.forms
        if (form.instance.pk or form.has_changed()) and not (formset.can_delete and formset._should_delete_form(form))
    ]


def _refuse(problems: list[str]) -> None:
    if problems:
        text = gettext("Nobody could earn this group, so it cannot be active: %s")
        raise forms.ValidationError([text % problem for problem in problems])


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
