"""The admin pages of earned badges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible import api
from credentials_accredible.admin.award import award_view, revoke_badges, revoke_view
from credentials_accredible.admin.base import ReadOnlyAdmin
from credentials_accredible.choices import BadgeStatus, Delivery
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

# Somebody waits for the page; the command and the worker have the time for more.
_MOST = 500
_NAMED = 10

_SAID: dict[api.Fate, tuple[int, Any]] = {
    api.Fate.DELIVERED: (messages.SUCCESS, _("Delivered")),
    api.Fate.NOTHING_TO_DO: (messages.INFO, _("Nothing was left to be done")),
    api.Fate.UNPUBLISHED: (messages.WARNING, _("Made at Accredible, but not visible")),
    api.Fate.FAILED: (messages.ERROR, _("Failed, and needs a person")),
    api.Fate.LATER: (messages.WARNING, _("Did not work, and is tried again later")),
    api.Fate.PAUSED: (messages.ERROR, _("Not sent, because delivery is paused")),
    api.Fate.TAKEN: (messages.INFO, _("Another sender is at work on it")),
    api.Fate.DUE: (messages.WARNING, _("Not reached in time: it is due, and left to the next sender")),
}


@admin.action(permissions=["deliver"], description=_("Deliver now"))
def deliver_now(
    _modeladmin: ModelAdmin[AccredibleBadge], request: HttpRequest, queryset: QuerySet[AccredibleBadge]
) -> None:
    """Try to deliver the chosen badges here and now, and say what became of each."""
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST + 1])
    if len(chosen) > _MOST:
        messages.error(request, gettext("Choose %d badges at most; nothing was sent.") % _MOST)
        return
    _deliver(request, chosen)


@admin.action(permissions=["deliver"], description=_("Retry the delivery"))
def retry(_modeladmin: ModelAdmin[AccredibleBadge], request: HttpRequest, queryset: QuerySet[AccredibleBadge]) -> None:
    """Make the chosen badges due, whatever went wrong before."""
    # The list comes with joins and an order that a lock has no use for.
    count = api.retry_badges(AccredibleBadge.objects.filter(pk__in=queryset.values("pk")), user=request.user)
    text = ngettext("%d badge is due for delivery.", "%d badges are due for delivery.", count)
    messages.success(request, text % count)


def deliver_now_view(request: HttpRequest, object_id: str, modeladmin: ModelAdmin) -> HttpResponse:
    """The button of one badge."""
    badge: AccredibleBadge | None = modeladmin.get_object(request, object_id)
    if badge is None:
        raise Http404
    if not request.user.has_perm("credentials_accredible.deliver_accrediblebadge"):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    _deliver(request, [badge.pk])
    return HttpResponseRedirect(reverse("admin:credentials_accredible_accrediblebadge_change", args=[badge.pk]))


def _deliver(request: HttpRequest, chosen: list[int]) -> None:
    since = timezone.now()
    api.deliver_now(AccredibleBadge.objects.filter(pk__in=chosen), user=request.user)
    together: dict[tuple[api.Fate, str], list[AccredibleBadge]] = defaultdict(list)
    for outcome in api.badge_outcomes(chosen, since):
        together[outcome.fate, outcome.detail].append(outcome.badge)
    order = list(_SAID)
    for (fate, detail), badges in sorted(together.items(), key=lambda item: order.index(item[0][0])):
        level, said = _SAID[fate]
        words = {"what": said, "badges": _names(badges), "reason": detail}
        text = gettext("%(what)s: %(badges)s. %(reason)s") if detail else gettext("%(what)s: %(badges)s.")
        messages.add_message(request, level, text % words)


def _names(badges: list[AccredibleBadge]) -> str:
    names = [str(badge) for badge in badges[:_NAMED]]
    if len(badges) > _NAMED:
        names.append(gettext("and %d more") % (len(badges) - _NAMED))
    return ", ".join(names)


TEMPLATE = "admin/credentials_accredible/delivery.html"

_COUNTS = ("due", "waiting", "failed", "unpublished", "delivered_today")
_ENGINES = {
    Delivery.CELERY: _("Badges are brought to Accredible by a Celery worker, as soon as they are decided."),
    Delivery.INLINE: _(
        "Badges are brought to Accredible by the process that decides them, with one quick try; what is left over is "
        "sent by the command accredible_deliver."
    ),
    Delivery.MANUAL: _("Badges are brought to Accredible by the command accredible_deliver alone."),
}


def delivery_view(request: HttpRequest, modeladmin: ModelAdmin) -> HttpResponse:
    """The numbers, each with the way to its badges; whoever may change a configuration lifts its pause here."""
    if not modeladmin.has_view_permission(request):
        raise PermissionDenied
    may_resume = request.user.has_perm("credentials_accredible.change_accredibleapiconfig")
    standing = api.delivery_status()
    if request.method == "POST":
        if not may_resume:
            raise PermissionDenied
        for status in standing:
            if str(status.config.pk) == request.POST.get("resume"):
                api.resume_delivery(status.config)
                messages.success(request, gettext("Delivery for “%s” goes on.") % status.config)
        return HttpResponseRedirect(request.path)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Delivery"),
        "opts": modeladmin.opts,
        "rows": [_row(status) for status in standing],
        "now": timezone.now(),
        "engine": _engine(),
        "may_resume": may_resume,
        "media": modeladmin.media,
    }
    return TemplateResponse(request, TEMPLATE, context)


def _row(status: api.DeliveryStatus) -> dict[str, Any]:
    badges = reverse("admin:credentials_accredible_accrediblebadge_changelist")
    chosen = f"{badges}?api_config__id__exact={status.config.pk}&delivery="
    numbers = [(getattr(status, name), chosen + name) for name in _COUNTS]
    return {"config": status.config, "numbers": numbers}


def _engine() -> str:
    try:
        return str(_ENGINES[api.delivery_engine()])
    except ConfigurationError as error:
        return str(error)


_URL = "credentials_accredible_accrediblebadge_"


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


class DeliveryFilter(admin.SimpleListFilter):
    """What the numbers of the delivery page count."""

    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The numbers."""
        return [
            ("due", _("due")),
            ("waiting", _("waiting")),
            ("failed", _("failed")),
            ("unpublished", _("unpublished")),
            ("delivered_today", _("delivered today")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The badges that were counted."""
        condition = api.delivery_conditions().get(self.value() or "")
        return queryset.filter(condition) if condition else queryset


@admin.register(AccredibleBadge)
class AccredibleBadgeAdmin(ReadOnlyAdmin):
    """Which learner has which badge, and how far it has come at Accredible."""

    actions = [deliver_now, retry, revoke_badges]
    list_display = ["user", "group_name", "status", "stage", "link", "attempts", "next_attempt_at", "short_error"]
    list_filter = [DeliveryFilter, "status", "state", "problem", "api_config"]
    list_select_related = ["user"]
    # Addresses are found whole only: nobody can guess them letter by letter.
    search_fields = ["user__username", "=user__email", "group_name", "uuid", "external_id"]
    search_help_text = _("User name, whole e-mail address, group, UUID or credential ID.")
    fields = [
        "uuid", "user", "group_name", "group", "api_config", "status", "state", "problem", "external_id", "link",
        "issued_on", "expired_on", "attribute_list", "attempts", "next_attempt_at", "delivered_at", "last_error",
    ]  # fmt: skip
    inlines = [BadgeLogInline]

    class Media:
        css = {"all": ["credentials_accredible/admin.css"]}

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

    @admin.display(description=_("custom attributes"))
    def attribute_list(self, badge: AccredibleBadge) -> str:
        """What Accredible is told beside the learner and the day, a line each."""
        return format_html_join("", "<div>{}: {}</div>", sorted(badge.custom_attributes.items())) or "-"

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have badges delivered, now or again."""
        return request.user.has_perm("credentials_accredible.deliver_accrediblebadge")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the user may take badges away."""
        return request.user.has_perm("credentials_accredible.revoke_accrediblebadge")

    def has_award_permission(self, request: HttpRequest) -> bool:
        """Whether the user may give badges."""
        return request.user.has_perm("credentials_accredible.award_accrediblebadge")

    @method_decorator(transaction.non_atomic_requests)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and the door of the actions; "Deliver now" asks Accredible, hence no transaction."""
        tools = [(reverse(f"admin:{_URL}delivery"), "", _("Delivery"))]
        if self.has_award_permission(request):
            tools.append((reverse(f"admin:{_URL}award"), "addlink", _("Award a badge")))
        return super().changelist_view(request, {**(extra_context or {}), "accredible_tools": tools})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a badge, with what may be done about it."""
        badge = self.get_object(request, object_id)
        tools, buttons = [], []
        if badge and self.has_deliver_permission(request):
            buttons.append((reverse(f"admin:{_URL}deliver_now", args=[badge.pk]), _("Deliver now")))
        if badge and badge.status == BadgeStatus.AWARDED and self.has_revoke_permission(request):
            tools.append((reverse(f"admin:{_URL}revoke", args=[badge.pk]), "", _("Revoke")))
        if badge and badge.status == BadgeStatus.REVOKED and badge.group_id and self.has_award_permission(request):
            chosen = urlencode({"group": badge.group_id, "learners": badge.user.get_username()})
            tools.append((f"{reverse(f'admin:{_URL}award')}?{chosen}", "", _("Award again")))
        context = {**(extra_context or {}), "accredible_tools": tools, "accredible_buttons": buttons}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[Any]:
        """The usual pages, those of a badge's own, and those of all."""
        return [
            self._page("award/", award_view, "award"),
            self._page("delivery/", delivery_view, "delivery"),
            self._page("<path:object_id>/revoke/", revoke_view, "revoke"),
            self._page("<path:object_id>/deliver-now/", deliver_now_view, "deliver_now"),
            *super().get_urls(),
        ]

    def _page(self, route: str, view: Callable[..., HttpResponse], name: str) -> Any:
        # These can lead to requests to Accredible, once what was decided is committed.
        wrapped = transaction.non_atomic_requests(self.admin_site.admin_view(partial(view, modeladmin=self)))
        return path(route, wrapped, name=f"{_URL}{name}")
