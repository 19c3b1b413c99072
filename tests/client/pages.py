"""Accounts of many groups, page by page."""

from __future__ import annotations

import json
from typing import Any

import responses

from credentials_accredible.client import AccredibleClient
from tests.client.conftest import API

URL = f"{API}/v1/issuer/groups/search"
Page = dict[str, Any]


def groups(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": id_, "name": f"g-{id_}", "course_name": f"Group {id_}"} for id_ in range(first, last + 1)]


def page(items: list[Any], **meta: Any) -> Page:
    return {"groups": items, "meta": meta}


def account(total: int, size: int = 10) -> dict[int, Page]:
    """The pages of a well-behaved account."""
    count = max(1, -(-total // size))
    return {
        number: page(
            groups((number - 1) * size + 1, min(number * size, total)),
            current_page=number,
            next_page=number + 1 if number < count else None,
            prev_page=number - 1 or None,
            total_pages=count,
            total_count=total,
        )
        for number in range(1, count + 1)
    }


class Pages:
    """Answers with pages by number, an empty one past the end; keeps what was asked."""

    def __init__(self, accredible: responses.RequestsMock, pages: dict[int, Any], empty: Any = None) -> None:
        self.pages = pages
        self.empty = {"groups": []} if empty is None else empty
        self.asked: list[int] = []
        self.sizes: set[int] = set()
        accredible.add_callback("POST", URL, self.answer)

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        question = json.loads(request.body)
        self.asked.append(question["page"])
        self.sizes.add(question["page_size"])
        return 200, {}, json.dumps(self.pages.get(question["page"], self.empty))


def ids(client: AccredibleClient, **options: Any) -> list[int]:
    return [group.accredible_id for group in client.groups(**options)]
