"""The action "Sync groups", the preview, and the page that asks before groups are removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, address, link, open_address
from credentials_accredible.admin.conflicts import conflict_list
from credentials_accredible.admin.reasons import in_full
from credentials_accredible.choices import RunTrigger
from credentials_accredible.exceptions import ConfirmationRequired
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncRun
from credentials_accredible.text import moment, whole_number

# Fields of the page's form, each followed by the primary key of a configuration.
_DIGEST = "digest-"
_CARRY = "carry-"

# An account can have thousands of groups, and a description can be a book: what is shown of them has limits.
_REMOVALS = 100
_UPDATES = 200
_NAMES = 500
_LONGEST_NAME = 200
_SHORT, _BEFORE, _WHOLE = 100, 30, 2000
# Conflicts that a message names.
_CONFLICTS = 5


@admin.action(permissions=["sync"], description=_("Sync groups"))
def sync_groups(
    modeladmin: AccredibleAdmin, request: HttpRequest, queryset: QuerySet[AccredibleAPIConfig]
) -> HttpResponse | None:
    """Sync the selected configurations; those that would lose groups are shown first and synced once confirmed.

    What a worker does is followed on a page of its own, which leads on to the preview where groups would be lost.
    """
    to_confirm, queued, begun = [], [], []
    for config in queryset:
        approved = request.POST.get(f"{_DIGEST}{config.pk}", "")
        outcome = api.start_sync(
            config,
            trigger=RunTrigger.ADMIN,
            user=request.user,
            site=api.current_site(request),
            consent=api.Consent(ask=True, approved=approved, carry_over=_carried_over(request, config)),
        )
        if isinstance(outcome.reason, ConfirmationRequired) and outcome.plan:
            to_confirm.append(_section(outcome, outcome.plan, changed=bool(approved)))
        elif outcome.is_queued and outcome.run:
            queued.append(outcome.run.pk)
        else:
            _tell(request, outcome)
            begun += [outcome] if _is_first(outcome) else []
    progress = address(SyncRun, "progress", run=queued)
    if to_confirm:
        if queued:
            messages.info(request, link(progress, gettext("Other syncs are under way.")))
        return _plan_page(modeladmin, request, to_confirm, gettext("Remove groups?"))
    if queued:
        return HttpResponseRedirect(progress)
    groups = open_address(AccredibleGroup, "changelist", api_config__id__exact=begun[0].config.pk) if begun else ""
    # What comes next is to choose one of them.
    return HttpResponseRedirect(groups) if groups and len(queryset) == 1 else None


@require_POST
def sync_now(request: HttpRequest, modeladmin: AccredibleAdmin, config: AccredibleAPIConfig) -> HttpResponse:
    """The action, for the configuration of one page or row; its page says how it ended."""
    chosen = AccredibleAPIConfig.objects.filter(pk=config.pk)
    return sync_groups(modeladmin, request, chosen) or HttpResponseRedirect(
        address(AccredibleAPIConfig, "change", config.pk)
    )


@require_safe
def preview(request: HttpRequest, modeladmin: AccredibleAdmin, config: AccredibleAPIConfig) -> HttpResponse:
    """What a sync would do now. It asks Accredible as a sync does, so it takes the permission to sync."""
    outcome = api.preview(config)
    return _plan_page(
        modeladmin,
        request,
        [_section(outcome, outcome.plan)] if outcome.plan else [],
        gettext("Preview: %s") % config.name,
        original=config,
        failure="" if outcome.plan else outcome.error,
        nothing=outcome.plan is not None and outcome.plan.changes_nothing,
    )


def _is_first(outcome: api.Outcome) -> bool:
    """Whether the sync has brought the first groups of its configuration."""
    plan = outcome.plan
    return (
        outcome.succeeded
        and plan is not None
        and bool(plan.create)
        and not (plan.update or plan.unchanged or plan.remove)
    )


def _carried_over(request: HttpRequest, config: AccredibleAPIConfig) -> dict[int, int]:
    """Which groups the sender of the form wants to be carried over; what makes no sense there counts as not chosen."""
    texts = (text.partition("=") for text in request.POST.getlist(f"{_CARRY}{config.pk}"))
    pairs = ((whole_number(old), whole_number(new)) for old, _equals, new in texts)
    return {old: new for old, new in pairs if old is not None and new is not None}


def _tell(request: HttpRequest, outcome: api.Outcome) -> None:
    """One message for one configuration, and one for each thing that has to be known beside it."""
    name = outcome.config.name
    if not outcome.succeeded:
        text = gettext("%(name)s was not synced: %(reason)s") % {"name": name, "reason": outcome.error}
        messages.error(request, in_full(text))
        return
    groups = open_address(AccredibleGroup, "changelist", api_config__id__exact=outcome.config.pk)
    text = gettext("%(name)s was synced: %(figures)s") % {"name": name, "figures": outcome.sentence}
    messages.success(request, format_html("{} {}", text, link(groups, gettext("See its groups")) if groups else ""))
    _tell_conflicts(request, name, outcome)
    for warning in outcome.warnings:
        messages.warning(request, f"{name}: {warning}")


def _tell_conflicts(request: HttpRequest, name: str, outcome: api.Outcome) -> None:
    conflicting = outcome.plan.conflicting if outcome.plan else ()
    if not conflicting:
        return
    named = [
        gettext("“%(group)s” (%(id)s, held by “%(holder)s”)")
        % {"group": conflict.remote.name, "id": conflict.remote.accredible_id, "holder": conflict.holder}
        for conflict in conflicting[:_CONFLICTS]
    ]
    if len(conflicting) > _CONFLICTS:
        named.append(gettext("and %d more") % (len(conflicting) - _CONFLICTS))
    text = gettext("%(name)s: skipped, because another configuration holds them already: %(groups)s.")
    to = open_address(SyncRun, "change", outcome.run.pk) if outcome.run else ""
    more = link(to, gettext("What to do")) if to else ""
    messages.warning(request, format_html("{} {}", text % {"name": name, "groups": ", ".join(named)}, more))


def _plan_page(
    modeladmin: AccredibleAdmin, request: HttpRequest, sections: Sequence[dict[str, Any]], title: str, **context: Any
) -> HttpResponse:
    """The page with these sections; its form runs "Sync groups" for them, with what was seen as agreed to."""
    return modeladmin.render(
        request,
        "plan.html",
        title,
        pending=sections,
        removes=any(section["removals"] for section in sections),
        offers=any(section["offers"] for section in sections),
        action=sync_groups.__name__,
        checkbox_name=helpers.ACTION_CHECKBOX_NAME,
        **context,
    )


def _section(outcome: api.Outcome, plan: api.Plan, *, changed: bool = False) -> dict[str, Any]:
    """What the page shows of one configuration: its ``plan``, and what goes with the groups that it removes.

    ``changed``: somebody has agreed to another plan.
    """
    held = outcome.holdings
    removals = [(group, held.get(group.pk, api.Holdings())) for group in plan.remove]
    # What hurts most comes first.
    removals.sort(key=lambda row: (not row[0].is_active, -row[1].learners, -row[1].requirements))
    return {
        "config": outcome.config,
        "digest_name": f"{_DIGEST}{outcome.config.pk}",
        "digest": outcome.approval,
        "figures": api.plan_figures(plan),
        "carry_name": f"{_CARRY}{outcome.config.pk}",
        "offers": [
            (offer, held.get(offer.local.pk, api.Holdings()), offer in plan.carry)
            for offer in (*plan.carry, *plan.lookalikes)
        ],
        "removals": removals[:_REMOVALS],
        "more_removals": removals[_REMOVALS:],
        "lists": [
            (gettext("Created"), _named((group.name, group.accredible_id, "") for group in plan.create)),
            (gettext("Unchanged"), _named((group.name, group.accredible_id, "") for group in plan.unchanged)),
        ],
        "updates": [
            (update.local, [(api.field_label(change.field), *_sides(change)) for change in update.changes])
            for update in plan.update[:_UPDATES]
        ],
        "more_updates": _named(
            (update.local.name, update.local.accredible_id, _fields(update.changes))
            for update in plan.update[_UPDATES:]
        ),
        "conflicts": conflict_list(outcome.config, api.conflicts_of(plan, _NAMES), len(plan.conflicting))
        if plan.conflicting
        else "",
        "plan": plan,
        "alarming": api.Consent().objection(plan) is not None,
        "changed": changed,
        "warnings": outcome.warnings,
    }


def _named(rows: Iterable[tuple[str, int, str]]) -> dict[str, Any]:
    """The first rows as (name, Accredible id, note), how many there are, and how many are left out."""
    shown = [(Truncator(name).chars(_LONGEST_NAME), accredible_id, note) for name, accredible_id, note in rows]
    return {"rows": shown[:_NAMES], "total": len(shown), "more": max(0, len(shown) - _NAMES)}


def _fields(changes: Iterable[api.Change]) -> str:
    return ", ".join(api.field_label(change.field) for change in changes)


class _Value(NamedTuple):
    """One side of a change: ``short`` around the first difference, ``whole`` where that is not all of it."""

    short: str
    whole: str = ""


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
    return moment(value) if isinstance(value, datetime) else str(value)
