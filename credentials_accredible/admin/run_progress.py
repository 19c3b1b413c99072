"""The page that shows how far syncs have come, and how they ended."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, Tool, address, may, may_see, open_address
from credentials_accredible.admin.reasons import brief
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from credentials_accredible.text import whole_number

OPEN = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})

_AT_ONCE = 200
# Seconds after which a person should know that a worker usually does not take that long.
_PATIENCE = 15


def confirmation_tools(request: HttpRequest, run: SyncRun) -> list[Tool]:
    """The way to the preview, where ``run`` waits for a word of somebody who may sync."""
    may_confirm = may(request, "sync_accredibleapiconfig") and may_see(request, AccredibleAPIConfig)
    if not (run.needs_confirmation and run.api_config_id and may_confirm):
        return []
    preview = address(AccredibleAPIConfig, "preview", run.api_config_id)
    return [Tool(preview, gettext("Look at what would change, and confirm"))]


@require_safe
def progress_view(request: HttpRequest, modeladmin: AccredibleAdmin) -> HttpResponse:
    """A bar for each run that is asked for; what came of it where it has ended. Works without JavaScript."""
    runs = _asked_for(request)
    return modeladmin.render(
        request,
        "run_progress.html",
        gettext("Sync groups"),
        rows=[_row(request, run) for run in runs],
        is_open=any(run.status in OPEN for run in runs),
        list_address=open_address(AccredibleAPIConfig, "changelist"),
        state_address=address(SyncRun, "state", run=[run.pk for run in runs]),
    )


@require_safe
def state_view(request: HttpRequest, _modeladmin: AccredibleAdmin) -> JsonResponse:
    """The same for the page's script: the bars, and whether anything is still open."""
    rows = [
        {"run": run.pk, "open": run.status in OPEN, "text": _text(run), "done": run.stage_done, "total": _total(run)}
        for run in _asked_for(request)
    ]
    return JsonResponse({"open": any(row["open"] for row in rows), "runs": rows})


def _asked_for(request: HttpRequest) -> list[SyncRun]:
    numbers = [whole_number(key) for key in request.GET.getlist("run")[:_AT_ONCE]]
    # One whose process died must not look as if it were running.
    api.close_dead_runs()
    found = SyncRun.objects.filter(pk__in=[number for number in numbers if number is not None])
    runs = list(found.select_related("api_config").order_by("pk"))
    if not runs:
        raise Http404
    return runs


def _row(request: HttpRequest, run: SyncRun) -> dict[str, Any]:
    links = confirmation_tools(request, run)
    if run.status == RunStatus.SUCCEEDED and run.api_config_id and may(request, "view_accrediblegroup"):
        groups = address(AccredibleGroup, "changelist", api_config__id__exact=run.api_config_id)
        links.append(Tool(groups, gettext("See its groups")))
    if may(request, "view_syncrun"):
        links.append(Tool(address(SyncRun, "change", run.pk), gettext("See the record")))
    return {
        "run": run,
        "open": run.status in OPEN,
        "text": _text(run),
        "done": run.stage_done,
        "total": _total(run),
        "result": brief(run.error) or api.run_sentence(run),
        "links": links,
    }


def _total(run: SyncRun) -> int | None:
    """Of how many, where the bar can say so: the groups are written all at once."""
    return run.stage_total if run.stage != "applying" else None


def _text(run: SyncRun) -> str:
    if run.status == RunStatus.QUEUED:
        waited = int((timezone.now() - run.started_at).total_seconds())
        if waited < _PATIENCE:
            return gettext("Waits for a worker")
        return gettext("Waits for a worker since %d seconds: is one running?") % waited
    if run.status != RunStatus.RUNNING:
        return str(run.get_status_display())
    wait = api.wait_sentence(api.seconds_kept_back(run))
    return f"{_stage(run)}. {wait}" if wait else _stage(run)


def _stage(run: SyncRun) -> str:
    values = {"done": run.stage_done, "total": run.stage_total}
    if run.stage == "applying":
        number = run.stage_total or 0
        return ngettext("Writes %d group", "Writes %d groups", number) % number
    if run.stage == "designs":
        return gettext("Reads designs: %(done)s of %(total)s") % values
    if run.stage == "groups" and run.stage_total is not None:
        return gettext("Reads groups: %(done)s of %(total)s") % values
    return gettext("Reads groups")
