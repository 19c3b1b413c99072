"""The admin pages of earned badges."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from credentials_accredible import api
from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry


class BadgeLogInline(admin.TabularInline):
    """What was done about the badge, or tried."""

    model = BadgeLogEntry
    fields: ClassVar[Any] = ["created", "action", "succeeded", "detail", "user"]
    readonly_fields: ClassVar[Any] = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds by hand."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sees the badge sees what became of it."""
        return request.user.has_perm("credentials_accredible.view_accrediblebadge")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeLogEntry]:
        """Entries with what their texts are made of."""
        return super().get_queryset(request).select_related("user")


@admin.register(AccredibleBadge)
class AccredibleBadgeAdmin(ReadOnlyAdmin):
    """Which learner has which badge, and how far it has come at Accredible."""

    actions = ["retry"]
    list_display = ["user", "group_name", "status", "stage", "link", "attempts", "next_attempt_at", "short_error"]
    list_filter = ["status", "state", "problem", "api_config"]
    list_select_related = ["user"]
    search_fields = ["user__username", "group_name", "uuid", "external_id"]
    fields = [
        "uuid", "user", "group_name", "group", "api_config", "status", "state", "problem", "external_id", "link",
        "issued_on", "expired_on", "attempts", "next_attempt_at", "last_error",
    ]  # fmt: skip
    inlines = [BadgeLogInline]

    @admin.display(description=_("credential"))
    def link(self, badge: AccredibleBadge) -> str:
        """The learner's page at Accredible."""
        if not badge.url.startswith(("https://", "http://")):
            return "-"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', badge.url, badge.external_id)

    @admin.display(description=_("state"), ordering="state")
    def stage(self, badge: AccredibleBadge) -> str:
        """The state without what it means, which the filter says."""
        return badge.get_state_display().partition(":")[0]

    @admin.display(description=_("last error"))
    def short_error(self, badge: AccredibleBadge) -> str:
        """The beginning of the last error."""
        return Truncator(badge.last_error).chars(80)

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have badges delivered again."""
        return request.user.has_perm("credentials_accredible.deliver_accrediblebadge")

    @admin.action(description=_("Retry the delivery"), permissions=["deliver"])
    def retry(self, request: HttpRequest, queryset: QuerySet[AccredibleBadge]) -> None:
        """Make the chosen badges due, whatever went wrong before."""
        # The list comes with joins and an order that a lock has no use for.
        count = api.retry_badges(AccredibleBadge.objects.filter(pk__in=queryset.values("pk")), user=request.user)
        text = ngettext("%d badge is due for delivery.", "%d badges are due for delivery.", count)
        messages.success(request, text % count)
