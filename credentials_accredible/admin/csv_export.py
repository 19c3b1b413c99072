"""A list as CSV, as it is filtered: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.text import capfirst
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from credentials_accredible import api
from credentials_accredible.admin.base import Page, ReadOnlyAdmin, Tool, address

log = logging.getLogger(__name__)

# What a spreadsheet takes for the beginning of a formula, in wide letters, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # these are meant
# Spreadsheets know by it that the file is UTF-8.
_MARK = "\ufeff"


class Column(NamedTuple):
    """A column of the file: its title, and what it says of a row."""

    title: Any
    cell: Callable[[Any], Any]


class _Line:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        return text


@require_safe
def export_view(request: HttpRequest, modeladmin: ExportedAdmin) -> HttpResponseBase:
    """What the list of the same query shows, on all of its pages, oldest first."""
    try:
        rows = modeladmin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return HttpResponseRedirect(address(modeladmin.model, "changelist"))
    name = str(modeladmin.opts.model_name)
    log.info("list_exported list=%s user=%s", name, request.user.pk)
    titles = [str(capfirst(column.title)) for column in modeladmin.exported]
    # The answer is sent when the view is over, and with it the time zone of the request.
    zone = get_current_timezone()
    cells = (
        [_text(column.cell(row), zone) for column in modeladmin.exported]
        for page in api.pages(rows.select_related(*modeladmin.exported_related))
        for row in page
    )
    response = StreamingHttpResponse(_lines(titles, cells), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


class ExportedAdmin(ReadOnlyAdmin):
    """An admin whose list can be had as CSV by those who may see it."""

    extra_pages: ClassVar[Sequence[Page]] = (Page("export/", "export", export_view, ["view"]),)
    exported: ClassVar[Sequence[Column]]
    exported_related: ClassVar[Sequence[str]]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        query = request.GET.copy()
        query.pop(PAGE_VAR, None)
        return [*super().list_tools(request), Tool(address(self.model, "export", **dict(query.lists())), _("CSV"))]


def _lines(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    # Quoted throughout: where a spreadsheet separates at semicolons, a cell stays one.
    write = csv.writer(_Line(), quoting=csv.QUOTE_ALL).writerow
    yield _MARK + str(write(titles))
    for row in rows:
        yield str(write(row))


def _text(value: Any, zone: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{localtime(value, zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
