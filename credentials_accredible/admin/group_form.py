"""The form of a group, its part that begins with a recipe, and the courses that are offered from the catalogue."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, may
from credentials_accredible.admin.rule_forms import offer_courses
from credentials_accredible.host.courses import find_courses
from credentials_accredible.text import identifier

RECIPE_FIELDS = ("recipe", "courses", "excluded", "can_be_lost")

_MOST_OFFERED = 20
_MOST_LETTERS = 500
_LETTER = re.compile(r"requirements-\d+-blend")


class CourseKeys(forms.CharField):
    """Course keys, one a line, as a list; ``recipes.js`` offers the courses of the catalogue."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField", "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> list[str]:
        return [key for key in map(identifier, re.split(r"[\s,]+", super().clean(value))) if key]


class AccredibleGroupForm(forms.ModelForm):
    """A group, which is not activated while the built-in integration issues its badge."""

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        if active and not self.instance.is_active and (objection := api.builtin_objection(self.instance)):
            raise forms.ValidationError(objection)
        return active


class RecipeGroupForm(AccredibleGroupForm):
    """A group, and a recipe for it. What it makes is the group's ``planned``, for who checks and saves it."""

    recipe = forms.ChoiceField(label=_("Recipe"), required=False, widget=forms.RadioSelect())
    courses = CourseKeys(label=_("Courses"), help_text=_("Course keys, one a line."))
    excluded = CourseKeys(label=_("CCX courses that do not count"), help_text=_("Their keys, one a line."))
    can_be_lost = forms.BooleanField(label=_("Take it back from learners who do not pass any more"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = api.offered_recipes(api.offered_event_types())
        field: Any = self.fields["recipe"]
        field.choices = [("", _("None: write the requirements below")), *((item.key, item.label) for item in offered)]
        self.recipes = [
            {
                "key": item.key,
                "picks": item.picks.value,
                "ofCcx": item.of_ccx,
                "excludes": item.excludes,
                "canBeLost": item.can_be_lost,
            }
            for item in offered
        ]
        for name in ("courses", "excluded"):
            offer_courses(self.fields[name])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        recipe = cleaned.get("recipe")
        if not recipe or self.errors:
            return cleaned
        letters = {value for name, value in self.data.items() if _LETTER.fullmatch(name)}
        letters |= set(self.instance.requirements.order_by().values_list("blend", flat=True))
        try:
            self.instance.planned = api.follow_recipe(
                recipe,
                cleaned["courses"],
                excluded=cleaned["excluded"],
                can_be_lost=cleaned.get("can_be_lost", False),
                letters_in_use=letters,
            )
        except ValueError as error:
            self.add_error("courses", str(error))
        return cleaned

    @property
    def recipe_rows(self) -> list[Any]:
        return [self[name] for name in RECIPE_FIELDS if name in self.fields]

    @property
    def recipe_is_open(self) -> bool:
        """Whether somebody has begun to fill it in."""
        return self.is_bound and any(self.data.get(name) for name in RECIPE_FIELDS)


def group_form(request: HttpRequest) -> type[AccredibleGroupForm]:
    """The form for a user who may change groups: with recipes for who may make what comes of them."""
    if not (may(request, "add_badgerequirement") and may(request, "add_datarule")):
        return AccredibleGroupForm
    without = not (may(request, "add_badgepenalty") and may(request, "add_penaltydatarule"))
    # None takes a declared field away.
    return type("RecipeGroupForm", (RecipeGroupForm,), {"can_be_lost": None} if without else {})


def courses_view(request: HttpRequest, _modeladmin: AccredibleAdmin) -> JsonResponse:
    """The courses whose titles or keys have the words of ``term``, as the scripts of the pages take them."""
    found = find_courses(request.GET.get("term", "")[:_MOST_LETTERS].replace("\x00", ""), _MOST_OFFERED)
    return JsonResponse({"results": [{"id": course.key, "text": course.title or course.key} for course in found]})
