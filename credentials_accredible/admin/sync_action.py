"""The action "Sync groups", and the page that asks before groups are removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.run_progress import progress_address
from credentials_accredible.choices import RunTrigger
from credentials_accredible.exceptions import ConfirmationRequired
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

TEMPLATE = "admin/credentials_accredible/plan.html"
ACTION = "sync_groups"
_DIGEST = "digest-"
_CARRY = "carry-"

# An account can have thousands of groups, and a description can be a book: what is shown of them has limits.
_REMOVALS = 100
_UPDATES = 200
_NAMES = 500
_LONGEST_NAME = 200
_SHORT, _BEFORE, _WHOLE = 100, 30, 2000


@dataclass(frozen=True)
class _Value:
    """One side of a change: ``short`` around the first difference, ``whole`` where that is not all of it."""

    short: str
    whole: str = ""


def approved(request: HttpRequest, config: Any) -> str:
    """What the sender of the form has agreed to for ``config``; empty where they have not seen it."""
    return str(request.POST.get(f"{_DIGEST}{config.pk}", ""))


def carried_over(request: HttpRequest, config: Any) -> dict[int, int]:
    """Which groups the sender of the form wants to be carried over; what makes no sense there counts as not chosen."""
    pairs = (text.partition("=") for text in request.POST.getlist(f"{_CARRY}{config.pk}"))
    return {int(old): int(new) for old, _equals, new in pairs if _is_number(old) and _is_number(new)}


def section(outcome: api.Outcome, plan: api.Plan, *, asked_before: bool = False) -> dict[str, Any]:
    """What the page shows of one configuration: its ``plan``, and what goes with the groups that it removes."""
    removals = [(group, outcome.holdings.get(group.pk, api.Holdings())) for group in plan.remove]
    # What hurts most comes first.
    removals.sort(key=lambda row: (not row[0].is_active, -row[1].learners, -row[1].requirements))
    return {
        "config": outcome.config,
        "digest_name": f"{_DIGEST}{outcome.config.pk}",
        "digest": outcome.approval,
        "figures": api.plan_figures(plan),
        "carry_name": f"{_CARRY}{outcome.config.pk}",
        "offers": [
            (offer, outcome.holdings.get(offer.local.pk, api.Holdings()), offer in plan.carry)
            for offer in (*plan.carry, *plan.lookalikes)
        ],
        "removals": removals[:_REMOVALS],
        "more_removals": removals[_REMOVALS:],
        "lists": [
            (gettext("Created"), _named((group.name, group.accredible_id, "") for group in plan.create)),
            (
                gettext("Conflicting: another configuration holds them, so they are skipped"),
                _named((c.remote.name, c.remote.accredible_id, c.holder) for c in plan.conflicting),
            ),
            (gettext("Unchanged"), _named((group.name, group.accredible_id, "") for group in plan.unchanged)),
        ],
        "updates": [(update.local, _fields(update)) for update in plan.update[:_UPDATES]],
        "more_updates": _named(
            (update.local.name, update.local.accredible_id, ", ".join(str(_label(c)) for c in update.changes))
            for update in plan.update[_UPDATES:]
        ),
        "plan": plan,
        "alarming": api.Consent().objection(plan) is not None,
        "changed": asked_before,
        "warnings": outcome.warnings,
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def page(
    modeladmin: ModelAdmin[Any], request: HttpRequest, sections: Sequence[dict[str, Any]], **context: Any
) -> HttpResponse:
    """The page with these sections; its form runs "Sync groups" for them, with what was seen as agreed to."""
    base = {
        **modeladmin.admin_site.each_context(request),
        "opts": modeladmin.opts,
        "media": modeladmin.media,
        "pending": sections,
        "removes": any(item["removals"] for item in sections),
        "offers": any(item["offers"] for item in sections),
        "action": ACTION,
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, TEMPLATE, {**base, **context})


def _named(rows: Iterable[tuple[str, int, str]]) -> dict[str, Any]:
    """The first rows as (name, Accredible id, note), how many there are, and how many are left out."""
    shown = [(Truncator(name).chars(_LONGEST_NAME), accredible_id, note) for name, accredible_id, note in rows]
    return {"rows": shown[:_NAMES], "total": len(shown), "more": max(0, len(shown) - _NAMES)}


def _fields(update: api.Update) -> list[tuple[str, _Value, _Value]]:
    """The changed fields of a group as (label, old, new)."""
    return [(str(_label(change)), *_sides(change)) for change in update.changes]


def _label(change: api.Change) -> Any:
    return getattr(AccredibleGroup._meta.get_field(change.field), "verbose_name", change.field)


def _sides(change: api.Change) -> tuple[_Value, _Value]:
    old, new = _text(change.old), _text(change.new)
    same = sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    return _value(old, same), _value(new, same)


def _value(text: str, same: int) -> _Value:
    if len(text) <= _SHORT:
        return _Value(text)
    start = max(0, same - _BEFORE) if same > _SHORT - _BEFORE else 0
    short = ("…" if start else "") + Truncator(text[start : start + 2 * _SHORT]).chars(_SHORT)
    return _Value(short, Truncator(text).chars(_WHOLE))


def _text(value: object) -> str:
    if value is None or value == "":
        return gettext("(none)")
    return str(localize(localtime(value))) if isinstance(value, datetime) else str(value)


_NAMED = 5


@admin.action(permissions=["sync"], description=_("Sync groups"))
def sync_groups(
    modeladmin: ModelAdmin[AccredibleAPIConfig], request: HttpRequest, queryset: QuerySet[AccredibleAPIConfig]
) -> HttpResponse | None:
    """Sync the selected configurations; those that would lose groups are shown first and synced once confirmed.

    What a worker does is followed on a page of its own, which leads on to the preview where groups would be lost.
    """
    pending, queued = [], []
    for config in queryset:
        digest = approved(request, config)
        outcome = api.start_sync(
            config,
            trigger=RunTrigger.ADMIN,
            user=request.user,
            site=api.current_site(request),
            consent=api.Consent(ask=True, approved=digest, carry_over=carried_over(request, config)),
        )
        if isinstance(outcome.reason, ConfirmationRequired) and outcome.plan:
            pending.append(section(outcome, outcome.plan, asked_before=bool(digest)))
        elif outcome.is_queued and outcome.run:
            queued.append(outcome.run.pk)
        else:
            _tell(request, outcome)
    if pending:
        if queued:
            text = format_html('<a href="{}">{}</a>', progress_address(queued), gettext("Other syncs are under way."))
            messages.info(request, text)
        return page(modeladmin, request, pending, title=gettext("Remove groups?"))
    return HttpResponseRedirect(progress_address(queued)) if queued else None


def _tell(request: HttpRequest, outcome: api.Outcome) -> None:
    """One message for one configuration, and one for each thing that has to be known beside it."""
    name = outcome.config.name
    if not outcome.succeeded:
        text = gettext("%(name)s was not synced: %(reason)s") % {"name": name, "reason": outcome.error}
        messages.error(request, text)
        return
    address = reverse("admin:credentials_accredible_accrediblegroup_changelist")
    text = gettext("%(name)s was synced: %(figures)s") % {"name": name, "figures": api.outcome_sentence(outcome)}
    link = format_html(
        '{} <a href="{}?api_config__id__exact={}">{}</a>', text, address, outcome.config.pk, gettext("See its groups")
    )
    messages.success(request, link)
    _tell_conflicts(request, name, outcome.plan)
    for warning in outcome.warnings:
        messages.warning(request, f"{name}: {warning}")


def _tell_conflicts(request: HttpRequest, name: str, plan: api.Plan | None) -> None:
    """One message for all groups that other configurations hold; it names the first few."""
    conflicting = plan.conflicting if plan else ()
    if not conflicting:
        return
    named = [
        gettext("“%(group)s” (%(id)s, held by “%(holder)s”)")
        % {"group": conflict.remote.name, "id": conflict.remote.accredible_id, "holder": conflict.holder}
        for conflict in conflicting[:_NAMED]
    ]
    if len(conflicting) > _NAMED:
        named.append(gettext("and %d more") % (len(conflicting) - _NAMED))
    text = gettext("%(name)s: skipped, because another configuration holds them already: %(groups)s.")
    messages.warning(request, text % {"name": name, "groups": ", ".join(named)})


PREVIEW = "admin:credentials_accredible_accredibleapiconfig_preview"


def preview(request: HttpRequest, object_id: str, modeladmin: ModelAdmin[AccredibleAPIConfig]) -> HttpResponse:
    """What a sync would do now. It asks Accredible as a sync does, so it takes the permission to sync."""
    config = modeladmin.get_object(request, object_id)
    if config is None:
        raise Http404
    may_sync = request.user.has_perm("credentials_accredible.sync_accredibleapiconfig")
    if not (modeladmin.has_view_permission(request, config) and may_sync):
        raise PermissionDenied
    outcome = api.preview(config)
    sections: list[dict[str, Any]] = [section(outcome, outcome.plan)] if outcome.plan else []
    return page(
        modeladmin,
        request,
        sections,
        title=gettext("Preview: %s") % config.name,
        failure="" if outcome.plan else outcome.error,
        previewed=config,
        nothing=outcome.plan is not None and outcome.plan.changes_nothing,
    )
