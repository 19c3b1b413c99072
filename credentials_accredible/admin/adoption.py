"""The page that takes over from the service's built-in integration."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from credentials_accredible import api
from credentials_accredible.admin.addresses import left_in_builtin
from credentials_accredible.admin.base import AccredibleAdmin, Tool, address, may
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig

# Learners of a group on the page; the command shows all.
_LINES = 20


def may_adopt(request: HttpRequest) -> bool:
    """Whether the user may take over, which also switches groups of the service off."""
    return may(request, "adopt_accredibleapiconfig")


def adopt_tools(request: HttpRequest) -> list[Tool]:
    """The button, where there is something to take over, and the user may."""
    if not (may_adopt(request) and left_in_builtin(request)):
        return []
    return [Tool(address(AccredibleAPIConfig, "adopt"), gettext("Take over"))]


def adopt_view(request: HttpRequest, modeladmin: AccredibleAdmin) -> HttpResponse:
    """What would be taken over, with a button that does it; once it is sent, what was taken over."""
    done = request.method == "POST"
    try:
        report = api.adopt_builtin(dry_run=not done, user=request.user)
    except ConfigurationError as error:
        messages.error(request, str(error))
    except (DatabaseError, InterfaceError) as error:
        messages.error(request, f"{gettext('Nothing was taken over.')} {api.why_not_stored(error)}")
    else:
        if done:
            _note(request, modeladmin, report)
        title = gettext("Taken over from the built-in integration")
        return modeladmin.render(
            request,
            "adoption.html",
            title if done else gettext("Take over from the built-in integration?"),
            done=done,
            report=report,
            rows=[(config, [_row(group) for group in config.groups]) for config in report.configs],
        )
    return HttpResponseRedirect(address(AccredibleAPIConfig, "changelist"))


def _row(group: api.AdoptedGroup) -> dict[str, Any]:
    return {
        "item": group,
        "figures": api.adoption_figures(group) if group.is_changed else "",
        "switch": api.adoption_switch(group),
        "early": group.early[:_LINES],
        "more_early": max(0, len(group.early) - _LINES),
        "left": group.left[:_LINES],
        "more_left": max(0, len(group.left) - _LINES),
    }


def _note(request: HttpRequest, modeladmin: AccredibleAdmin, report: api.Adoption) -> None:
    for item in report.configs:
        if item.config and any(group.is_changed for group in item.groups):
            modeladmin.log_change(request, item.config, gettext("Taken over from the built-in integration."))
    if report.refused:
        text = gettext("Not everything was taken over. Correct what is said below, and take over again.")
        messages.warning(request, text)
    elif report.is_changed:
        messages.success(request, gettext("All of it was taken over."))
