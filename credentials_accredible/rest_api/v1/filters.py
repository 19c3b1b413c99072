"""What lists can be narrowed down by, searched for and ordered by. What cannot be understood is refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from credentials_accredible import host
from credentials_accredible.choices import (
    AtAccredible,
    BadgeProblem,
    BadgeState,
    BadgeStatus,
    ChangeAction,
    RunStatus,
    RunTrigger,
)
from credentials_accredible.host.tables import lookups_that_hold
from credentials_accredible.text import identifier, words

MAX_ID = 2**63 - 1
LONGEST_TEXT = 200


class MomentField(IsoDateTimeField):
    """A date and time that every database can compare."""

    def clean(self, value: Any) -> Any:
        """The moment in UTC; ValidationError where that is before or after all time that Python counts."""
        moment: datetime | None = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise forms.ValidationError(_("Enter a date and time of this era.")) from None


class MomentFilter(filters.IsoDateTimeFilter):
    """By a date and time, as ``2026-11-24T09:30:00Z``."""

    field_class = MomentField


class IdFilter(filters.Filter):
    """By a number that a database can hold."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=0, max_value=MAX_ID, **kwargs)


class YesNoFilter(filters.Filter):
    field_class = forms.TypedChoiceField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(*args, choices=choices, coerce=lambda value: value == "true", empty_value=None, **kwargs)


class TextFilter(filters.CharFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=LONGEST_TEXT, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Nothing, where the table of the host that is asked cannot hold the text, and so cannot be asked for it."""
        able = not value or _able(qs.model, [str(self.field_name)], value)
        return super().filter(qs, value) if able else qs.none()


class SearchFilter(TextFilter):
    """Every word of the text has to be in one of ``fields``."""

    def __init__(self, *fields: str) -> None:
        names = ", ".join(name.replace("user__", "").replace("_", " ") for name in fields)
        super().__init__(label=f"Words that all have to be found in: {names}.")
        self.fields = fields

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        wanted = words(value or "")
        if not wanted:
            return qs
        return qs.filter(reduce(and_, (self._somewhere(qs.model, word) for word in wanted)))

    def _somewhere(self, model: Any, word: str) -> Q:
        able = _able(model, self.fields, word)
        return reduce(or_, (Q(**{f"{name}__icontains": word}) for name in able), Q(pk__in=()))


def _able(model: Any, fields: Iterable[str], value: str) -> list[str]:
    """Those of ``fields`` that can be asked for ``value``."""
    return lookups_that_hold(model, fields, value) if host.may_hold_less() else list(fields)


class OrderFilter(filters.ChoiceFilter):
    """By one of the fields, which map names of the API to those of the model; ``-`` before it turns the order round.

    What is equal is ordered by primary key, so that nothing is on two pages or on none.
    """

    def __init__(self, **fields: str) -> None:
        self.orders = {sign + name: sign + field for name, field in fields.items() for sign in ("", "-")}
        super().__init__(choices=[(name, name) for name in self.orders], label="The order of the list.")

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        field = self.orders[value]
        return qs.order_by(field, "-pk" if field.startswith("-") else "pk")


class Filters(filters.FilterSet):
    """Filters whose values come without the invisible characters that copying brings along; titles may have some."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        given = (data or {}).items()
        cleaned = {name: value if name == "search" else identifier(value) for name, value in given}
        super().__init__(cleaned, *args, **kwargs)


class ConfigFilters(Filters):
    environment = TextFilter(label="The key of the environment, as “us”.")
    search = SearchFilter("name", "issuer_name")
    ordering = OrderFilter(name="name", id="pk", created="created")


class RunFilters(Filters):
    config = IdFilter(field_name="api_config", label="The id of the API configuration.")
    status = filters.ChoiceFilter(choices=RunStatus.choices, label="How it ended.")
    trigger = filters.ChoiceFilter(choices=RunTrigger.choices, label="The door it came through.")
    started_after = MomentFilter(field_name="started_at", lookup_expr="gte", label="Started then or later.")
    started_before = MomentFilter(field_name="started_at", lookup_expr="lt", label="Started earlier.")
    search = SearchFilter("config_name", "error")
    ordering = OrderFilter(started_at="started_at", id="pk")


class ChangeFilters(Filters):
    action = filters.ChoiceFilter(choices=ChangeAction.choices, label="What was done to the group.")
    accredible_id = IdFilter(label="The id of the group at Accredible.")
    search = SearchFilter("name")


class GroupFilters(Filters):
    config = IdFilter(field_name="api_config", label="The id of the API configuration.")
    accredible_id = IdFilter(label="The id at Accredible; every environment counts its own.")
    is_active = YesNoFilter(label="Whether learners can earn it.")
    search = SearchFilter("name", "internal_name", "description")
    ordering = OrderFilter(name="name", accredible_id="accredible_id", created="created", modified="modified")


class BadgeFilters(Filters):
    username = TextFilter(field_name="user__username", label="The learner's user name.")
    group = filters.UUIDFilter(field_name="group__uuid", label="The UUID of the group.")
    accredible_group_id = IdFilter(label="The id of the group at Accredible; finds those whose group is gone, too.")
    config = IdFilter(field_name="api_config", label="The id of the API configuration.")
    status = filters.ChoiceFilter(choices=BadgeStatus.choices, label="What was decided.")
    state = filters.ChoiceFilter(choices=BadgeState.choices, label="How far it has come at Accredible.")
    problem = filters.ChoiceFilter(
        choices=[choice for choice in BadgeProblem.choices if choice[0]], label="What stands in its way."
    )
    search = SearchFilter("user__username", "group_name", "external_id")
    # Badges are made in the order of their primary keys.
    ordering = OrderFilter(created="pk", modified="modified", issued_on="issued_on", next_attempt_at="next_attempt_at")


class RetirementFilters(Filters):
    lms_user_id = IdFilter(label="The learner's id in the LMS.")
    at_accredible = filters.ChoiceFilter(choices=AtAccredible.choices, label="What was asked for at Accredible.")
    ordering = OrderFilter(created="pk", modified="modified")


class OwnBadgeFilters(Filters):
    status = filters.ChoiceFilter(choices=BadgeStatus.choices, label="Whether it counts.")
    ordering = OrderFilter(created="pk", issued_on="issued_on")
