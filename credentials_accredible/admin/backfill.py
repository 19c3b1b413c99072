"""The pages of a group that give badges to who has earned them already: "Backfill", and "Re-evaluate progress"."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from credentials_accredible import api
from credentials_accredible.admin.base import AccredibleAdmin, address
from credentials_accredible.models import AccredibleGroup

# Learners that are counted while somebody waits for the page: a second or two.
_MOST_COUNTED = 2_000
# Learners who get something while somebody waits, where there is no worker.
_MOST_GAINING = 50


def offer_backfill(request: HttpRequest, group: AccredibleGroup) -> None:
    """Lead who has activated ``group`` to its page, where there is anything to be filled in from."""
    if api.can_backfill():
        text = gettext("Learners who have passed before may have earned “{group}” already: {link}")
        link = format_html('<a href="{}">{}</a>', _address(group), gettext("see how many"))
        messages.info(request, format_html(text, group=group.name, link=link))


def backfill_view(request: HttpRequest, modeladmin: AccredibleAdmin, group: AccredibleGroup) -> HttpResponse:
    """Show how many learners have qualified, and give them their badges once that is confirmed."""
    if request.method == "POST":
        if api.can_backfill() and group.is_active:
            _fill_in(request, modeladmin, group)
            return HttpResponseRedirect(address(AccredibleGroup, "change", group.pk))
        return HttpResponseRedirect(_address(group))
    expected = api.backfill(group, dry_run=True, most=_MOST_COUNTED) if api.can_backfill() else None
    return modeladmin.render(
        request,
        "backfill.html",
        gettext("Backfill"),
        original=group,
        expected=expected,
        notes=list(api.backfill_notes(expected)) if expected else [],
        command=f"accredible_backfill --group {group.uuid}",
    )


def reevaluate_view(request: HttpRequest, modeladmin: AccredibleAdmin, group: AccredibleGroup) -> HttpResponse:
    """Show how many badges a re-evaluation would award, and award them once that is confirmed."""
    if request.method == "POST":
        awarded = api.reevaluate(group, dry_run=False).badges
        text = ngettext("Re-evaluated: %d badge awarded.", "Re-evaluated: %d badges awarded.", awarded) % awarded
        modeladmin.log_change(request, group, text)
        messages.success(request, text)
        return HttpResponseRedirect(address(AccredibleGroup, "change", group.pk))
    expected = api.reevaluate(group, dry_run=True)
    return modeladmin.render(
        request, "reevaluate.html", gettext("Re-evaluate progress"), original=group, expected=expected
    )


def _fill_in(request: HttpRequest, modeladmin: AccredibleAdmin, group: AccredibleGroup) -> None:
    if api.start_backfill(group):
        text = gettext("A worker fills in what learners have earned.")
        modeladmin.log_change(request, group, gettext("Backfill begun."))
        messages.success(request, text)
        return
    done = api.backfill(group, dry_run=False, limit=_MOST_GAINING, most=_MOST_COUNTED)
    text = ngettext("Backfilled: %d badge awarded.", "Backfilled: %d badges awarded.", done.badges) % done.badges
    modeladmin.log_change(request, group, text)
    messages.success(request, text)
    if not done.complete:
        rest = gettext("There can be more than a page has time for. The rest is done by the command: %s")
        messages.warning(request, rest % f"accredible_backfill --group {group.uuid}")


def _address(group: AccredibleGroup) -> str:
    return address(AccredibleGroup, "backfill", group.pk)
