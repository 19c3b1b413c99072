"""Reads what clients send; what cannot be read is refused with 400, never with a crash."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import Request

from demo.emulator.refusals import malformed

DEFAULT_PAGE_SIZE = 50
# Sizes up to 100 are known to work; nothing is known of larger ones, and a client must not count on them.
LARGEST_PAGE = 100
_LEVELS = 50


def parse_json(data: bytes) -> Any:
    """``data`` as JSON proper; ValueError also for what Python would let pass and could not write again."""
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        value = None
    if value is None or not _nested_within(value, _LEVELS):
        raise ValueError("nothing, or nested too deeply")
    # Halves of surrogate pairs can be written in JSON, but not in UTF-8.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def json_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body; without any body, an empty one."""
    data = request.get_data()
    if not data:
        return {}
    if not request.is_json:
        raise malformed("The body must be JSON, and say so in Content-Type")
    try:
        value = parse_json(data)
    except ValueError:
        raise malformed("The body is not valid JSON") from None
    if not isinstance(value, dict):
        raise malformed("The body is not a JSON object")
    return value


def nested_object(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under ``name``, which everything is sent in."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise malformed(f"param is missing or not an object: {name}")
    return value


def whole_number(body: dict[str, Any], name: str, default: int) -> int:
    """The positive number under ``name``, or its digits as text."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if type(value) is not int or value < 1:
        raise malformed(f"{name} is not a positive whole number")
    return value


def optional_text(body: dict[str, Any], name: str) -> str | None:
    """The text under ``name``, None where there is none."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(f"{name} is not a text")
    return value


def page_of(items: list[Any], body: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The page of ``items`` that ``body`` asks for, and the ``meta`` that goes with it; past the end, no items."""
    page = whole_number(body, "page", 1)
    size = min(whole_number(body, "page_size", DEFAULT_PAGE_SIZE), LARGEST_PAGE)
    pages = max(1, math.ceil(len(items) / size))
    meta = {
        "current_page": page,
        "next_page": page + 1 if page < pages else None,
        "prev_page": page - 1 if 1 < page <= pages else None,
        "total_pages": pages,
        "total_count": len(items),
    }
    return items[(page - 1) * size : page * size], meta


def _nested_within(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_nested_within(each, levels - 1) for each in inside)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value
