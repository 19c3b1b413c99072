"""The buttons and links that do something about an account, or about what needs a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import helpers
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.adoption import adopt_tools
from credentials_accredible.admin.base import Tool, address, may, may_see
from credentials_accredible.choices import NeedKind
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    FailedEvent,
    GroupSnapshot,
    SyncRun,
)

# Somebody waits for the page.
_EVENTS_AT_ONCE = 100


def run_action(model: type[Model], action: str, label: Any, *keys: int, **query: Any) -> Tool:
    """A button that runs an action of the list of ``model``: for the objects of ``keys``, or for all of the list."""
    chosen = [(helpers.ACTION_CHECKBOX_NAME, str(key)) for key in keys or (0,)]
    fields = [("action", action), ("select_across", "0" if keys else "1"), *chosen]
    return Tool(address(model, "changelist", **query), label, post=True, fields=tuple(fields))


def sync_tools(request: HttpRequest, config: AccredibleAPIConfig) -> list[Tool]:
    """What one does with an account whose groups are to be synced."""
    if not _may_sync(request, config):
        return []
    return [
        Tool(address(AccredibleAPIConfig, "sync", config.pk), _("Sync now"), post=True),
        Tool(address(AccredibleAPIConfig, "preview", config.pk), _("Preview")),
    ]


def account_tools(request: HttpRequest, config: AccredibleAPIConfig) -> list[Tool]:
    return [*sync_tools(request, config), *_test(request, config)]


def resume_tools(request: HttpRequest, config: AccredibleAPIConfig) -> list[Tool]:
    """The button that lifts a pause, where there is one, for who may change the configuration."""
    if not (config.paused_at and may(request, "change_accredibleapiconfig")):
        return []
    return [run_action(AccredibleAPIConfig, "resume_delivery", _("Resume delivery"), config.pk)]


def need_tools(request: HttpRequest, need: api.Need) -> list[Tool]:
    """What does something about ``need``, as far as the user may."""
    return _TOOLS[need.kind](request, need)


def _may_sync(request: HttpRequest, config: AccredibleAPIConfig) -> bool:
    """Whether the user may, and there is a key to do it with."""
    may_sync = may(request, "sync_accredibleapiconfig") and may_see(request, AccredibleAPIConfig)
    return may_sync and bool(config.api_key)


def _test(request: HttpRequest, config: AccredibleAPIConfig) -> list[Tool]:
    if not _may_sync(request, config):
        return []
    return [Tool(address(AccredibleAPIConfig, "test", config.pk), _("Test connection"), post=True)]


def _enter_key(request: HttpRequest, need: api.Need) -> list[Tool]:
    if not (need.config and may(request, "change_accredibleapiconfig")):
        return []
    return [Tool(address(AccredibleAPIConfig, "change", need.config.pk), _("Enter a key"))]


def _resume(request: HttpRequest, need: api.Need) -> list[Tool]:
    return [*_enter_key(request, need), *(resume_tools(request, need.config) if need.config else [])]


def _credits(request: HttpRequest, need: api.Need) -> list[Tool]:
    return _test(request, need.config) if need.config else []


def _confirm(request: HttpRequest, need: api.Need) -> list[Tool]:
    if not (need.config and may(request, "sync_accredibleapiconfig")):
        return []
    to = address(AccredibleAPIConfig, "preview", need.config.pk)
    return [Tool(to, _("Look at what would change, and confirm"))]


def _schedule(request: HttpRequest, need: api.Need) -> list[Tool]:
    tools = []
    if need.run and may_see(request, SyncRun):
        tools.append(Tool(address(SyncRun, "change", need.run), _("See why")))
    return [*tools, *(sync_tools(request, need.config) if need.config else [])]


def _overdue(request: HttpRequest, need: api.Need) -> list[Tool]:
    return sync_tools(request, need.config) if need.config else []


def _waiting_sync(request: HttpRequest, need: api.Need) -> list[Tool]:
    may_follow = may_see(request, SyncRun) or may(request, "sync_accredibleapiconfig")
    return [Tool(address(SyncRun, "progress", run=need.run), _("Follow the sync"))] if may_follow else []


def _badges(request: HttpRequest, need: api.Need, label: Any, **query: Any) -> list[Tool]:
    """The list of them, and the button that has them all tried again."""
    if need.config:
        query["api_config__id__exact"] = need.config.pk
    else:
        query["api_config__isnull"] = "True"
    tools = [Tool(address(AccredibleBadge, "changelist", **query), label)]
    if may(request, "deliver_accrediblebadge"):
        tools.append(run_action(AccredibleBadge, "retry", _("Retry the delivery"), **query))
    return tools


def _late(request: HttpRequest, need: api.Need) -> list[Tool]:
    return _badges(request, need, _("See what is due"), delivery="due")[:1]


def _failed(request: HttpRequest, need: api.Need) -> list[Tool]:
    return _badges(request, need, _("See these badges"), delivery="failed", problem__exact=need.problem)


def _hidden(request: HttpRequest, need: api.Need) -> list[Tool]:
    return _badges(request, need, _("See these badges"), delivery="unpublished")


def _events(request: HttpRequest, need: api.Need) -> list[Tool]:
    tools = [Tool(address(FailedEvent, "changelist", processed="no"), _("See these events"))]
    if need.count <= _EVENTS_AT_ONCE and may(request, "process_failedevent"):
        tools.append(run_action(FailedEvent, "process_again", _("Process again"), processed="no"))
    return tools


def _removed(_request: HttpRequest, _need: api.Need) -> list[Tool]:
    return [Tool(address(GroupSnapshot, "changelist", cause__exact="sync"), _("See what was removed"))]


def _take_over(request: HttpRequest, _need: api.Need) -> list[Tool]:
    return adopt_tools(request)


_TOOLS: dict[NeedKind, Callable[[HttpRequest, api.Need], list[Tool]]] = {
    NeedKind.KEY: _enter_key,
    NeedKind.PAUSED: _resume,
    NeedKind.CREDITS: _credits,
    NeedKind.CONFIRMATION: _confirm,
    NeedKind.SCHEDULE_FAILS: _schedule,
    NeedKind.SCHEDULE_OVERDUE: _overdue,
    NeedKind.SYNC_WAITS: _waiting_sync,
    NeedKind.BADGES_LATE: _late,
    NeedKind.BADGES_FAILED: _failed,
    NeedKind.BADGES_HIDDEN: _hidden,
    NeedKind.EVENTS_FAILED: _events,
    NeedKind.GROUPS_REMOVED: _removed,
    NeedKind.TAKE_OVER: _take_over,
}
