"""The filters of the lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from credentials_accredible import api
from credentials_accredible.choices import BadgeState
from credentials_accredible.models import AccredibleAPIConfig


class ConfigFilter(admin.RelatedFieldListFilter):
    """Every list's filter by configuration; it reads their names, and no API key."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(key), name) for key, name in AccredibleAPIConfig.objects.values_list("pk", "name")]


admin.FieldListFilter.register(
    lambda field: field.related_model is AccredibleAPIConfig, ConfigFilter, take_priority=True
)


class EventTypeFilter(admin.AllValuesFieldListFilter):
    """A list's filter by event type, in words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, *types = super().choices(changelist)
        yield every
        yield from ({**choice, "display": api.event_type_words(str(choice["display"]))} for choice in types)


class YesNoFilter(admin.SimpleListFilter):
    """Objects that fulfil ``condition``, or those that do not. ``answers`` are "yes" and "no" with their labels."""

    answers: ClassVar[Sequence[tuple[str, Any]]]
    condition: ClassVar[Q]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return self.answers

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(self.condition if self.value() == "yes" else ~self.condition)


class ImpliedFilter(admin.ChoicesFieldListFilter):
    """A filter of which each answer but none implies something else, which the database finds by an index."""

    implied: ClassVar[Q]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        found = super().queryset(request, queryset)
        return found.filter(self.implied) if found is not None and request.GET.get(str(self.lookup_kwarg)) else found


class ProblemFilter(ImpliedFilter):
    """Badges that failed because of a problem; those that are tried again are left out."""

    implied = Q(state=BadgeState.ERROR)


class LeftFilter(ImpliedFilter):
    """Badges of learners who have left: these are no users any more."""

    implied = Q(user=None)
