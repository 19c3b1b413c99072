"""The page that says what a sync of one configuration would do, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin import plan_page

if TYPE_CHECKING:
    from credentials_accredible.admin.config import AccredibleAPIConfigAdmin

PREVIEW = "admin:credentials_accredible_accredibleapiconfig_preview"


def preview(request: HttpRequest, object_id: str, modeladmin: AccredibleAPIConfigAdmin) -> HttpResponse:
    """What a sync would do now. It asks Accredible as a sync does, so it takes the permission to sync."""
    config = modeladmin.get_object(request, object_id)
    if config is None:
        raise Http404
    if not (modeladmin.has_view_permission(request, config) and modeladmin.has_sync_permission(request)):
        raise PermissionDenied
    outcome = api.preview(config)
    sections: list[dict[str, Any]] = [plan_page.section(outcome, outcome.plan)] if outcome.plan else []
    return plan_page.page(
        modeladmin,
        request,
        sections,
        title=gettext("Preview: %s") % config.name,
        failure="" if outcome.plan else outcome.error,
        previewed=config,
        nothing=outcome.plan is not None and outcome.plan.changes_nothing,
    )
