"""Keeps an active group earnable, whatever is changed under it in the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin
from credentials_accredible.exceptions import ActivationRefused, ConfigurationError


class EarnableGroupAdmin(AccredibleAdmin):
    """Undoes, with the reason, whatever would leave a group active that nobody could earn.

    The forms say so before they save; this holds where they cannot know: permissions that hide an inline, a deletion,
    two people at once.
    """

    # What is undone leaves no entry in the history either.
    list_in_transaction = True

    def affected_groups(self, objs: Iterable[Any]) -> set[int]:
        """Primary keys of the groups that a change of ``objs`` touches."""
        raise TypeError("a subclass says which groups its objects belong to")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep others from changing rules until the view is done; this also tells of rows that a form deletes."""
        with api.groups_locked(self.affected_groups([obj])):
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Check once everything is in the database; Django's view rolls back where this raises."""
        super().save_related(request, form, formsets, change)
        api.refuse_unearnable(self.affected_groups([form.instance]))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        groups = self.affected_groups([obj])
        with api.groups_locked(groups):
            super().delete_model(request, obj)
            api.refuse_unearnable(groups)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        groups = self.affected_groups(queryset)
        with api.groups_locked(groups):
            super().delete_queryset(request, queryset)
            api.refuse_unearnable(groups)

    def _or_explain(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return super()._or_explain(request, view, *args, **kwargs)
        except ActivationRefused as error:
            text = gettext("Nothing was changed, because nobody could earn the group while it is active: %s")
            messages.error(request, text % error)
        except ConfigurationError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(request.get_full_path())
