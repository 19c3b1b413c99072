"""The admin pages of events that could not be processed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from credentials_accredible import api
from credentials_accredible.admin.base import (
    OBJECT,
    Page,
    ReadOnlyAdmin,
    Tool,
    address,
    may,
    named,
)
from credentials_accredible.admin.filters import EventTypeFilter, YesNoFilter
from credentials_accredible.admin.reasons import with_detail
from credentials_accredible.models import FailedEvent
from credentials_accredible.text import moment


@require_POST
def process_view(request: HttpRequest, _modeladmin: ReadOnlyAdmin, event: FailedEvent) -> HttpResponse:
    """The same for one event, on its page, which says then what came of it."""
    _process(request, [event])
    return HttpResponseRedirect(address(FailedEvent, "change", event.pk))


def _process(request: HttpRequest, chosen: Sequence[FailedEvent]) -> None:
    failed = [event for event in chosen if not api.process_failed_event(event)]
    for event in failed:
        words = api.why_failed(event).words
        messages.error(request, gettext("%(event)s failed again: %(reason)s") % {"event": event, "reason": words})
    done = len(chosen) - len(failed)
    if done:
        messages.success(request, ngettext("%d event processed.", "%d events processed.", done) % done)


class ProcessedFilter(YesNoFilter):
    title = _("processed")
    parameter_name = "processed"
    answers = (("no", _("not yet")), ("yes", _("after all")))
    condition = Q(resolved_at__isnull=False)


@admin.register(FailedEvent)
class FailedEventAdmin(ReadOnlyAdmin):
    """Events to look at, and to process again once the cause is gone."""

    extra_pages = (Page(f"{OBJECT}process/", "process", process_view, ["view", "process"], in_transaction=False),)
    actions: Any = ["process_again"]
    list_display = ["created", "event", "learner", "reason"]
    list_filter = [ProcessedFilter, ("event_type", EventTypeFilter)]
    # Addresses are found whole only: nobody can guess them letter by letter.
    search_fields = [
        "event_id", "error", "payload__learner__username", "=payload__learner__lms_user_id", "=payload__learner__email",
    ]  # fmt: skip
    search_help_text = _("Event ID, technical detail, or the learner: user name, LMS user ID or whole e-mail address.")
    date_hierarchy = "created"
    fields = [
        "event",
        "event_type",
        "event_id",
        "event_time",
        "created",
        "attempts",
        "resolved_at",
        "why",
        "what_it_said",
    ]

    def has_process_permission(self, request: HttpRequest) -> bool:
        return may(request, "process_failedevent")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """With the permission to: an event that nobody needs holds personal data that nobody needs."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.action(permissions=["process"], description=_("Process again"))
    def process_again(self, request: HttpRequest, queryset: QuerySet[FailedEvent]) -> None:
        # Read once: on a list of those that are not processed yet, none of the others is found again.
        _process(request, list(queryset.order_by("event_time", "pk")))

    def object_tools(self, request: HttpRequest, obj: FailedEvent) -> list[Tool]:
        if obj.resolved_at or not self.has_process_permission(request):
            return []
        return [Tool(address(FailedEvent, "process", obj.pk), _("Process again"), post=True)]

    @admin.display(description=_("event"), ordering="event_type")
    def event(self, event: FailedEvent) -> str:
        return api.event_type_words(event.event_type)

    @admin.display(description=_("learner"))
    def learner(self, event: FailedEvent) -> str:
        """The user name that it gives; empty once the event has been processed."""
        said = event.payload.get("learner") or {}
        return named(said.get("username") or said.get("lms_user_id") or "-")

    @admin.display(description=_("reason"), ordering="error")
    def reason(self, event: FailedEvent) -> str:
        """Why it failed; and when it was processed after all, where it was."""
        error = Truncator(api.why_failed(event).words).chars(200)
        if not event.resolved_at:
            return error
        done = gettext("processed after all, %s") % moment(event.resolved_at)
        return format_html('<span class="accredible-word">{}</span><div class="accredible-quiet">{}</div>', done, error)

    @admin.display(description=_("reason"))
    def why(self, event: FailedEvent) -> str:
        """What happened, what it means and what to do; folded, what the error said."""
        failure = api.why_failed(event)
        return with_detail(failure.words, failure.detail)

    @admin.display(description=_("what it said"))
    def what_it_said(self, event: FailedEvent) -> str:
        """The payload, readable; empty once the event has been processed."""
        if not event.payload:
            return "-"
        said = json.dumps(event.payload, indent=2, ensure_ascii=False)
        summary = gettext("The event as it came, for experts")
        return format_html("<details><summary>{}</summary><pre>{}</pre></details>", summary, said)
