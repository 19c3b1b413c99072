"""The page that shows how far syncs have come, and how they ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import SyncRun

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

PROGRESS = "admin:credentials_accredible_syncrun_progress"
STATE = "admin:credentials_accredible_syncrun_state"
_TEMPLATE = "admin/credentials_accredible/run_progress.html"
_AT_ONCE = 200
# Seconds after which a person should know that a worker usually does not take that long.
_PATIENCE = 15


def progress_address(runs: Iterable[int]) -> str:
    """The page of these runs."""
    return f"{reverse(PROGRESS)}?{urlencode([('run', pk) for pk in runs])}"


@require_safe
@never_cache
def progress_view(request: HttpRequest, modeladmin: ModelAdmin[SyncRun]) -> HttpResponse:
    """A bar for each run that is asked for; what came of it where it has ended. Works without JavaScript."""
    runs = _asked_for(request)
    rows = [_row(request, run) for run in runs]
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Sync groups"),
        "opts": modeladmin.opts,
        "media": modeladmin.media,
        "rows": rows,
        "is_open": any(row["open"] for row in rows),
        "state_address": f"{reverse(STATE)}?{urlencode([('run', run.pk) for run in runs])}",
    }
    return TemplateResponse(request, _TEMPLATE, context)


@require_safe
@never_cache
def state_view(request: HttpRequest) -> JsonResponse:
    """The same for the page's script: the bars, and whether anything is still open."""
    rows = [
        {"run": run.pk, "open": _is_open(run), "text": _text(run), "done": run.stage_done, "total": _total(run)}
        for run in _asked_for(request)
    ]
    return JsonResponse({"open": any(row["open"] for row in rows), "runs": rows})


def _asked_for(request: HttpRequest) -> list[SyncRun]:
    """The runs that the query names; for who sees runs, or may start them."""
    user = request.user
    if not (
        user.has_perm("credentials_accredible.view_syncrun")
        or user.has_perm("credentials_accredible.sync_accredibleapiconfig")
    ):
        raise PermissionDenied
    keys = [int(pk) for pk in request.GET.getlist("run")[:_AT_ONCE] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    # One whose process died must not look as if it were running.
    api.close_dead_runs()
    runs = list(SyncRun.objects.filter(pk__in=keys).select_related("api_config").order_by("pk"))
    if not runs:
        raise Http404
    return runs


def _row(request: HttpRequest, run: SyncRun) -> dict[str, Any]:
    """What the page shows of a run."""
    may = request.user.has_perm
    to_confirm = run.needs_confirmation and run.api_config_id and may("credentials_accredible.sync_accredibleapiconfig")
    links = []
    if to_confirm:
        address = reverse("admin:credentials_accredible_accredibleapiconfig_preview", args=[run.api_config_id])
        links.append((address, gettext("Look at what would change, and confirm")))
    if run.status == RunStatus.SUCCEEDED and run.api_config_id and may("credentials_accredible.view_accrediblegroup"):
        groups = reverse("admin:credentials_accredible_accrediblegroup_changelist")
        links.append((f"{groups}?api_config__id__exact={run.api_config_id}", gettext("See its groups")))
    if may("credentials_accredible.view_syncrun"):
        links.append((reverse("admin:credentials_accredible_syncrun_change", args=[run.pk]), gettext("See the record")))
    return {
        "run": run,
        "open": _is_open(run),
        "text": _text(run),
        "done": run.stage_done,
        "total": _total(run),
        "result": run.error or api.run_sentence(run),
        "links": links,
    }


def _is_open(run: SyncRun) -> bool:
    return run.status in {RunStatus.QUEUED, RunStatus.RUNNING}


def _total(run: SyncRun) -> int | None:
    """Of how many, where the bar can say so: the groups are written all at once."""
    return run.stage_total if run.stage != "applying" else None


def _text(run: SyncRun) -> str:
    """What the run is at."""
    if run.status == RunStatus.QUEUED:
        waited = int((timezone.now() - run.started_at).total_seconds())
        if waited < _PATIENCE:
            return gettext("Waits for a worker")
        return gettext("Waits for a worker since %d seconds: is one running?") % waited
    return _stage(run) if run.status == RunStatus.RUNNING else str(run.get_status_display())


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
