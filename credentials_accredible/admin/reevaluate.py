"""The page that awards the badges which a change of a group's requirements has made due."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup

TEMPLATE = "admin/credentials_accredible/reevaluate.html"


def reevaluate_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """Show how many badges a re-evaluation would award, and award them once that is confirmed."""
    group: AccredibleGroup | None = modeladmin.get_object(request, object_id)
    if group is None:
        raise Http404
    if not modeladmin.has_change_permission(request, group):
        raise PermissionDenied
    if request.method == "POST":
        awarded = api.reevaluate(group, dry_run=False).badges
        text = ngettext("Re-evaluated: %d badge awarded.", "Re-evaluated: %d badges awarded.", awarded) % awarded
        modeladmin.log_change(request, group, text)
        messages.success(request, text)
        return HttpResponseRedirect(reverse("admin:credentials_accredible_accrediblegroup_change", args=[group.pk]))
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Re-evaluate progress"),
        "opts": modeladmin.opts,
        "group": group,
        "expected": api.reevaluate(group, dry_run=True),
    }
    return TemplateResponse(request, TEMPLATE, context)
