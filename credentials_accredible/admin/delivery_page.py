"""The page that says how deliveries stand, for each API configuration."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.choices import Delivery
from credentials_accredible.exceptions import ConfigurationError

TEMPLATE = "admin/credentials_accredible/delivery.html"

_COUNTS = ("due", "waiting", "failed", "unpublished", "delivered_today")
_ENGINES = {
    Delivery.CELERY: _("Badges are brought to Accredible by a Celery worker, as soon as they are decided."),
    Delivery.INLINE: _(
        "Badges are brought to Accredible by the process that decides them, with one quick try; what is left over is "
        "sent by the command accredible_deliver."
    ),
    Delivery.MANUAL: _("Badges are brought to Accredible by the command accredible_deliver alone."),
}


def delivery_view(request: HttpRequest, modeladmin: ModelAdmin) -> HttpResponse:
    """The numbers, each with the way to its badges; whoever may change a configuration lifts its pause here."""
    if not modeladmin.has_view_permission(request):
        raise PermissionDenied
    may_resume = request.user.has_perm("credentials_accredible.change_accredibleapiconfig")
    standing = api.delivery_status()
    if request.method == "POST":
        if not may_resume:
            raise PermissionDenied
        for status in standing:
            if str(status.config.pk) == request.POST.get("resume"):
                api.resume_delivery(status.config)
                messages.success(request, gettext("Delivery for “%s” goes on.") % status.config)
        return HttpResponseRedirect(request.path)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Delivery"),
        "opts": modeladmin.opts,
        "rows": [_row(status) for status in standing],
        "now": timezone.now(),
        "engine": _engine(),
        "may_resume": may_resume,
        "media": modeladmin.media,
    }
    return TemplateResponse(request, TEMPLATE, context)


def _row(status: api.DeliveryStatus) -> dict[str, Any]:
    badges = reverse("admin:credentials_accredible_accrediblebadge_changelist")
    chosen = f"{badges}?api_config__id__exact={status.config.pk}&delivery="
    numbers = [(getattr(status, name), chosen + name) for name in _COUNTS]
    return {"config": status.config, "numbers": numbers}


def _engine() -> str:
    try:
        return str(_ENGINES[api.delivery_engine()])
    except ConfigurationError as error:
        return str(error)
