"""The search of the second version of the API: conditions on fields, sorting, pages by offset and by cursor."""

from __future__ import annotations

import base64
import functools
import json
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from demo.emulator.credential import Credential
from demo.emulator.credential_fields import day
from demo.emulator.refusals import malformed

OFFSET_LIMIT = 10_000
_DEFAULT_SIZE = 50

_EQUALITY = frozenset({"eq", "in"})
_TEXTS = ("uuid", "group.id", "recipient_name", "recipient_email", "recipient_id", "license_id")
_OBJECTS = ("recipient_meta_data", "meta_data", "custom_attributes")
_DATES = ("issued_on", "expired_on", "updated_at", "created_at")
_OPERATORS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_TEXTS, _EQUALITY),
    **dict.fromkeys(("approve", *_OBJECTS), frozenset({"eq"})),
    **dict.fromkeys(_DATES, _EQUALITY | {"lt", "gt", "lte", "gte"}),
}
_COMPARE: dict[str, Callable[[str, Any], bool]] = {
    "eq": lambda found, wanted: found == wanted,
    "in": lambda found, wanted: found in wanted,
    "lt": lambda found, wanted: found < wanted,
    "gt": lambda found, wanted: found > wanted,
    "lte": lambda found, wanted: found <= wanted,
    "gte": lambda found, wanted: found >= wanted,
}
_SORT_KEYS = ("id", "recipient_name", "group.name", "issued_on", "expired_on")

# Where a credential stands: for each thing sorted by, whether the credential lacks it, and what it is.
Place = list[list[Any]]


class _Found:
    """A credential as the search shows it. What is asked for of all of them is known without showing it."""

    def __init__(self, credential: Credential, base: str) -> None:
        self.credential = credential
        self._base = base

    @functools.cached_property
    def item(self) -> dict[str, Any]:
        """What is shown."""
        return self.credential.search_item(self._base)

    def value(self, name: str) -> Any:
        """What stands under ``name``, as ``group.id``."""
        if name == "id":
            return self.credential.id
        if name == "group.id":
            return self.credential.group.id
        outer, _, inner = name.partition(".")
        return self.item[outer][inner] if inner else self.item[outer]


def search(credentials: list[Credential], body: dict[str, Any], base: str) -> dict[str, Any]:
    """The reply to a search for ``body`` among ``credentials``; Refusal (400) where ``body`` makes no sense."""
    conditions = [_condition(name, wanted) for name, wanted in _object(body, "query").items()]
    order = _order(_object(body, "sort"))
    start, size, cursor = _page(_object(body, "page"))
    seen = (_Found(credential, base) for credential in credentials)
    matching = [found for found in seen if all(condition(found) for condition in conditions)]

    def place(found: _Found) -> Place:
        values = [found.value(name) for name, _ in order]
        return [[value is None, value] for value in values]

    def compare(one: Place, other: Place) -> int:
        for (_, sign), mine, theirs in zip(order, one, other, strict=True):
            if mine != theirs:
                return sign if mine > theirs else -sign
        return 0

    standing = functools.cmp_to_key(compare)
    if order != [("id", 1)]:  # that is the order in which they come
        matching.sort(key=lambda found: standing(place(found)))
    if cursor is not None:
        try:
            start = bisect_right(matching, standing(cursor), key=lambda found: standing(place(found)))
        except (TypeError, ValueError):
            raise malformed("page: this cursor does not belong to this search") from None
    shown = matching[start : start + size]
    more = start + size < len(matching)
    meta = {
        "count": len(matching),
        "from": 0 if cursor is not None else start,
        "size": size,
        "cursor": _encode(place(shown[-1])) if shown and more else None,
    }
    return {"credentials": [found.item for found in shown], "meta": meta}


def _condition(name: str, wanted: Any) -> Callable[[_Found], bool]:
    field, bracket, rest = name.partition("[")
    operator = rest.removesuffix("]") if bracket else "eq"
    if operator not in _OPERATORS.get(field, ()):
        raise malformed(f"query: {name} cannot be searched for")
    if field == "approve":
        if not isinstance(wanted, bool):
            raise malformed(f"query: {name} wants true or false")
        return lambda found: found.item["approve"] is wanted
    if field in _OBJECTS:
        if not isinstance(wanted, dict):
            raise malformed(f"query: {name} wants an object")
        return lambda found: all(found.item[field].get(key) == value for key, value in wanted.items())
    if operator == "in" and not isinstance(wanted, list):
        raise malformed(f"query: {name} wants a list")
    target = [_wanted(field, each) for each in wanted] if operator == "in" else _wanted(field, wanted)
    compare = _COMPARE[operator]

    def holds(found: _Found) -> bool:
        value = found.value(field)
        return value is not None and compare(_comparable(field, value), target)

    return holds


def _wanted(field: str, value: Any) -> str:
    if field in _DATES:
        try:
            date = day(value)
        except ValueError:
            date = None
        if date is None:
            raise malformed(f"query: {field} wants a date as YYYY-MM-DD")
        return date
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise malformed(f"query: {field} wants a text")
    return _comparable(field, value)


def _comparable(field: str, value: Any) -> str:
    if field in _DATES:
        return str(value)[:10]
    return str(value).lower() if field == "recipient_email" else str(value)


def _order(sort: dict[str, Any]) -> list[tuple[str, int]]:
    order = []
    for name, direction in sort.items():
        if name not in _SORT_KEYS or direction not in ("asc", "desc"):
            raise malformed(f"sort: {name} is one of {', '.join(_SORT_KEYS)}, its direction asc or desc")
        order.append((name, 1 if direction == "asc" else -1))
    # Where all else is equal the id decides, or pages would overlap.
    return [*order, ("id", 1)]


def _page(page: dict[str, Any]) -> tuple[int, int, Place | None]:
    start, size, cursor = page.get("from", 0), page.get("size", _DEFAULT_SIZE), page.get("cursor")
    for name, value, least in (("from", start, 0), ("size", size, 1)):
        if type(value) is not int or value < least:
            raise malformed(f"page: {name} is a whole number from {least}")
    if cursor is not None and "from" in page:
        raise malformed("page: from and cursor exclude each other")
    if start + size > OFFSET_LIMIT:
        raise malformed(f"page: from and size reach no further than {OFFSET_LIMIT}; use the cursor")
    return start, size, None if cursor is None else _decode(cursor)


def _encode(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decode(cursor: Any) -> Place:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor))
    except (TypeError, ValueError, RecursionError):
        raise malformed("page: this cursor was not made here") from None
    if not isinstance(place, list):
        raise malformed("page: this cursor was not made here")
    return place


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise malformed(f"{name} is not an object")
    return value
