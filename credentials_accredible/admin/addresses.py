"""Makes the documented ``/admin/badges/...`` addresses lead to the plugin's pages.

The host's documentation sends operators to ``/admin/badges/accredibleapiconfig/``. Which of these addresses the host
serves itself depends on its release and settings. Those it does not serve lead here. Of those it serves, three belong
to its built-in Accredible integration, and whose pages they show is decided for each request, see ``REPLACE_BUILTIN``;
the others also serve other providers, and stay the host's. Addresses under ``/admin/`` can only be added through the
admin site: its catch-all answers before any pattern of a plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseRedirectBase
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, re_path, reverse
from django.utils.translation import gettext

from credentials_accredible import api, conf
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
)

_HOST_LABEL = "badges"
_OF_ACCREDIBLE = (AccredibleAPIConfig, AccredibleGroup, AccredibleBadge)
_OF_ALL_PROVIDERS = (BadgeRequirement, BadgePenalty, BadgeProgress)

_View = Callable[..., HttpResponse]
_Entry = URLResolver | URLPattern


class _KeepMethodRedirect(HttpResponseRedirectBase):
    """307: a form sent to a documented address is sent on as it is."""

    status_code = 307


def lead_documented_addresses_here(site: AdminSite) -> None:
    """Put redirects in front of the admin site's patterns; which ones is decided when these are asked for."""
    get_own_urls: Callable[[], list[_Entry]] = site.get_urls

    def get_urls() -> list[_Entry]:
        served = {model._meta.model_name for model in site._registry if model._meta.app_label == _HOST_LABEL}
        names = [model._meta.model_name for model in (*_OF_ACCREDIBLE, *_OF_ALL_PROVIDERS)]
        redirects = [
            re_path(rf"^{_HOST_LABEL}/{name}(?:/(?P<rest>.*))?$", _redirect, {"model_name": name, "site": site.name})
            for name in names
            if name not in served
        ]
        return [*redirects, *(_shared_if_builtin(entry, site) for entry in get_own_urls())]

    site.get_urls = get_urls  # type: ignore[method-assign]


def left_in_builtin(request: HttpRequest) -> Any:
    """As the API says; asked once for a request."""
    if not hasattr(request, "accredible_left"):
        request.accredible_left = api.left_in_builtin()  # type: ignore[attr-defined]
    return request.accredible_left  # type: ignore[attr-defined]


def tell_of_builtin(request: HttpRequest) -> None:
    """A message where the host's built-in integration keeps its pages because of its data."""
    if conf.replace_builtin() is None and (left := left_in_builtin(request)):
        messages.warning(request, str(left))


class NamesakeMixin:
    """An admin whose list says where the host has a page of the same name, for badges of other providers, too."""

    opts: Any
    admin_site: AdminSite

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        namesake = f"admin:{_HOST_LABEL}_{self.opts.model_name}_changelist"
        try:
            context = {"accredible_namesake": reverse(namesake, current_app=self.admin_site.name)}
        except NoReverseMatch:
            context = {}
        view: Any = super()
        return view.changelist_view(request, {**context, **(extra_context or {})})


def _redirect(request: HttpRequest, model_name: str, site: str, rest: str | None = None) -> HttpResponse:
    # The target starts with an address of our own, whatever ``rest`` is; its page checks permissions as always.
    target = reverse(f"admin:credentials_accredible_{model_name}_changelist", current_app=site) + (rest or "")
    query = request.META.get("QUERY_STRING", "")
    return _KeepMethodRedirect(f"{target}?{query}" if query else target)


def _shared_if_builtin(entry: Any, site: AdminSite) -> _Entry:
    if not isinstance(entry, URLResolver):
        return entry
    for model in _OF_ACCREDIBLE:
        if str(entry.pattern) == f"{_HOST_LABEL}/{model._meta.model_name}/":
            return _shared(entry, model, site)
    return entry


def _shared(entry: Any, model: type[Model], site: AdminSite) -> _Entry:
    """The pages of the host below ``entry``, each of them replaced, or shown with a word, as it is asked for."""
    if isinstance(entry, URLResolver):
        pages = [_shared(page, model, site) for page in entry.url_patterns]
        return URLResolver(entry.pattern, pages, entry.default_kwargs, entry.app_name, entry.namespace)
    view = _ours_or_the_hosts(entry.callback, entry.name or "", model, site)
    return URLPattern(entry.pattern, view, entry.default_args, entry.name)


def _ours_or_the_hosts(show: _View, name: str, model: type[Model], site: AdminSite) -> _View:
    @wraps(show)
    def decide(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            replace = conf.replace_builtin()
            left = api.left_in_builtin() if replace is None else None
            word = str(left) if left else ""
        except ConfigurationError as error:
            replace, word = False, str(error)
        if replace or (replace is None and not word):
            return _lead_to_ours(request, name, model, site)
        response = show(request, *args, **kwargs)
        # A page that is not rendered yet, so that the message is on it, and on none that comes after a redirect.
        if word and isinstance(response, SimpleTemplateResponse) and site.has_permission(request):
            messages.warning(request, word)
        return response

    return decide


def _lead_to_ours(request: HttpRequest, name: str, model: type[Model], site: AdminSite) -> HttpResponse:
    """The page to add one, for that page; else the list: keys and filters in these addresses are those of the host."""
    page = "add" if name.endswith("_add") and request.method == "GET" else "changelist"
    if request.method == "POST" and site.has_permission(request):
        messages.warning(request, gettext("Nothing was changed: this page has taken the place of the service's own."))
    target = f"admin:credentials_accredible_{model._meta.model_name}_{page}"
    return HttpResponseRedirect(reverse(target, current_app=site.name))
