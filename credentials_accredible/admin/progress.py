"""The admin pages of learners' progress."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.models import BadgeProgress, Fulfillment


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
