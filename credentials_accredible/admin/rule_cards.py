"""Requirements and penalties on the page of their group: each is a card, with its data rules in it.

A card is a form of a formset, and has a formset of its own for the rules. All of them are checked and saved together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api, conf
from credentials_accredible.admin.base import may
from credentials_accredible.admin.rule_forms import (
    AnyEventRuleFormSet,
    DataRuleForm,
    DataRuleFormSet,
    EventForm,
    kept_forms,
)
from credentials_accredible.models import BadgePenalty, BadgeRequirement, DataRule, PenaltyDataRule

_UNEARNABLE = "unearnable"


class CardForm(EventForm):
    """A requirement or a penalty. ``rules`` is the formset of its data rules; None for who may change none of them."""

    # Set for each request.
    rule_formset: ClassVar[Any] = None
    may_add: ClassVar[bool] = False
    may_change: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules: Any = None
        editable = self.may_change if self.instance.pk else self.may_add
        if self.rule_formset is not None and editable:
            data = self.data if self.is_bound else None
            self.rules = self.rule_formset(data, instance=self.instance, prefix=f"{self.prefix}-rules")
        elif self.instance.pk and "event_type" in self.fields:
            # The rules have to fit it.
            self.fields["event_type"].disabled = True

    @cached_property
    def changed_data(self) -> list[str]:
        """A change of the rules is one of the card; the admin's log calls it so."""
        changed = super().changed_data
        return [*changed, "data rules"] if self.rules is not None and self.rules.has_changed() else changed

    def full_clean(self) -> None:
        super().full_clean()
        # A form without errors that is empty has no data at all.
        if self.rules is not None and self.is_bound and self.has_changed() and not self.rules.is_valid():
            self.add_error(None, gettext("Correct its data rules below."))

    def save(self, commit: bool = True) -> Any:
        saved = super().save(commit=commit)
        if commit and self.rules is not None:
            self.rules.save()
        return saved

    def kept_rules(self) -> Iterable[Any]:
        """The data rules that it will have."""
        if self.rules is not None:
            return [form.instance for form in kept_forms(self.rules)]
        return self.instance.rules.all() if self.instance.pk else ()


class RequirementCardForm(CardForm):
    pass


