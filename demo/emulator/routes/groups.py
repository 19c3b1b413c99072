"""Groups, as the API shows them."""

from __future__ import annotations

from collections.abc import Iterator
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
    found, meta = page_of([group.data for group in _matching(body)], body)
    return json_reply({"groups": found, "meta": meta})


def _matching(body: dict[str, Any]) -> Iterator[Group]:
    ids = _ids(body.get("ids"))
    texts = {name: (optional_text(body, name) or "").lower() for name in ("name", "course_name")}
    meta_data = nested_object(body, "meta_data") if "meta_data" in body else {}
    start, end = _date(body, "start_updated_date"), _date(body, "end_updated_date")
    for group in access().groups():
        data = group.data
        updated = str(data.get("updated_at") or "")[:10]
        own_meta_data = data.get("meta_data")
        if not isinstance(own_meta_data, dict):
            own_meta_data = {}
        if (
            (not ids or group.id in ids)
            and all(part in str(data.get(name) or "").lower() for name, part in texts.items())
            and all(own_meta_data.get(key) == value for key, value in meta_data.items())
            and (start is None or updated >= start)
            and (end is None or updated <= end)
        ):
            yield group


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
