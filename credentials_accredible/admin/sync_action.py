"""The action "Sync groups", and the page that asks before groups are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin import plan_page
from credentials_accredible.admin.run_progress import progress_address
from credentials_accredible.choices import RunTrigger
from credentials_accredible.exceptions import ConfirmationRequired
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.sync import report
from credentials_accredible.sync.plan import Plan

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

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
        approved = plan_page.approved(request, config)
        outcome = api.start_sync(
            config,
            trigger=RunTrigger.ADMIN,
            user=request.user,
            site=api.current_site(request),
            consent=api.Consent(ask=True, approved=approved, carry_over=plan_page.carried_over(request, config)),
        )
        if isinstance(outcome.reason, ConfirmationRequired) and outcome.plan:
            pending.append(plan_page.section(outcome, outcome.plan, asked_before=bool(approved)))
        elif outcome.is_queued and outcome.run:
            queued.append(outcome.run.pk)
        else:
            _tell(request, outcome)
    if pending:
        if queued:
            text = format_html('<a href="{}">{}</a>', progress_address(queued), gettext("Other syncs are under way."))
            messages.info(request, text)
        return plan_page.page(modeladmin, request, pending, title=gettext("Remove groups?"))
    return HttpResponseRedirect(progress_address(queued)) if queued else None


def _tell(request: HttpRequest, outcome: api.Outcome) -> None:
    """One message for one configuration, and one for each thing that has to be known beside it."""
    name = outcome.config.name
    if not outcome.succeeded:
        text = gettext("%(name)s was not synced: %(reason)s") % {"name": name, "reason": outcome.error}
        messages.error(request, text)
        return
    address = reverse("admin:credentials_accredible_accrediblegroup_changelist")
    text = gettext("%(name)s was synced: %(figures)s") % {"name": name, "figures": report.sentence(outcome)}
    link = format_html(
        '{} <a href="{}?api_config__id__exact={}">{}</a>', text, address, outcome.config.pk, gettext("See its groups")
    )
    messages.success(request, link)
    _tell_conflicts(request, name, outcome.plan)
    for warning in outcome.warnings:
        messages.warning(request, f"{name}: {warning}")


def _tell_conflicts(request: HttpRequest, name: str, plan: Plan | None) -> None:
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