class PenaltyCardForm(CardForm):
    """A penalty; it can take back what is added on the same page, which is named by the prefix of its form."""

    def __init__(self, *args: Any, offered: Mapping[str, tuple[Any, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offered = offered
        if "requirements" not in self.fields:
            return
        before = self.fields["requirements"]
        self.fields["requirements"] = forms.MultipleChoiceField(
            label=before.label,
            # Django would tell how to choose several in a list.
            help_text=BadgePenalty._meta.get_field("requirements").help_text,
            choices=[(value, words) for value, (words, _requirement) in offered.items()],
            widget=forms.CheckboxSelectMultiple(),
            error_messages={"invalid_choice": _("What is chosen is not there any more: choose another.")},
        )
        # What most penalties are for.
        chosen = (str(item.pk) for item in self.instance.requirements.all()) if self.instance.pk else offered
        self.initial["requirements"] = list(chosen)

    def clean_requirements(self) -> list[Any]:
        return [self._offered[value][1] for value in self.cleaned_data["requirements"]]


class StoredStays(BaseInlineFormSet):
    """A formset from which new forms can be taken again, and stored objects by who may delete them."""

    may_delete = False

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if not self.may_delete and index is not None and index < self.initial_form_count():
            form.fields.pop(DELETION_FIELD_NAME, None)

    def get_queryset(self) -> Any:
        """The rows; without a query where they were read with their owner."""
        if not hasattr(self, "_queryset") and self.model in (DataRule, PenaltyDataRule):
            self._queryset = list(self.instance.rules.all()) if self.instance.pk else []
        return super().get_queryset()


class RequirementRules(StoredStays, AnyEventRuleFormSet):
    pass


class PenaltyRules(StoredStays, DataRuleFormSet):
    pass


class RequirementCards(StoredStays):
    """The requirements of a group, which together must be possible where the group is to be active.

    ``unearnable``: why they are not, a sentence each.
    """

    unearnable: tuple[str, ...] = ()

    def clean(self) -> None:
        """Refuse an active group that nobody could earn."""
        super().clean()
        planned = getattr(self.instance, "planned", None)
        # Of a recipe that was refused, the reason stands beside it.
        refused = planned is None and self.data.get("recipe")
        if any(self.errors) or refused or not self.instance.is_active:
            return
        requirements = [api.as_data(form.instance, form.kept_rules()) for form in kept_forms(self)]
        requirements += planned.requirements if planned else ()
        self.unearnable = tuple(api.group_problems(requirements, conf.event_types()))
        if self.unearnable:
            raise forms.ValidationError(_("Nobody could earn this group, so it cannot be active."), code=_UNEARNABLE)

    @property
    def cards(self) -> list[Any]:
        """Its forms, each with ``words`` for what it asks of learners."""
        found: list[Any] = list(self.forms)
        for form, words in zip(found, api.requirements_in_words(_with_rules(found)), strict=True):
            form.words = words
        return found


class PenaltyCards(StoredStays):
    """The penalties of a group. ``requirement_cards`` is the formset beside it, if the page has one."""

    requirement_cards: Any = None

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "offered": self._offered}

    @property
    def cards(self) -> list[Any]:
        """Its forms, each with ``words`` for when it takes back."""
        found: list[Any] = list(self.forms)
        for form, words in zip(found, api.penalties_in_words(_with_rules(found)), strict=True):
            form.words = words
        return found

    @cached_property
    def _offered(self) -> dict[str, tuple[Any, Any]]:
        """What a penalty can take back: by the value of its box, the words for it, and the requirement."""
        if self.requirement_cards is None:
            stored = [(row, row.rules.all()) for row in self.instance.requirements.prefetch_related("rules")]
            pairs = [(str(row.pk), row, rules) for row, rules in stored]
        else:
            found = kept_forms(self.requirement_cards)
            pairs = [(str(form.instance.pk or form.prefix), form.instance, form.kept_rules()) for form in found]
        words = api.requirements_in_words([(row, rules) for _value, row, rules in pairs])
        return {value: (row.description or said, row) for (value, row, _rules), said in zip(pairs, words, strict=True)}


def _with_rules(found: Iterable[Any]) -> list[tuple[Any, Iterable[Any]]]:
    return [(form.instance, form.kept_rules()) for form in found]


class CardInline(admin.StackedInline):
    """Cards on a group's page."""

    extra = 0
    template = "admin/credentials_accredible/rule_cards.html"
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 2, "cols": 40})}}
    rule_model: ClassVar[Any]
    rule_formset: ClassVar[Any]
    add_label: ClassVar[Any]

    class Media:
        js = [
            "credentials_accredible/data_rules.js",
            "credentials_accredible/rule_cards.js",
            "credentials_accredible/recipes.js",
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("rules")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, can_delete=True, **kwargs)
        formset.may_delete = self.has_delete_permission(request, obj)
        formset.form.may_add = self.has_add_permission(request, obj)
        formset.form.may_change = self.has_change_permission(request, obj)
        formset.form.rule_formset = self._rule_formset(request)
        return formset

    def _rule_formset(self, request: HttpRequest) -> Any:
        name = self.rule_model._meta.model_name
        add, change, delete = (may(request, f"{right}_{name}") for right in ("add", "change", "delete"))
        if not (add or change or delete):
            return None
        form = type("RuleForm", (DataRuleForm,), {"may_add": add, "may_change": change})
        formset: Any = inlineformset_factory(
            self.model, self.rule_model, form=form, formset=self.rule_formset, fields=DataRuleForm.offered, extra=0
        )
        formset.may_add, formset.may_delete = add, delete
        return formset


class BadgeRequirementInline(CardInline):
    model = BadgeRequirement
    form = RequirementCardForm
    formset = RequirementCards
    fields: ClassVar[Any] = ["event_type", "blend", "any_event", "description"]
    rule_model = DataRule
    rule_formset = RequirementRules
    add_label = _("Add a requirement")


class BadgePenaltyInline(CardInline):
    model = BadgePenalty
    form = PenaltyCardForm
    formset = PenaltyCards
    fields: ClassVar[Any] = ["event_type", "description", "requirements"]
    rule_model = PenaltyDataRule
    rule_formset = PenaltyRules
    add_label = _("Add a penalty")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("requirements")
