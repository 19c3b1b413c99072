"""Searches of lists that can have a million rows, with a learner and a group in each."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from credentials_accredible import api
from credentials_accredible.admin.csv_export import ExportedAdmin
from credentials_accredible.models import AccredibleGroup
from credentials_accredible.text import words

# A longer list of keys stays in the database.
_MOST_KEYS = 5_000
# What follows has to be found as it stands, in one piece.
_MOST_WORDS = 3


def all_in(field: str, wanted: list[str]) -> Q:
    """``field`` has all of these words, in any order and case."""
    return reduce(and_, (Q(**{f"{field}__icontains": word}) for word in wanted))


class PeopleSearchAdmin(ExportedAdmin):
    """An admin whose list is searched by learners, groups, or what is its own; the database finds each by an index.

    A word finds learners by the beginning of their user name, or by their whole e-mail address, and groups by a part of
    their name. Several words are all found in the group's name, or one of them is the learner and the others are there.

    Learners and groups are looked up first. Where all of it is one condition over three tables, databases read every
    row of the largest.
    """

    # Any field: that there is one shows the field to search with.
    search_fields = ["pk"]
    # The counts beside filters, which Django has from 5.0 on, would count all rows for each answer.
    if hasattr(admin, "ShowFacets"):
        show_facets = admin.ShowFacets.NEVER

    def found_by(self, text: str) -> Q:
        """What is called just that, and so is all that is meant; to be found by an index."""
        return Q(pk__in=[])

    def without_group(self, wanted: list[str]) -> Q:
        """Whose group is gone, and had all of these words in its name."""
        return Q(pk__in=[])

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        wanted = words(search_term)
        if not wanted:
            return queryset, False
        if len(wanted) > _MOST_WORDS:
            wanted[_MOST_WORDS:] = [" ".join(wanted[_MOST_WORDS:])]
        if called_so := _keys(queryset.filter(self.found_by(" ".join(wanted)))):
            return queryset.filter(pk__in=called_so), False
        found = Q(group__in=_keys(_groups(wanted)))
        found |= Q(pk__in=_keys(queryset.filter(self.without_group(wanted))))
        for number, word in enumerate(wanted):
            others = wanted[:number] + wanted[number + 1 :]
            learner = Q(user__in=_keys(api.searched(word)))
            found |= learner & Q(group__in=_keys(_groups(others))) if others else learner
        # What finds nothing is left out by Django, and mostly one condition is left.
        return queryset.filter(found), False


def _groups(wanted: list[str]) -> QuerySet[Any]:
    return AccredibleGroup.objects.order_by().filter(all_in("name", wanted))


def _keys(rows: QuerySet[Model]) -> Any:
    """Their keys; where these are many, the query for them."""
    keys = list(rows.values_list("pk", flat=True)[: _MOST_KEYS + 1])
    return keys if len(keys) <= _MOST_KEYS else rows.values("pk")
