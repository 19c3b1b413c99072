"""What the plugin's admin pages share: pages beside Django's, buttons, links, permissions, and what nobody edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import partial
from typing import Any, ClassVar, NamedTuple

import crum
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext

from credentials_accredible import api, host
from credentials_accredible.admin.fields import KeyField
from credentials_accredible.host.tables import held, lookups_that_hold
from credentials_accredible.models import AccredibleGroup
from credentials_accredible.text import whole_number, words

OBJECT = "<path:object_id>/"


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the user has that permission of the plugin, such as ``view_syncrun``."""
    return request.user.has_perm(f"credentials_accredible.{permission}")


def may_see(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the user may see objects of ``model``: who may change them may."""
    name = model._meta.model_name
    return may(request, f"view_{name}") or may(request, f"change_{name}")


def address(model: type[Model], page: str, *args: object, **query: Any) -> str:
    """Where a page of the admin of ``model`` is; ``query`` follows it, a value for each of a list."""
    found = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
    return f"{found}?{urlencode(query, doseq=True)}" if query else found


def admin_of(site: admin.AdminSite, model: type[Model]) -> Any:
    """The admin of ``model``, which is registered there. Django's own method for it came with 5.0."""
    return site._registry[model]


def link(to: str, text: object) -> str:
    return format_html('<a href="{}">{}</a>', to, text)


def open_address(model: type[Model], page: str, *args: object, **query: Any) -> str:
    """As ``address``; empty for a user who may not see objects of ``model``, and would get a 403 there."""
    request = crum.get_current_request()
    return address(model, page, *args, **query) if request and may_see(request, model) else ""


def link_if_open(model: type[Model], page: str, text: object, *args: object, **query: Any) -> str:
    """``text`` as a link to that page; to a user who may not see it, the text alone."""
    to = open_address(model, page, *args, **query)
    return link(to, text) if to else str(text)


def named(text: object, length: int = 100) -> str:
    """A name for a cell: cut where it is long, and isolated, so that its direction is its own affair."""
    return format_html("<bdi>{}</bdi>", Truncator(str(text)).chars(length))


def group_cell(group: AccredibleGroup | None, name: str) -> str:
    """A group in a row, with the way to its page; the name alone where it is gone, or may not be seen."""
    return link_if_open(AccredibleGroup, "change", named(name), group.pk) if group else named(name)


class Tool(NamedTuple):
    """A button: a link, or with ``post`` a form that is sent, with these hidden ``fields``."""

    address: str
    label: Any
    css_class: str = ""
    post: bool = False
    fields: tuple[tuple[str, str], ...] = ()


class Page(NamedTuple):
    """A page of a model beside those that Django makes.

    ``view`` is called with the request and the admin; if ``path`` starts with ``OBJECT``, then with the object, too.
    ``permissions`` are all needed, and named as those of an action: for "sync", ``has_sync_permission`` is asked.
    A page that can lead to requests to Accredible must not be ``in_transaction``.
    """

    path: str
    name: str
    view: Callable[..., HttpResponseBase]
    permissions: Sequence[str]
    in_transaction: bool = True


class _Noted:
    """An object as the admin's own log names it: with what the host's table can hold of its name."""

    def __init__(self, obj: Any) -> None:
        self.pk, self._meta, self._name = obj.pk, obj._meta, str(obj)

    def __str__(self) -> str:
        return _notable("object_repr", self._name)


def _notable(field: str, text: Any) -> Any:
    # Anything but text is written as JSON, in ASCII.
    may_be_cut = isinstance(text, str) and host.may_hold_less()
    return held(LogEntry._meta.get_field(field), text) if may_be_cut else text


class CountedPages(api.KeysFirst):
    """Pages of a list: nobody turns more, and a million rows take long to count."""

    most = 10_000


class AccredibleAdmin(admin.ModelAdmin):
    """An admin with pages and tools of its own."""

    extra_pages: ClassVar[Sequence[Page]] = ()
    # Whether the actions of the list are undone where one of them fails; not where they ask Accredible.
    list_in_transaction = False
    # Whether people change its objects: the admin then keeps what they did.
    keeps_history = True
    object_history_template = "admin/credentials_accredible/object_history.html"
    paginator = CountedPages
    show_full_result_count = False

    class Media:
        css = {"all": ["credentials_accredible/admin.css"]}
        js = ["credentials_accredible/lists.js"]

    def get_urls(self) -> list[URLPattern]:
        return [*(self._url(page) for page in self.extra_pages), *super().get_urls()]

    def _url(self, page: Page) -> URLPattern:
        view = self.admin_site.admin_view(partial(self.open_page, page=page))
        if not page.in_transaction:
            view = transaction.non_atomic_requests(view)
        return path(page.path, view, name=f"{self.opts.app_label}_{self.opts.model_name}_{page.name}")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The object of that key; None for whatever else Python reads as a number, such as ``3_1``."""
        return None if whole_number(object_id) is None else super().get_object(request, object_id, from_field)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        wanted = " ".join(words(search_term)) if search_term else ""
        if not host.may_hold_less():
            return super().get_search_results(request, queryset, wanted)
        # A table of the host that cannot hold what is searched for cannot be asked for it.
        able = copy(self)
        able.search_fields = lookups_that_hold(self.model, self.search_fields, wanted)  # type: ignore[misc]
        if self.search_fields and not able.search_fields:
            return queryset.none(), False
        return super(AccredibleAdmin, able).get_search_results(request, queryset, wanted)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, _Noted(obj), _notable("change_message", message))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_change(request, _Noted(obj), _notable("change_message", message))

    # Up to Django 5.0; what comes after that would call this, and warn of it.
    if not hasattr(admin.ModelAdmin, "log_deletions"):

        def log_deletion(self, request: HttpRequest, obj: Any, object_repr: str) -> Any:
            return super().log_deletion(request, obj, str(_Noted(obj)))  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        """From Django 5.1 on."""
        return super().log_deletions(request, [_Noted(obj) for obj in queryset])  # type: ignore[arg-type]

    def open_page(self, request: HttpRequest, page: Page, object_id: str | None = None) -> HttpResponseBase:
        """An extra page: 403 where a permission is missing, and only then 404 where its object does not exist."""
        # Its own address may take nothing but a form that is sent.
        back = address(self.model, "change", object_id) if object_id else request.get_full_path()
        return self._or_explain(request, self._open_page, page, object_id, back=back, undone=page.in_transaction)

    def _open_page(self, request: HttpRequest, page: Page, object_id: str | None) -> HttpResponseBase:
        if not all(getattr(self, f"has_{name}_permission")(request) for name in page.permissions):
            raise PermissionDenied
        found = [] if object_id is None else [self.get_object(request, object_id)]
        if None in found:
            raise Http404
        return page.view(request, self, *found)

    def render(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """A page from a template that extends ``page.html``; ``original`` is the object that it is about."""
        request.current_app = self.admin_site.name
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title,
            "sees_list": self.has_view_or_change_permission(request),
            "sees_groups": may_see(request, AccredibleGroup),
        }
        return TemplateResponse(request, f"admin/credentials_accredible/{template}", {**shared, **context})

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return []

    def object_tools(self, request: HttpRequest, obj: Any) -> list[Tool]:
        return []

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the admin has noted of an object. Django's own page tells everybody first whether it exists."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, {"media": self.media, **(extra_context or {})})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_explain(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_explain(request, super().delete_view, *args, **kwargs)

    def _or_explain(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        *args: Any,
        back: str = "",
        undone: bool = True,
        **kwargs: Any,
    ) -> Any:
        """What ``view`` answers; where the database does not take a change, why not, on the page ``back``.

        ``undone``: whether the view is one transaction, so that nothing of it is left.
        """
        try:
            return view(request, *args, **kwargs)
        except OverflowError:
            # SQLite takes no number beyond 64 bits, and Django before 5.0 asks it. Nobody comes by one on these pages.
            raise BadRequest(gettext("A number in the address or in the form is too large.")) from None
        except (DatabaseError, InterfaceError) as error:
            if request.method != "POST":
                # Nothing was to be changed, and a page that leads to itself would never end.
                raise
            left = gettext("Nothing was changed.") if undone else gettext("This was not done, or not all of it.")
            messages.error(request, f"{left} {api.why_not_stored(error)}")
        return HttpResponseRedirect(back or request.get_full_path())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **{"form_class": KeyField, **kwargs})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list; where the database cannot tell days of the time zone, without links to them."""
        shown = self
        if self.date_hierarchy and not _tells_days(connections[self.get_queryset(request).db]):
            shown = copy(self)
            shown.date_hierarchy = None  # type: ignore[misc]  # of this copy alone
        return super(AccredibleAdmin, shown).get_changelist_instance(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"accredible_tools": self.list_tools(request), **(extra_context or {})}
        return self._or_explain(request, self._changelist_view, context, undone=self.list_in_transaction)

    def _changelist_view(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        listed = super().changelist_view
        return (transaction.atomic(listed) if self.list_in_transaction else listed)(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        context["accredible_tools"] = self.object_tools(request, obj) if obj else []
        context["accredible_keeps_history"] = self.keeps_history
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(AccredibleAdmin):
    """A list and a detail page of what the plugin itself writes."""

    actions: Any = None
    keeps_history = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes on these pages; what goes with a learner or a group that is deleted takes the permission."""
        page = (request.resolver_match.url_name if request.resolver_match else None) or ""
        if page.startswith(f"{self.opts.app_label}_{self.opts.model_name}_"):
            return False
        return super().has_delete_permission(request, obj)


class ReadOnlyInline(admin.TabularInline):
    """Rows on an object's page that the plugin itself writes."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


def _tells_days(connection: Any) -> bool:
    # Many a MySQL was never given the names of time zones, and answers NULL.
    if connection.vendor != "mysql" or get_current_timezone_name() == "UTC":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2000-01-01 00:00:00', 'UTC', %s)", [get_current_timezone_name()])
        return cursor.fetchone()[0] is not None
