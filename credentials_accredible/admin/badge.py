"""The admin pages of earned badges."""

from __future__ import annotations

from django.contrib import admin

from credentials_accredible.admin.readonly import ReadOnlyAdmin
from credentials_accredible.models import AccredibleBadge


@admin.register(AccredibleBadge)
class AccredibleBadgeAdmin(ReadOnlyAdmin):
    """Which learner has which badge."""

    list_display = ["user", "group_name", "status", "state", "issued_on", "expired_on"]
    list_filter = ["status", "state", "api_config"]
    list_select_related = ["user"]
    search_fields = ["user__username", "group_name", "uuid", "external_id"]
    fields = [
        "uuid", "user", "group_name", "group", "api_config", "status", "state", "external_id", "url",
        "issued_on", "expired_on", "attempts", "next_attempt_at", "last_error",
    ]  # fmt: skip
