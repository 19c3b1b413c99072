"""The pages that say who changed what and when: of one object, and of all of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credentials_accredible.admin import timeline
from credentials_accredible.admin.base import AccredibleAdmin, Page, Tool, address, may, may_see
from credentials_accredible.choices import ChangeAction
from credentials_accredible.models import SyncChange, SyncRun
from credentials_accredible.models.history import CHANGED, CREATED, DELETED
from credentials_accredible.text import whole_number

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


def history_of_all(request: HttpRequest, modeladmin: HistoryAdmin) -> HttpResponse:
    entries = timeline.of_all(modeladmin.model, partial(_may_see, request))
    return modeladmin.render_history(request, entries, capfirst(str(modeladmin.opts.verbose_name_plural)))


def _may_see(request: HttpRequest, model: Any) -> bool:
    if model is SyncChange:
        return may(request, "view_syncrun")
    return may_see(request, model)


class HistoryAdmin(AccredibleAdmin):
    """An admin whose pages lead to the history of their object, and whose list leads to that of all."""

    extra_pages: ClassVar[Sequence[Page]] = (Page("history/", "history_of_all", history_of_all, ["view_or_change"]),)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of one object, and of what is under it. It may be gone."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        key = unquote(object_id)
        obj = self.get_object(request, key)
        number = whole_number(key) or 0
        last = self.model.history.filter(id=number).first()
        if obj is None and last is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        entries = timeline.of(self.model, number, partial(_may_see, request))
        context = {"original": obj, "gone": obj is None, "log": self._log(request, key), **(extra_context or {})}
        return self.render_history(request, entries, str(obj or last.history_object), **context)

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return [*super().list_tools(request), Tool(address(self.model, "history_of_all"), _("History"), "historylink")]

    def render_history(self, request: HttpRequest, entries: Any, name: str, **context: Any) -> HttpResponse:
        paginator = Paginator(entries, _PER_PAGE)
        page = paginator.get_page(request.GET.get(_PAGE))
        return self.render(
            request,
            "history.html",
            gettext("History: %s") % Truncator(name).chars(100),
            page=page,
            pages=paginator.get_elided_page_range(page.number),
            ellipsis=paginator.ELLIPSIS,
            parameter=_PAGE,
            rows=[self._row(entry) for entry in page.object_list],
            **context,
        )

    def _log(self, request: HttpRequest, key: str) -> list[LogEntry]:
        """What the admin itself has noted, past fields: that a group was evaluated again, for instance.

        Notes can name what is under the object; who may not see all of that gets those that do not.
        """
        noted = LogEntry.objects.filter(object_id=key, content_type=get_content_type_for_model(self.model))
        if not all(may_see(request, part) for part in timeline.PARTS.get(self.model, ())):
            noted = noted.exclude(change_message__contains='"object":')
        return list(noted.select_related("user").order_by("-action_time")[:_LOGGED])

    def _row(self, entry: timeline.Entry) -> dict[str, Any]:
        has_page = entry.pk is not None and self.admin_site.is_registered(entry.model)
        return {
            "entry": entry,
            "kind": entry.model._meta.verbose_name,
            "template": _DIFFERENCES if entry.run or entry.action == CHANGED else _VALUES,
            "action": _ACTIONS.get(entry.action, entry.action),
            "address": address(entry.model, "change" if entry.exists else "history", entry.pk) if has_page else "",
            "run": address(SyncRun, "change", entry.run.pk) if entry.run else "",
        }
