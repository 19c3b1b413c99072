"""The admin pages of learners' progress."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.base import ReadOnlyAdmin
from credentials_accredible.models import BadgeProgress, FailedEvent, Fulfillment


class FulfillmentInline(admin.TabularInline):
    """What the learner has fulfilled."""

    model = Fulfillment
    fields: ClassVar[Any] = ["requirement", "created", "context"]
    readonly_fields: ClassVar[Any] = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds by hand."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fulfillment]:
        """Fulfilments with what their texts are made of."""
        return super().get_queryset(request).select_related("requirement", "progress__user", "progress__group")


@admin.register(BadgeProgress)
class BadgeProgressAdmin(ReadOnlyAdmin):
    """How far learners have come."""

    list_display = ["user", "group", "share", "completed", "created", "modified"]
    list_filter = ["group__api_config"]
    list_select_related = ["user", "group"]
    search_fields = ["user__username", "group__name"]
    fields = ["user", "group", "share", "completed", "created", "modified"]
    inlines = [FulfillmentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgress]:
        """Progress with the figures that are shown."""
        shown: Any = super().get_queryset(request)
        return shown.with_letters()

    @admin.display(description=_("progress"))
    def share(self, progress: BadgeProgress) -> str:
        """How much of the group is fulfilled, in per cent."""
        return f"{progress.ratio:.0%}"

    @admin.display(description=_("completed"), boolean=True)
    def completed(self, progress: BadgeProgress) -> bool:
        """Whether all of it is."""
        return progress.completed


class ProcessedFilter(admin.SimpleListFilter):
    """Processed after all, or not yet."""

    title = _("processed")
    parameter_name = "processed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two answers."""
        return [("no", _("not yet")), ("yes", _("after all"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The events of the answer."""
        if self.value() in {"yes", "no"}:
            return queryset.filter(resolved_at__isnull=self.value() == "no")
        return queryset


@admin.register(FailedEvent)
class FailedEventAdmin(ReadOnlyAdmin):
    """Events to look at, and to process again once the cause is gone."""

    actions: Any = ["process_again"]
    list_display = ["created", "event_type", "event_id", "attempts", "resolved_at", "error"]
    list_filter = [ProcessedFilter, "event_type"]
    search_fields = ["event_id", "error"]
    date_hierarchy = "created"
    fields = ["event_type", "event_id", "event_time", "created", "attempts", "resolved_at", "error", "what_it_said"]

    def has_process_permission(self, request: HttpRequest) -> bool:
        """Whether the user may process events again."""
        return request.user.has_perm("credentials_accredible.process_failedevent")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """With the permission to: an event that nobody needs holds personal data that nobody needs."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.action(permissions=["process"], description=_("Process again"))
    def process_again(self, request: HttpRequest, queryset: QuerySet[FailedEvent]) -> None:
        """Process the selected events, the oldest first."""
        failed = [event for event in queryset.order_by("event_time", "pk") if not api.process_failed_event(event)]
        for event in failed:
            text = gettext("%(event)s failed again: %(reason)s") % {"event": event, "reason": event.error}
            messages.error(request, text)
        done = queryset.count() - len(failed)
        if done:
            messages.success(request, ngettext("%d event processed.", "%d events processed.", done) % done)

    @admin.display(description=_("what it said"))
    def what_it_said(self, event: FailedEvent) -> str:
        """The payload, readable; empty once the event has been processed."""
        if not event.payload:
            return "-"
        return format_html("<pre>{}</pre>", json.dumps(event.payload, indent=2, ensure_ascii=False))
