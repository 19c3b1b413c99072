"""The admin pages of API configurations."""

from __future__ import annotations

from typing import Any

import crum
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from credentials_accredible import api
from credentials_accredible.admin import deletion
from credentials_accredible.admin.addresses import tell_of_builtin
from credentials_accredible.admin.adoption import adopt_tools, adopt_view, may_adopt
from credentials_accredible.admin.base import OBJECT, Page, Tool, link_if_open, may
from credentials_accredible.admin.config_form import (
    KEY_FIELD,
    AccredibleAPIConfigForm,
    KeyHidingReporterFilter,
    KeyTrial,
    is_bound,
    try_key,
)
from credentials_accredible.admin.connection import tell_account, try_view
from credentials_accredible.admin.history import HistoryAdmin
from credentials_accredible.admin.overview_tools import account_tools, resume_tools
from credentials_accredible.admin.reasons import brief
from credentials_accredible.admin.sync_action import preview, sync_groups, sync_now
from credentials_accredible.admin.sync_state import SyncStateMixin, warn_of_schedules
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from credentials_accredible.text import identifier, moment, whole_number

_KNOWN = ["issuer_name", "credits_left", "checked_at", "groups_link", "last_sync", "next_sync", "delivery"]


@admin.register(AccredibleAPIConfig)
class AccredibleAPIConfigAdmin(SyncStateMixin, HistoryAdmin):
    """Configurations: a list with the state of each, a form that tries the key, and the action "Sync groups"."""

    extra_pages = (
        *HistoryAdmin.extra_pages,
        Page(f"{OBJECT}preview/", "preview", preview, ["view", "sync"], in_transaction=False),
        Page(f"{OBJECT}sync/", "sync", sync_now, ["view", "sync"], in_transaction=False),
        Page(f"{OBJECT}test/", "test", try_view, ["view", "sync"], in_transaction=False),
        # Not in the transaction of the request: a take-over tries its own again.
        Page("adopt/", "adopt", adopt_view, ["view", "adopt"], in_transaction=False),
    )
    form = AccredibleAPIConfigForm
    actions = [sync_groups, "resume_delivery"]
    list_display = ["name", "environment_label", "issuer_name", "groups_link", "last_sync", "delivery"]
    search_fields = ["name", "issuer_name"]
    readonly_fields = ["stored_key", *_KNOWN]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_display(request), *(["buttons"] if self.has_sync_permission(request) else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccredibleAPIConfig]:
        return api.with_health(super().get_queryset(request)).annotate(
            groups_total=Count("groups"), groups_active=Count("groups", filter=Q(groups__is_active=True))
        )

    def get_readonly_fields(self, request: HttpRequest, obj: AccredibleAPIConfig | None = None) -> list[Any]:
        """What is only shown; the schedule, too, to those who may not sync: it would sync for them."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if self.has_sync_permission(request) else [*fields, "sync_interval"]

    def get_fieldsets(self, request: HttpRequest, obj: AccredibleAPIConfig | None = None) -> list[Any]:
        entered = ["name", "environment", KEY_FIELD if self._may_write(request, obj) else "stored_key", "sync_interval"]
        return [(None, {"fields": entered})] + ([(_("State"), {"fields": _KNOWN})] if obj else [])

    def get_form(
        self, request: HttpRequest, obj: AccredibleAPIConfig | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[AccredibleAPIConfig]]:
        """A form class of this request, which knows how the trial of the key went."""
        # The key is a field of the form alone; Django would look for it among those of the model.
        schedule = ["sync_interval"] if self.has_sync_permission(request) else []
        kwargs["fields"] = ["name", "environment", *schedule] if self._may_write(request, obj) else []
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.trial = getattr(request, "accredible_key_trial", None)
        return form

    @method_decorator(transaction.non_atomic_requests)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new configuration. Accredible is asked about its key, hence no transaction around the request."""
        return super().add_view(request, *args, **kwargs)

    @method_decorator(transaction.non_atomic_requests)
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    @api.hidden_locals()
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one configuration. The key is tried first: Django's own view opens a transaction.

        Many functions of forms see the key that is entered, and error reports show none of their variables.
        """
        request.exception_reporter_filter = KeyHidingReporterFilter()
        try:
            if request.method == "POST":
                request.accredible_key_trial = self._try_key(request, object_id)  # type: ignore[attr-defined]
            elif (shown := whole_number(object_id)) is not None:
                warn_of_schedules(request, only=shown)
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ConfigurationError as error:
            return self._report(request, error)

    @method_decorator(transaction.non_atomic_requests)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and the door of the action; a sync asks Accredible, hence no transaction."""
        try:
            if request.method == "GET":
                warn_of_schedules(request)
                tell_of_builtin(request)
            return super().changelist_view(request, extra_context)
        except ConfigurationError as error:
            return self._report(request, error)

    def save_model(self, request: HttpRequest, obj: AccredibleAPIConfig, form: Any, change: bool) -> None:
        before = form.initial_issuer
        if "sync_interval" in form.changed_data:
            api.schedule_sync(obj)
        was_paused = obj.paused_at
        obj.save(update_fields=form.written if change else None)
        works = bool(form.trial and form.trial.issuer)
        # Another key has lifted the pause already; the same one lifts it if it works again.
        if was_paused and (works or not obj.paused_at):
            api.resume_delivery(obj)
            messages.success(request, gettext("Delivery for “%s” goes on.") % obj)
        if form.trial and form.trial.doubt:
            messages.warning(request, form.trial.doubt)
        if form.trial and form.trial.issuer:
            tell_account(request, obj, form.trial.issuer)
        if before and obj.issuer_name != before:
            text = gettext("The key belongs to the issuer “%(now)s” now; before, it was “%(before)s”.")
            messages.warning(request, text % {"now": obj.issuer_name, "before": before})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a deletion would take along, in figures; configurations with active groups are protected from it."""
        configs = list(objs)
        to_delete, counts, missing, protected = deletion.of_configs(request, self.admin_site, configs)
        for config in configs:
            active = config.groups.filter(is_active=True).count()
            if not active:
                continue
            text = ngettext(
                "%(name)s has %(count)s active group: deactivate it first",
                "%(name)s has %(count)s active groups: deactivate them first",
                active,
            )
            protected.append(text % {"name": config, "count": active})
        return to_delete, counts, missing, protected

    def delete_model(self, request: HttpRequest, obj: AccredibleAPIConfig) -> None:
        deletion.tell_of_snapshots(request, api.remove_configs([obj], user=request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccredibleAPIConfig]) -> None:
        deletion.tell_of_snapshots(request, api.remove_configs(queryset, user=request.user))

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return may(request, "sync_accredibleapiconfig")

    def has_adopt_permission(self, request: HttpRequest) -> bool:
        return may_adopt(request)

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = super().list_tools(request)
        # What is sent to the list is answered with another page.
        return [*tools, *adopt_tools(request)] if request.method == "GET" else tools

    def object_tools(self, request: HttpRequest, obj: AccredibleAPIConfig) -> list[Tool]:
        return [*account_tools(request, obj), *resume_tools(request, obj)]

    @admin.display(description=_("environment"), ordering="environment")
    def environment_label(self, config: AccredibleAPIConfig) -> str:
        try:
            return config.environment_name
        except ConfigurationError as error:
            return str(error)

    @admin.display(description=_("API key"))
    def stored_key(self, config: AccredibleAPIConfig) -> str:
        try:
            return config.api_key.hint
        except ConfigurationError as error:
            return str(error)

    @admin.display(description=_("groups"), ordering="groups_total")
    def groups_link(self, config: Any) -> str:
        text = gettext("%(total)s, %(active)s of them active") % {
            "total": config.groups_total,
            "active": config.groups_active,
        }
        return link_if_open(AccredibleGroup, "changelist", text, api_config__id__exact=config.pk)

    @admin.display(description=_("delivery"))
    def delivery(self, config: AccredibleAPIConfig) -> str:
        """Whether badges are sent to the account, and why not, with the way to the figures."""
        text = pgettext("delivery", "on")
        if config.paused_at:
            text = gettext("paused: %s") % brief(config.pause_reason)
        elif config.held_until and config.held_until > timezone.now():
            text = gettext("waits until %s: Accredible did not answer") % moment(config.held_until)
        return link_if_open(AccredibleBadge, "delivery", text)

    @admin.action(description=_("Resume delivery"), permissions=["change"])
    def resume_delivery(self, request: HttpRequest, queryset: QuerySet[AccredibleAPIConfig]) -> None:
        for config in queryset:
            api.resume_delivery(config)
        messages.success(request, gettext("Badges are sent again the next time accredible_deliver runs."))

    @admin.display(description=_("buttons"))
    def buttons(self, config: AccredibleAPIConfig) -> str:
        """What can be done with the account of the row; the list is one form, whose buttons lead elsewhere."""
        tools = account_tools(crum.get_current_request(), config)
        return render_to_string("admin/credentials_accredible/row_tools.html", {"tools": tools})

    def _may_write(self, request: HttpRequest, obj: AccredibleAPIConfig | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def _try_key(self, request: HttpRequest, object_id: str | None) -> KeyTrial | None:
        config = self.get_object(request, unquote(object_id)) if object_id else None
        if not self._may_write(request, config):
            return None
        entered = identifier(request.POST.get(KEY_FIELD, ""))
        environment = request.POST.get("environment", "")
        if config and (not environment or is_bound(config)):
            environment = config.environment
        return try_key(environment, entered, config.api_key if config else None)

    def _report(self, request: HttpRequest, error: ConfigurationError) -> HttpResponse:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:index"))
