"""The admin pages of earned badges: their list, delivering them, and how deliveries go."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from credentials_accredible import api
from credentials_accredible.admin.award import award_view, revoke_badges, revoke_view
from credentials_accredible.admin.base import (
    OBJECT,
    AccredibleAdmin,
    Page,
    ReadOnlyInline,
    Tool,
    address,
    group_cell,
    may,
    named,
)
from credentials_accredible.admin.csv_export import Column
from credentials_accredible.admin.filters import LeftFilter, ProblemFilter
from credentials_accredible.admin.people_search import PeopleSearchAdmin, all_in
from credentials_accredible.admin.reasons import brief, in_full
from credentials_accredible.choices import NO_END, BadgeState, BadgeStatus, Delivery
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeLogEntry

# Somebody waits for the page; the command and the worker have the time for more.
_MOST = 500
_NAMED = 10

_FATES: dict[api.Fate, tuple[int, Any]] = {
    api.Fate.DELIVERED: (messages.SUCCESS, _("Delivered")),
    api.Fate.NOTHING_TO_DO: (messages.INFO, _("Nothing was left to be done")),
    api.Fate.UNPUBLISHED: (messages.WARNING, _("Made at Accredible, but not visible")),
    api.Fate.FAILED: (messages.ERROR, _("Failed, and needs a person")),
    api.Fate.LATER: (messages.WARNING, _("Did not work, and is tried again later")),
    api.Fate.PAUSED: (messages.ERROR, _("Not sent, because delivery is paused")),
    api.Fate.TAKEN: (messages.INFO, _("Another sender is at work on it")),
    api.Fate.DUE: (messages.WARNING, _("Not reached in time: it is due, and left to the next sender")),
}
# The numbers of the delivery page, and the answers of the filter that leads to the badges behind them.
_NUMBERS = {
    "due": _("due"),
    "waiting": _("waiting"),
    "failed": _("failed"),
    "unpublished": _("unpublished"),
    "delivered_today": _("delivered today"),
}
_ENGINES = {
    Delivery.CELERY: _("Badges are brought to Accredible by a Celery worker, as soon as they are decided."),
    Delivery.INLINE: _(
        "Badges are brought to Accredible by the process that decides them, with one quick try; what is left over is "
        "sent by the command accredible_deliver."
    ),
    Delivery.MANUAL: _("Badges are brought to Accredible by the command accredible_deliver alone."),
}


@admin.action(permissions=["deliver"], description=_("Deliver now"))
def deliver_now(_modeladmin: AccredibleAdmin, request: HttpRequest, queryset: QuerySet[AccredibleBadge]) -> None:
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST + 1])
    if len(chosen) > _MOST:
        messages.error(request, gettext("Choose %d badges at most; nothing was sent.") % _MOST)
        return
    _deliver(request, chosen)


@admin.action(permissions=["deliver"], description=_("Retry the delivery"))
def retry(_modeladmin: AccredibleAdmin, request: HttpRequest, queryset: QuerySet[AccredibleBadge]) -> None:
    # The list comes with joins and an order that a lock has no use for.
    count = api.retry_badges(AccredibleBadge.objects.filter(pk__in=queryset.values("pk")), user=request.user)
    text = ngettext("%d badge is due for delivery.", "%d badges are due for delivery.", count)
    messages.success(request, text % count)


@require_POST
def deliver_now_view(request: HttpRequest, _modeladmin: AccredibleAdmin, badge: AccredibleBadge) -> HttpResponse:
    _deliver(request, [badge.pk])
    return HttpResponseRedirect(address(AccredibleBadge, "change", badge.pk))


@require_POST
def retry_view(request: HttpRequest, modeladmin: AccredibleAdmin, badge: AccredibleBadge) -> HttpResponse:
    retry(modeladmin, request, AccredibleBadge.objects.filter(pk=badge.pk))
    return HttpResponseRedirect(address(AccredibleBadge, "change", badge.pk))


def _deliver(request: HttpRequest, chosen: list[int]) -> None:
    since = timezone.now()
    api.deliver_now(AccredibleBadge.objects.filter(pk__in=chosen), user=request.user)
    badges_by_fate: dict[tuple[api.Fate, str], list[AccredibleBadge]] = defaultdict(list)
    for outcome in api.badge_outcomes(chosen, since):
        badges_by_fate[outcome.fate, outcome.detail].append(outcome.badge)
    order = list(_FATES)
    for (fate, detail), badges in sorted(badges_by_fate.items(), key=lambda item: order.index(item[0][0])):
        level, what = _FATES[fate]
        words = {"what": what, "badges": _names(badges), "reason": detail}
        text = gettext("%(what)s: %(badges)s. %(reason)s") if detail else gettext("%(what)s: %(badges)s.")
        messages.add_message(request, level, in_full(text % words))


def _names(badges: list[AccredibleBadge]) -> str:
    names = [str(badge) for badge in badges[:_NAMED]]
    if len(badges) > _NAMED:
        names.append(gettext("and %d more") % (len(badges) - _NAMED))
    return ", ".join(names)


def delivery_view(request: HttpRequest, modeladmin: AccredibleAdmin) -> HttpResponse:
    """The numbers, each with the way to its badges; who may change a configuration lifts its pause here."""
    may_resume = may(request, "change_accredibleapiconfig")
    statuses = api.delivery_status()
    if request.method == "POST":
        if not may_resume:
            raise PermissionDenied
        for status in statuses:
            if str(status.config.pk) == request.POST.get("resume"):
                api.resume_delivery(status.config)
                messages.success(request, gettext("Delivery for “%s” goes on.") % status.config)
        return HttpResponseRedirect(request.path)
    return modeladmin.render(
        request,
        "delivery.html",
        gettext("Delivery"),
        rows=[
            {"config": status.config, "numbers": _numbers(status), "reason": in_full(status.config.pause_reason)}
            for status in statuses
        ],
        now=timezone.now(),
        engine=_engine(),
        may_resume=may_resume,
    )


def _numbers(status: api.DeliveryStatus) -> list[tuple[Any, int, str]]:
    of_config = {"api_config__id__exact": status.config.pk}
    return [
        (label, getattr(status, name), address(AccredibleBadge, "changelist", **of_config, delivery=name))
        for name, label in _NUMBERS.items()
    ]


def _engine() -> str:
    try:
        return str(_ENGINES[api.delivery_engine()])
    except ConfigurationError as error:
        return str(error)


def _last_day(badge: AccredibleBadge) -> Any:
    return _("no end") if badge.valid_until == NO_END else badge.valid_until


class BadgeLogInline(ReadOnlyInline):
    model = BadgeLogEntry
    fields: ClassVar[Any] = ["created", "action", "succeeded", "said", "user"]

    @admin.display(description=_("detail"))
    def said(self, entry: BadgeLogEntry) -> str:
        return in_full(entry.detail, advise=False) or "-"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "view_accrediblebadge")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeLogEntry]:
        return super().get_queryset(request).select_related("user")


class DeliveryFilter(admin.SimpleListFilter):
    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(_NUMBERS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        condition = api.delivery_conditions().get(self.value() or "")
        if condition is None:
            return queryset
        if self.value() in {"due", "waiting"}:
            # The index of times is one for each configuration.
            condition &= Q(api_config__in=list(AccredibleAPIConfig.objects.values_list("pk", flat=True)))
        return queryset.filter(condition)


@admin.register(AccredibleBadge)
class AccredibleBadgeAdmin(PeopleSearchAdmin):
    """Which learner has which badge, and how far it has come at Accredible."""

    extra_pages = (
        *PeopleSearchAdmin.extra_pages,
        Page("award/", "award", award_view, ["award"], in_transaction=False),
        Page("delivery/", "delivery", delivery_view, ["view"], in_transaction=False),
        Page(f"{OBJECT}revoke/", "revoke", revoke_view, ["view", "revoke"], in_transaction=False),
        Page(f"{OBJECT}retry/", "retry", retry_view, ["view", "deliver"], in_transaction=False),
        Page(f"{OBJECT}deliver-now/", "deliver_now", deliver_now_view, ["view", "deliver"], in_transaction=False),
    )
    actions = [deliver_now, retry, revoke_badges]
    list_display = ["learner", "group_link", "stage", "link", "next_attempt_at"]
    list_filter = [
        DeliveryFilter,
        "status",
        "state",
        ("problem", ProblemFilter),
        ("at_accredible", LeftFilter),
        "api_config",
    ]
    list_select_related = ["user", "group"]
    # As they were made: to sort a million rows takes seconds.
    ordering = ["-pk"]
    sortable_by = ()
    search_help_text = _("User name or its beginning, whole e-mail address, group, UUID or credential ID.")
    fields = [
        "uuid", "user", "group_name", "group", "api_config", "status", "state", "problem", "external_id", "link",
        "issued_on", "expired_on", "last_day", "attribute_list", "attempts", "next_attempt_at", "delivered_at",
        "error", "at_accredible",
    ]  # fmt: skip
    inlines = [BadgeLogInline]
    exported_related = ("user", "api_config")
    exported = (
        Column(_("UUID"), lambda badge: badge.uuid),
        Column(_("learner"), lambda badge: badge.user and badge.user.get_username()),
        Column(_("group"), lambda badge: badge.group_name),
        Column(_("API configuration"), lambda badge: badge.api_config and badge.api_config.name),
        Column(_("status"), lambda badge: badge.get_status_display()),
        Column(_("state"), lambda badge: badge.get_state_display()),
        Column(_("problem"), lambda badge: badge.get_problem_display() if badge.problem else ""),
        Column(_("last error"), lambda badge: badge.last_error),
        Column(_("credential ID"), lambda badge: badge.external_id),
        Column(_("credential URL"), lambda badge: badge.url),
        Column(_("issued on"), lambda badge: badge.issued_on),
        Column(_("expired on"), lambda badge: badge.expired_on),
        Column(_("valid until"), _last_day),
        Column(_("attempts"), lambda badge: badge.attempts),
        Column(_("next attempt"), lambda badge: badge.next_attempt_at),
        Column(_("delivered"), lambda badge: badge.delivered_at),
    )

    @admin.display(description=_("credential"))
    def link(self, badge: AccredibleBadge) -> str:
        if not badge.url.startswith(("https://", "http://")):
            return "-"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', badge.url, badge.external_id)

    @admin.display(description=_("learner"))
    def learner(self, badge: AccredibleBadge) -> str:
        return named(badge.user or _("a learner who has left"))

    @admin.display(description=_("group"))
    def group_link(self, badge: AccredibleBadge) -> str:
        return group_cell(badge.group, badge.group_name)

    @admin.display(description=_("state"))
    def stage(self, badge: AccredibleBadge) -> str:
        """What was decided, how far it has come, and what is wrong; the filter says what the words mean."""
        state = badge.get_state_display().partition(":")[0]
        words = f"{badge.get_status_display()}, {state}" if badge.status == BadgeStatus.REVOKED else state
        wrong = brief(badge.last_error) or (badge.get_problem_display() if badge.problem else "")
        quiet = format_html('<div class="accredible-quiet">{}</div>', Truncator(wrong).chars(120)) if wrong else ""
        return format_html('<span class="accredible-word">{}</span>{}', words, quiet)

    @admin.display(description=_("valid until"))
    def last_day(self, badge: AccredibleBadge) -> str:
        if badge.valid_until is None:
            return "-"
        return gettext("no end") if badge.valid_until == NO_END else date_format(badge.valid_until)

    @admin.display(description=_("last error"))
    def error(self, badge: AccredibleBadge) -> str:
        return in_full(badge.last_error) or "-"

    @admin.display(description=_("custom attributes"))
    def attribute_list(self, badge: AccredibleBadge) -> str:
        """What Accredible is told beside the learner and the day, a line each."""
        return format_html_join("", "<div>{}: {}</div>", sorted(badge.custom_attributes.items())) or "-"

    def found_by(self, text: str) -> Q:
        with suppress(ValueError):
            return Q(uuid=UUID(text))
        return Q(external_id=text)

    def without_group(self, wanted: list[str]) -> Q:
        return Q(group=None) & all_in("group_name", wanted)

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        return may(request, "deliver_accrediblebadge")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return may(request, "revoke_accrediblebadge")

    def has_award_permission(self, request: HttpRequest) -> bool:
        return may(request, "award_accrediblebadge")

    @method_decorator(transaction.non_atomic_requests)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its actions; "Deliver now" asks Accredible, hence no transaction."""
        return super().changelist_view(request, extra_context)

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = [*super().list_tools(request), Tool(address(AccredibleBadge, "delivery"), _("Delivery"))]
        if self.has_award_permission(request):
            tools.append(Tool(address(AccredibleBadge, "award"), _("Award a badge"), "addlink"))
        return tools

    def object_tools(self, request: HttpRequest, obj: AccredibleBadge) -> list[Tool]:
        tools = []
        if obj.status == BadgeStatus.AWARDED and self.has_revoke_permission(request):
            tools.append(Tool(address(AccredibleBadge, "revoke", obj.pk), _("Revoke"), "accredible-danger"))
        if obj.status == BadgeStatus.REVOKED and obj.group_id and obj.user and self.has_award_permission(request):
            again = address(AccredibleBadge, "award", group=obj.group_id, learners=obj.user.get_username())
            tools.append(Tool(again, _("Award again")))
        if self.has_deliver_permission(request):
            if obj.state in {BadgeState.ERROR, BadgeState.UNPUBLISHED}:
                tools.append(Tool(address(AccredibleBadge, "retry", obj.pk), _("Retry the delivery"), post=True))
            tools.append(Tool(address(AccredibleBadge, "deliver_now", obj.pk), _("Deliver now"), post=True))
        return tools
