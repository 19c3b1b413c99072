"""Groups, as the API shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from demo.emulator import refusals
from demo.emulator.catalogue import Group
from demo.emulator.credential_fields import day
from demo.emulator.ids import as_id
from demo.emulator.reading import json_object, nested_object, optional_text, page_of
from demo.emulator.replies import json_reply
from demo.emulator.routes.context import access

groups = Blueprint("groups", __name__)


@groups.post("/v1/issuer/groups/search")
def search() -> Response:
    """A page of the groups that match."""
    return _page(json_object(request))


@groups.get("/v1/issuer/all_groups")
def all_groups() -> Response:
    """The deprecated twin of the search; it takes its parameters from the query, too."""
    return _page(json_object(request) | request.args.to_dict())


@groups.get("/v1/issuer/groups/<group_id>")
def view(group_id: str) -> Response:
    """One group."""
    group = access().group(as_id(group_id))
    if not group:
        raise refusals.gone()
    return json_reply({"group": group.data})


def _page(body: dict[str, Any]) -> Response:
    found, meta = page_of(_matching(body), body)
    return json_reply({"groups": [group.data for group in found], "meta": meta})


def _matching(body: dict[str, Any]) -> list[Group]:
    groups, wanted = access().groups(), _wanted(body)
    # Of a large account, pages are mostly read without any condition.
    return [group for group in groups if all(holds(group) for holds in wanted)] if wanted else groups


def _wanted(body: dict[str, Any]) -> list[Callable[[Group], bool]]:
    """The conditions that ``body`` names."""
    wanted: list[Callable[[Group], bool]] = []
    if ids := _ids(body.get("ids")):
        wanted.append(lambda group: group.id in ids)
    parts = {name: (optional_text(body, name) or "").lower() for name in ("name", "course_name")}
    wanted += [partial(_has_text, name, part) for name, part in parts.items() if part]
    if meta_data := nested_object(body, "meta_data") if "meta_data" in body else {}:
        wanted.append(partial(_has_meta_data, meta_data))
    if (start := _date(body, "start_updated_date")) is not None:
        wanted.append(lambda group: _updated(group) >= start)
    if (end := _date(body, "end_updated_date")) is not None:
        wanted.append(lambda group: _updated(group) <= end)
    return wanted


def _has_text(name: str, part: str, group: Group) -> bool:
    return part in str(group.data.get(name) or "").lower()


def _has_meta_data(meta_data: dict[str, Any], group: Group) -> bool:
    own = group.data.get("meta_data")
    return isinstance(own, dict) and all(own.get(key) == value for key, value in meta_data.items())


def _updated(group: Group) -> str:
    return str(group.data.get("updated_at") or "")[:10]


def _ids(value: Any) -> set[int]:
    if value is None:
        return set()
    ids = [as_id(each) for each in value] if isinstance(value, list) else [None]
    if None in ids:
        raise refusals.malformed("ids is not a list of numbers")
    return {each for each in ids if each is not None}


def _date(body: dict[str, Any], name: str) -> str | None:
    try:
        return day(body.get(name))
    except ValueError as error:
        raise refusals.malformed(f"{name} {error}") from None
