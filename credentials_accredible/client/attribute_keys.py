"""Reads the names that an account has for custom attributes."""

from __future__ import annotations

from credentials_accredible.client.payloads import AttributeKey, AttributeKeysPage
from credentials_accredible.client.transport import Transport

_PATH = "/v1/attribute_keys/search"
_ENDPOINT = f"POST {_PATH}"
_PAGE_SIZE = 100
# Somebody waits for them, and nobody chooses from more.
_MOST_PAGES = 20


def read_attribute_keys(transport: Transport) -> list[AttributeKey]:
    """The attribute keys that the API key sees, each name once, in Accredible's order; 20 pages of them at most."""
    found: dict[str, AttributeKey] = {}
    for number in range(1, _MOST_PAGES + 1):
        question = {"page": number, "page_size": _PAGE_SIZE}
        page = transport.request("POST", _PATH, json=question, idempotent=True).read_as(AttributeKeysPage, _ENDPOINT)
        new = {key.name: key for key in page.attribute_keys if key.name.strip() and key.name not in found}
        found |= new
        is_last = page.meta is not None and page.meta.knows_what_follows and page.meta.promised_after(number) <= number
        # A page without anything new: the last one, or paging that does nothing.
        if is_last or not new:
            break
    return list(found.values())
