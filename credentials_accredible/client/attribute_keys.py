"""Reads which names an account has for custom attributes."""

from __future__ import annotations

from credentials_accredible.client.groups import Allowance
from credentials_accredible.client.payloads import AttributeKey, AttributeKeysPage
from credentials_accredible.client.session import ClientOptions
from credentials_accredible.client.transport import Transport

_ATTRIBUTE_KEYS = "/v1/attribute_keys/search"
# Somebody waits for them, and nobody chooses from more.
_MOST_KEY_PAGES = 20
_KEYS_PER_PAGE = 100


def read_attribute_keys(transport: Transport, options: ClientOptions) -> list[AttributeKey]:
    """The attribute keys that the API key sees, each name once, in Accredible's order; 20 pages of them at most."""
    found: dict[str, AttributeKey] = {}
    allowance = Allowance(options, _ATTRIBUTE_KEYS)
    for number in range(1, _MOST_KEY_PAGES + 1):
        question = {"page": number, "page_size": _KEYS_PER_PAGE}
        reply = transport.request("POST", _ATTRIBUTE_KEYS, json=question, idempotent=True)
        allowance.take(reply.size)
        page = reply.read_as(AttributeKeysPage)
        new = {key.name: key for key in page.attribute_keys if key.name.strip() and key.name not in found}
        found |= new
        is_last = page.meta.knows_what_follows and page.meta.promised_after(number) <= number
        # A page without anything new: the last one, or paging that does nothing.
        if is_last or not new:
            break
    return list(found.values())
