"""The pages that say who changed what and when: of one object, and of all of a kind."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible.admin import timeline
from credentials_accredible.admin.timeline import Entry
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import SyncChange
from credentials_accredible.models.history import CHANGED, CREATED, DELETED

TEMPLATE = "admin/credentials_accredible/history.html"
_DIFFERENCES = "admin/credentials_accredible/differences.html"
_VALUES = "admin/credentials_accredible/values.html"
_PER_PAGE = 50
_LOGGED = 50
_PAGE = "p"

_ACTIONS = {
    CREATED: _("added"),
    CHANGED: _("changed"),
    DELETED: _("deleted"),
    **{action.value: _("%s by a sync") % action.label for action in ChangeAction},
}


class HistoryAdmin(admin.ModelAdmin):
    """An admin whose pages lead to the history of their object, and whose list leads to that of all."""

    change_list_template = "admin/credentials_accredible/history_change_list.html"

    def get_urls(self) -> list[Any]:
        """The usual pages, and the history of all."""
        view = self.admin_site.admin_view(self.history_of_all_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_history_of_all"
        return [path("history/", view, name=name), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of one object, and of what is under it. It may be gone."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        key = unquote(object_id)
        number = int(key) if re.fullmatch("[0-9]{1,18}", key) else 0
        last = self.model.history.filter(id=number).first()
        if obj is None and last is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        entries = timeline.of(self.model, number, self._sees(request))
        context = {"object": obj, "gone": obj is None, "log": self._log(key), **(extra_context or {})}
        return self._render(request, entries, str(obj or last.history_object), context)

    def history_of_all_view(self, request: HttpRequest) -> HttpResponse:
        """What became of all objects of the model, those that are gone included."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        entries = timeline.of_all(self.model, self._sees(request))
        return self._render(request, entries, capfirst(str(self.opts.verbose_name_plural)), {})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way to the history of all."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_history_of_all"
        return super().changelist_view(request, {"history_address": reverse(name), **(extra_context or {})})

    def _sees(self, request: HttpRequest) -> Any:
        """Whether the user may see what became of a model's objects: where they may see these."""

        def may_see(model: Any) -> bool:
            if model is SyncChange:
                return request.user.has_perm("credentials_accredible.view_syncrun")
            name = f"{model._meta.app_label}.%s_{model._meta.model_name}"
            return request.user.has_perm(name % "view") or request.user.has_perm(name % "change")

        return may_see

    def _log(self, key: str) -> QuerySet[LogEntry]:
        """What the admin itself has noted, past fields: that a group was evaluated anew, for instance."""
        noted = LogEntry.objects.filter(object_id=key, content_type=get_content_type_for_model(self.model))
        return noted.select_related("user").order_by("-action_time")[:_LOGGED]

    def _render(self, request: HttpRequest, entries: Any, name: str, more: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        paginator = Paginator(entries, _PER_PAGE)
        page = paginator.get_page(request.GET.get(_PAGE))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("History: %s") % Truncator(name).chars(100),
            "name": name,
            "opts": self.opts,
            "media": self.media,
            "page": page,
            "pages": paginator.get_elided_page_range(page.number),
            "ellipsis": paginator.ELLIPSIS,
            "parameter": _PAGE,
            "rows": [self._row(request, entry) for entry in page.object_list],
            **more,
        }
        return TemplateResponse(request, TEMPLATE, context)

    def _row(self, request: HttpRequest, entry: Entry) -> dict[str, Any]:
        return {
            "entry": entry,
            "kind": entry.model._meta.verbose_name,
            "template": _DIFFERENCES if entry.run or entry.action == CHANGED else _VALUES,
            "action": _ACTIONS.get(entry.action, entry.action),
            "address": self._address(entry.model, entry.pk, "change" if entry.exists else "history"),
            "run": reverse("admin:credentials_accredible_syncrun_change", args=[entry.run.pk]) if entry.run else "",
        }

    def _address(self, model: Any, pk: int | None, page: str) -> str:
        if pk is None or not self.admin_site.is_registered(model):
            return ""
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=[pk])
