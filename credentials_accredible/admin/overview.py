"""The first page of the plugin: how things stand, what needs a person, and the button for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin import site as admin_site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from credentials_accredible import api
from credentials_accredible.admin.base import address, admin_of, may, may_see, open_address
from credentials_accredible.admin.overview_tools import account_tools, need_tools
from credentials_accredible.choices import Area
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    FailedEvent,
    GroupSnapshot,
)

NAME = "credentials_accredible_overview"
_APP = "credentials_accredible"
_AREAS: dict[Area, type[Any]] = {
    Area.ACCOUNTS: AccredibleAPIConfig,
    Area.GROUPS: AccredibleGroup,
    Area.BADGES: AccredibleBadge,
    Area.EVENTS: FailedEvent,
    Area.REMOVALS: GroupSnapshot,
}
# What others have named: it is isolated, so that a name that is read from right to left leaves the sentence as it is.
_NAMES = frozenset({"account", "first"})


@dataclass(frozen=True)
class _Bar:
    """A day of the chart, which is 10 units wide and 100 high for each of them."""

    day: Any
    index: int
    height: int

    @property
    def x(self) -> int:
        return 1 + 10 * self.index

    @property
    def y(self) -> int:
        return 100 - self.height


def add_overview(site: AdminSite) -> None:
    """Serve the page below the plugin's address, and put a link to it first where the admin lists the plugin."""
    get_own_urls: Callable[[], list[Any]] = site.get_urls
    list_apps: Callable[..., list[Any]] = site.get_app_list

    def get_urls() -> list[Any]:
        return [path(f"{_APP}/overview/", site.admin_view(overview_view), name=NAME), *get_own_urls()]

    def get_app_list(request: HttpRequest, *args: Any, **kwargs: Any) -> list[Any]:
        found = list_apps(request, *args, **kwargs)
        for app in found:
            if app["app_label"] == _APP and (entry := _entry(request, site)):
                app["models"].insert(0, entry)
        return found

    site.get_urls = get_urls  # type: ignore[method-assign]
    site.get_app_list = get_app_list  # type: ignore[method-assign]


@require_safe
def overview_view(request: HttpRequest) -> HttpResponse:
    """Each person sees what their permissions allow; who may see nothing is refused."""
    areas = _open_to(request)
    if not areas:
        raise PermissionDenied
    shown = admin_of(admin_site, AccredibleAPIConfig)
    try:
        found = api.overview(areas)
    except ConfigurationError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:index"))
    highest = max((day.delivered for day in found.days), default=0)
    return shown.render(
        request,
        "overview.html",
        gettext("Overview"),
        found=found,
        areas={area.value for area in areas},
        needs=[(need, _sentence(need), need_tools(request, need)) for need in found.needs],
        accounts=[_account(request, shown, account) for account in found.accounts],
        add_account=address(AccredibleAPIConfig, "add") if may(request, "add_accredibleapiconfig") else "",
        group_figures=_group_figures(found),
        bars=[_Bar(day, index, _height(day.delivered, highest)) for index, day in enumerate(found.days)],
        delivered=sum(day.delivered for day in found.days),
        highest=highest,
        app_is_open=_may_see_app(request),
    )


def _open_to(request: HttpRequest) -> list[Area]:
    return [area for area, model in _AREAS.items() if may_see(request, model)]


def _may_see_app(request: HttpRequest) -> bool:
    return request.user.has_module_perms(_APP)


def _entry(request: HttpRequest, site: AdminSite) -> dict[str, Any] | None:
    """The overview as a line in the list of the plugin's models; None for who may not see it."""
    if not _open_to(request):
        return None
    try:
        to = reverse(f"admin:{NAME}", current_app=site.name)
    except NoReverseMatch:
        return None
    perms = {"add": False, "change": False, "delete": False, "view": True}
    name = {"name": gettext("Overview"), "object_name": "Overview"}
    return {**name, "perms": perms, "admin_url": to, "add_url": None, "view_only": True}


def _sentence(need: api.Need) -> str:
    isolated = {key: format_html("<bdi>{}</bdi>", value) for key, value in need.values.items() if key in _NAMES}
    return format_html(need.text, **{**need.values, **isolated})


def _account(request: HttpRequest, shown: Any, account: api.Account) -> dict[str, Any]:
    config = account.config
    return {
        "account": account,
        "config": config,
        "address": open_address(AccredibleAPIConfig, "change", config.pk),
        "last_sync": shown.last_sync(config),
        "tools": account_tools(request, config),
    }


def _group_figures(found: api.Overview) -> list[tuple[Any, int, str]]:
    """What is counted of groups: the words, the number, and the list behind it."""
    figures = []
    if found.groups:
        groups = found.groups
        figures = [
            (_("active"), groups.active, address(AccredibleGroup, "changelist", is_active__exact=1)),
            (_("without rules"), groups.bare, address(AccredibleGroup, "changelist", configured="no")),
            (_("all of them"), groups.total, address(AccredibleGroup, "changelist")),
        ]
    if found.removed is not None:
        figures.append((_("removed in the last 30 days"), found.removed, address(GroupSnapshot, "changelist")))
    return figures


def _height(number: int, highest: int) -> int:
    """Of a bar, in hundredths of the highest; what is there at all can be seen."""
    return max(2, round(100 * number / highest)) if number else 0
