"""Users who are deleted on the service's own pages: what is at Accredible is said, and what becomes of it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin.base import may
from credentials_accredible.admin.deletion import Deletion
from credentials_accredible.choices import AtAccredible
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry, BadgeProgress

# What the form calls the choice.
_FIELD = "accredible_leaving"
# Not deleted: badges are parted from their learner.
_NOT_DELETED = (AccredibleBadge, BadgeLogEntry)


class Leaving(NamedTuple):
    """What the page says: how many credentials there are, and how many badges; and what the person may choose."""

    credentials: int
    badges: int
    may_choose: bool
    field: str = _FIELD
    choices: Sequence[tuple[str, Any]] = tuple(AtAccredible.choices)


class LeavingMixin:
    """For the class of the service's pages of users, whichever it is: learners with badges are retired with them."""

    delete_confirmation_template = "admin/credentials_accredible/delete_user.html"
    delete_selected_confirmation_template = "admin/credentials_accredible/delete_users.html"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deletion:
        """What goes with them; the templates find what does not on the request."""
        found, counts, missing, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        badges = AccredibleBadge.objects.filter(user__in=[user.pk for user in objs])
        at_accredible = badges.exclude(external_id="").count()
        leaving = Leaving(at_accredible, badges.count(), may(request, "retire_learner"))
        request.accredible_leaving = leaving  # type: ignore[attr-defined]
        for model in _NOT_DELETED:
            counts.pop(model._meta.verbose_name_plural, None)
        # Progress goes with what one may delete, as everywhere.
        missing -= {model._meta.verbose_name for model in (*_NOT_DELETED, BadgeProgress)}
        return _without(found), counts, missing, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _retire(request, [obj])
        with transaction.atomic():
            api.lock_learner(obj)
            super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _retire(request, queryset)
        with transaction.atomic():
            for user in queryset.order_by("pk"):
                api.lock_learner(user)
            super().delete_queryset(request, queryset)  # type: ignore[misc]


def ask_when_users_are_deleted(site: AdminSite) -> None:
    """Have the site's pages of users ask, where it has such pages."""
    users = get_user_model()
    registered = site._registry.get(users)
    if registered is not None:
        site.unregister(users)
        site.register(users, type("UserAdmin", (LeavingMixin, type(registered)), {}))


def _retire(request: HttpRequest, users: Iterable[Any]) -> None:
    choice = request.POST.get(_FIELD, AtAccredible.KEEP)
    if choice not in AtAccredible.values:
        raise BadRequest(f"{_FIELD} must be one of {', '.join(AtAccredible.values)}.")
    if choice != AtAccredible.KEEP and not may(request, "retire_learner"):
        raise PermissionDenied
    with_badges = set(AccredibleBadge.objects.filter(user__in=users).values_list("user", flat=True))
    waiting = 0
    for user in users:
        if user.pk in with_badges:
            number = getattr(user, "lms_user_id", None)
            done = api.retire(
                user.get_username(), lms_user_id=number, at_accredible=AtAccredible(choice), user=request.user
            )
            waiting += done.waiting
    if waiting:
        text = gettext("At Accredible, what was asked for is still to be done, and tried until it is: %d credentials.")
        messages.info(request, text % waiting)


def _without(found: list[Any]) -> list[Any]:
    """The nested list of what is deleted, without what is not, and without what belongs to that."""
    beginnings = tuple(f"{capfirst(str(model._meta.verbose_name))}: " for model in _NOT_DELETED)
    kept: list[Any] = []
    skips = False
    for item in found:
        if isinstance(item, list):
            if not skips:
                kept.append(_without(item))
            continue
        skips = str(item).startswith(beginnings)
        if not skips:
            kept.append(item)
    return kept
