"""The admin page of learners' progress."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.addresses import NamesakeMixin
from credentials_accredible.admin.base import ReadOnlyInline, Tool, address, group_cell, may, may_see, named
from credentials_accredible.admin.csv_export import Column
from credentials_accredible.admin.people_search import PeopleSearchAdmin
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    Fulfillment,
)


class FulfillmentInline(ReadOnlyInline):
    model = Fulfillment
    fields: ClassVar[Any] = ["requirement", "created", "what_fulfilled"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fulfillment]:
        return super().get_queryset(request).select_related("requirement", "progress__user", "progress__group")

    @admin.display(description=_("what the event said"))
    def what_fulfilled(self, fulfillment: Fulfillment) -> str:
        """The facts that its rules looked at, in words, a line each."""
        context = fulfillment.context if isinstance(fulfillment.context, dict) else {}
        facts = context.get("facts")
        # PostgreSQL has an order of its own for what is in JSON.
        found = sorted(facts.items()) if isinstance(facts, dict) else ()
        # As values of rules are written: true, and not True.
        told = [
            (api.path_words(path), str(value).lower() if isinstance(value, bool) else value) for path, value in found
        ]
        return format_html_join("", "<div>{}: {}</div>", told) or "-"


@admin.register(BadgeProgress)
class BadgeProgressAdmin(NamesakeMixin, PeopleSearchAdmin):
    """How far learners have come."""

    list_display = ["learner", "group_link", "share", "completed", "modified"]
    list_filter = ["group__api_config"]
    search_help_text = _("User name or its beginning, whole e-mail address, or group.")
    # As learners began: to sort a million rows takes seconds.
    ordering = ["-pk"]
    sortable_by = ()
    fields = ["user", "group", "share", "completed", "created", "modified"]
    inlines = [FulfillmentInline]
    exported_related = ("user", "group__api_config")
    exported = (
        Column(_("learner"), lambda progress: progress.user.get_username()),
        Column(_("group"), lambda progress: progress.group.name),
        Column(_("API configuration"), lambda progress: progress.group.api_config.name),
        Column(_("parts fulfilled"), lambda progress: progress.letters_fulfilled),
        Column(_("parts in all"), lambda progress: progress.letters_total),
        Column(_("completed"), lambda progress: _("yes") if progress.completed else _("no")),
        Column(_("created"), lambda progress: progress.created),
        Column(_("modified"), lambda progress: progress.modified),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgress]:
        shown: Any = super().get_queryset(request)
        return shown.with_letters().select_related("user", "group")

    def object_tools(self, request: HttpRequest, obj: BadgeProgress) -> list[Tool]:
        """The ways to what is missing, and to the learner's badge or the form that awards it."""
        return [*self._try_out(request, obj), *self._badge(request, obj)]

    def _try_out(self, request: HttpRequest, obj: BadgeProgress) -> list[Tool]:
        needed = (AccredibleGroup, BadgeRequirement, BadgePenalty, AccredibleBadge)
        if not all(may_see(request, model) for model in needed):
            return []
        learner = obj.user.get_username()
        return [Tool(address(AccredibleGroup, "try_out", obj.group_id, learner=learner), _("Try out"))]

    def _badge(self, request: HttpRequest, obj: BadgeProgress) -> list[Tool]:
        badge = (
            AccredibleBadge.objects.filter(user=obj.user_id, group=obj.group_id).values_list("pk", flat=True).first()
        )
        if badge and may_see(request, AccredibleBadge):
            return [Tool(address(AccredibleBadge, "change", badge), _("See the badge"))]
        if badge or not obj.group.is_active or not may(request, "award_accrediblebadge"):
            return []
        query = {"group": obj.group_id, "learners": obj.user.get_username()}
        return [Tool(address(AccredibleBadge, "award", **query), _("Award by hand"))]

    @admin.display(description=_("learner"))
    def learner(self, progress: BadgeProgress) -> str:
        return named(progress.user)

    @admin.display(description=_("group"))
    def group_link(self, progress: BadgeProgress) -> str:
        return group_cell(progress.group, progress.group.name)

    @admin.display(description=_("progress"))
    def share(self, progress: BadgeProgress) -> str:
        return f"{progress.ratio:.0%}"

    @admin.display(description=_("completed"), boolean=True)
    def completed(self, progress: BadgeProgress) -> bool:
        return progress.completed
