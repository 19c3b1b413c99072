"""The page that asks for the reason before badges are revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api, conf
from credentials_accredible.admin.award import ReasonField
from credentials_accredible.choices import BadgeStatus, Revocation
from credentials_accredible.exceptions import ConfigurationError, DecisionRefused
from credentials_accredible.models import AccredibleBadge

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

TEMPLATE = "admin/credentials_accredible/revoke.html"
# The page names each of them in a field of its form, and Django takes so many at most.
_MOST = 500
_CONFIRMED = "confirmed"


class RevokeForm(forms.Form):
    """Why the badges are taken away."""

    reason = ReasonField()


@admin.action(permissions=["revoke"], description=_("Revoke"))
def revoke_badges(
    modeladmin: ModelAdmin[AccredibleBadge], request: HttpRequest, queryset: QuerySet[AccredibleBadge]
) -> HttpResponse | None:
    """Ask why the chosen badges are to be revoked; once that is said, revoke them."""
    chosen = AccredibleBadge.objects.filter(pk__in=queryset.order_by().values("pk"))
    if chosen.filter(status=BadgeStatus.AWARDED).count() > _MOST:
        messages.error(request, gettext("Choose %d badges at most; nothing was revoked.") % _MOST)
        return None
    return _asked_or_done(modeladmin, request, chosen, then=request.get_full_path())


def revoke_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """The same for one badge."""
    badge: AccredibleBadge | None = modeladmin.get_object(request, object_id)
    if badge is None:
        raise Http404
    if not request.user.has_perm("credentials_accredible.revoke_accrediblebadge"):
        raise PermissionDenied
    then = reverse("admin:credentials_accredible_accrediblebadge_change", args=[badge.pk])
    chosen = AccredibleBadge.objects.filter(pk=badge.pk)
    return _asked_or_done(modeladmin, request, chosen, then=then) or HttpResponseRedirect(then)


def _asked_or_done(
    modeladmin: ModelAdmin, request: HttpRequest, chosen: QuerySet[AccredibleBadge], *, then: str
) -> HttpResponse | None:
    form = RevokeForm(request.POST if _CONFIRMED in request.POST else None)
    if form.is_valid():
        try:
            _say(request, api.revoke_badges(chosen, reason=form.cleaned_data["reason"], user=request.user))
            return HttpResponseRedirect(then)
        except DecisionRefused as error:
            form.add_error("reason", str(error))
    awarded = list(chosen.filter(status=BadgeStatus.AWARDED).select_related("user"))
    if not awarded:
        messages.warning(request, gettext("There is nothing to revoke: what you chose is revoked already."))
        return None
    context: dict[str, Any] = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Revoke badges?"),
        "opts": modeladmin.opts,
        "badges": awarded,
        "form": form,
        "back": then,
        "revocation": _revocation(),
        "action": request.POST.get("action", ""),
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "confirmed_name": _CONFIRMED,
        "media": modeladmin.media + form.media,
    }
    return TemplateResponse(request, TEMPLATE, context)


def _say(request: HttpRequest, count: int) -> None:
    if count:
        messages.success(request, ngettext("%d badge revoked.", "%d badges revoked.", count) % count)
    else:
        messages.warning(request, gettext("There was nothing left to revoke."))


def _revocation() -> str:
    try:
        return conf.choice("REVOCATION", Revocation.values)
    except ConfigurationError:
        return ""
