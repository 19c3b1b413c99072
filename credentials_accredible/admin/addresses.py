"""Makes the documented ``/admin/badges/...`` addresses lead to the plugin's pages.

The host's documentation sends operators to ``/admin/badges/accredibleapiconfig/``. Which of these addresses the host
serves itself depends on its release and settings; those it does not serve lead here. Addresses under ``/admin/`` can
only be added through the admin site: its catch-all answers before any pattern of a plugin.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.urls import URLPattern, URLResolver, re_path, reverse

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
)

_HOST_LABEL = "badges"
_MODELS = (AccredibleAPIConfig, AccredibleGroup, AccredibleBadge, BadgeRequirement, BadgePenalty, BadgeProgress)


class _KeepMethodRedirect(HttpResponseRedirectBase):
    """307: a form sent to a documented address is sent on as it is."""

    status_code = 307


def lead_documented_addresses_here(site: AdminSite) -> None:
    """Put redirects in front of the admin site's patterns; which ones is decided when these are asked for."""
    get_own_urls: Callable[[], list[URLResolver | URLPattern]] = site.get_urls

    def get_urls() -> list[URLResolver | URLPattern]:
        served = {model._meta.model_name for model in site._registry if model._meta.app_label == _HOST_LABEL}
        free = [model._meta.model_name for model in _MODELS if model._meta.model_name not in served]
        redirects = [
            re_path(rf"^{_HOST_LABEL}/{name}(?:/(?P<rest>.*))?$", _redirect, {"model_name": name, "site": site.name})
            for name in free
        ]
        return [*redirects, *get_own_urls()]

    site.get_urls = get_urls  # type: ignore[method-assign]


def _redirect(request: HttpRequest, model_name: str, site: str, rest: str | None = None) -> HttpResponse:
    # The target starts with an address of our own, whatever ``rest`` is; its page checks permissions as always.
    target = reverse(f"admin:credentials_accredible_{model_name}_changelist", current_app=site) + (rest or "")
    query = request.META.get("QUERY_STRING", "")
    return _KeepMethodRedirect(f"{target}?{query}" if query else target)
