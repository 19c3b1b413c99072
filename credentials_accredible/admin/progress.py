"""The admin pages of learners' progress."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

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


@admin.register(BadgeProgress)
class BadgeProgressAdmin(ReadOnlyAdmin):
    """How far learners have come."""

    list_display = ["user", "group", "created", "modified"]
    list_filter = ["group__api_config"]
    list_select_related = ["user", "group"]
    search_fields = ["user__username", "group__name"]
    fields = ["user", "group", "created", "modified"]
    inlines = [FulfillmentInline]
