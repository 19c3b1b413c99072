"""The admin page of learners' progress."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from credentials_accredible.admin.addresses import NamesakeMixin
from credentials_accredible.admin.base import ReadOnlyAdmin, ReadOnlyInline
from credentials_accredible.models import BadgeProgress, Fulfillment


class FulfillmentInline(ReadOnlyInline):
    model = Fulfillment
    fields: ClassVar[Any] = ["requirement", "created", "context"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fulfillment]:
        return super().get_queryset(request).select_related("requirement", "progress__user", "progress__group")


@admin.register(BadgeProgress)
class BadgeProgressAdmin(NamesakeMixin, ReadOnlyAdmin):
    """How far learners have come."""

    list_display = ["user", "group", "share", "completed", "created", "modified"]
    list_filter = ["group__api_config"]
    list_select_related = ["user", "group"]
    search_fields = ["user__username", "group__name"]
    fields = ["user", "group", "share", "completed", "created", "modified"]
    inlines = [FulfillmentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgress]:
        shown: Any = super().get_queryset(request)
        return shown.with_letters()

    @admin.display(description=_("progress"))
    def share(self, progress: BadgeProgress) -> str:
        return f"{progress.ratio:.0%}"

    @admin.display(description=_("completed"), boolean=True)
    def completed(self, progress: BadgeProgress) -> bool:
        return progress.completed
