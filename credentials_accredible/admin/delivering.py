"""The actions "Deliver now" and "Retry the delivery", and what they say of each badge."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.api import Fate
from credentials_accredible.models import AccredibleBadge

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

# Somebody waits for the page; the command and the worker have the time for more.
_MOST = 500
_NAMED = 10

_SAID: dict[Fate, tuple[int, Any]] = {
    Fate.DELIVERED: (messages.SUCCESS, _("Delivered")),
    Fate.NOTHING_TO_DO: (messages.INFO, _("Nothing was left to be done")),
    Fate.UNPUBLISHED: (messages.WARNING, _("Made at Accredible, but not visible")),
    Fate.FAILED: (messages.ERROR, _("Failed, and needs a person")),
    Fate.LATER: (messages.WARNING, _("Did not work, and is tried again later")),
    Fate.PAUSED: (messages.ERROR, _("Not sent, because delivery is paused")),
    Fate.TAKEN: (messages.INFO, _("Another sender is at work on it")),
    Fate.DUE: (messages.WARNING, _("Not reached in time: it is due, and left to the next sender")),
}


@admin.action(permissions=["deliver"], description=_("Deliver now"))
def deliver_now(
    _modeladmin: ModelAdmin[AccredibleBadge], request: HttpRequest, queryset: QuerySet[AccredibleBadge]
) -> None:
    """Try to deliver the chosen badges here and now, and say what became of each."""
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST + 1])
    if len(chosen) > _MOST:
        messages.error(request, gettext("Choose %d badges at most; nothing was sent.") % _MOST)
        return
    _deliver(request, chosen)


@admin.action(permissions=["deliver"], description=_("Retry the delivery"))
def retry(_modeladmin: ModelAdmin[AccredibleBadge], request: HttpRequest, queryset: QuerySet[AccredibleBadge]) -> None:
    """Make the chosen badges due, whatever went wrong before."""
    # The list comes with joins and an order that a lock has no use for.
    count = api.retry_badges(AccredibleBadge.objects.filter(pk__in=queryset.values("pk")), user=request.user)
    text = ngettext("%d badge is due for delivery.", "%d badges are due for delivery.", count)
    messages.success(request, text % count)


def deliver_now_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """The button of one badge."""
    badge: AccredibleBadge | None = modeladmin.get_object(request, object_id)
    if badge is None:
        raise Http404
    if not request.user.has_perm("credentials_accredible.deliver_accrediblebadge"):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    _deliver(request, [badge.pk])
    return HttpResponseRedirect(reverse("admin:credentials_accredible_accrediblebadge_change", args=[badge.pk]))


def _deliver(request: HttpRequest, chosen: list[int]) -> None:
    since = timezone.now()
    api.deliver_now(AccredibleBadge.objects.filter(pk__in=chosen), user=request.user)
    together: dict[tuple[Fate, str], list[AccredibleBadge]] = defaultdict(list)
    for outcome in api.badge_outcomes(chosen, since):
        together[outcome.fate, outcome.detail].append(outcome.badge)
    order = list(_SAID)
    for (fate, detail), badges in sorted(together.items(), key=lambda item: order.index(item[0][0])):
        level, said = _SAID[fate]
        words = {"what": said, "badges": _names(badges), "reason": detail}
        text = gettext("%(what)s: %(badges)s. %(reason)s") if detail else gettext("%(what)s: %(badges)s.")
        messages.add_message(request, level, text % words)


def _names(badges: list[AccredibleBadge]) -> str:
    names = [str(badge) for badge in badges[:_NAMED]]
    if len(badges) > _NAMED:
        names.append(gettext("and %d more") % (len(badges) - _NAMED))
    return ", ".join(names)
