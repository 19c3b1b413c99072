"""Replies as they go over the wire."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

JSON_TYPE = "application/json; charset=utf-8"
PROXY_STATUSES = frozenset({502, 503, 504})


def json_reply(body: Any, status: int = 200) -> Response:
    """``body`` as JSON in UTF-8, characters beyond ASCII unescaped."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type=JSON_TYPE)


def text(body: str, status: int = 200) -> Response:
    """Plain text."""
    return Response(body, status, content_type="text/plain; charset=utf-8")


def page(body: str, status: int = 200) -> Response:
    """An HTML page."""
    return Response(body, status, content_type="text/html; charset=utf-8")


def proxy_page(status: int) -> Response:
    """What a proxy in front of the API shows, with any status."""
    phrase = HTTPStatus(status).phrase if status != HTTPStatus.OK else "Please stand by"
    return page(f"<html><head><title>{phrase}</title></head><body><h1>{phrase}</h1></body></html>\n", status)
