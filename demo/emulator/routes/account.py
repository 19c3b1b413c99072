"""The account and its attribute keys, as the API shows them."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from demo.emulator import refusals
from demo.emulator.ids import as_id
from demo.emulator.reading import json_object, optional_text, page_of
from demo.emulator.replies import json_reply
from demo.emulator.routes.context import access

account = Blueprint("account", __name__)

_KINDS = {None, "text", "date", "email", "image"}


@account.get("/v1/issuer/details")
def details() -> Response:
    """The issuer, and how many credentials are left to publish."""
    opened = access().account
    issuer = {
        "id": opened.id,
        "name": opened.name,
        "email": "badges@example.org",
        "certificate_left": opened.credits,
        "language": "en",
        "url": opened.issuer["url"],
        "spiderable": True,
        "whitelisted_domain": "https://example.org/",
        "linkedin_company_id": None,
        "linkedin_school_id": None,
    }
    return json_reply({"issuer": issuer})


@account.post("/v1/attribute_keys/search")
def attribute_keys() -> Response:
    """A page of the names for custom attributes."""
    body = json_object(request)
    kind, name = optional_text(body, "kind"), (optional_text(body, "name") or "").lower()
    department_id = as_id(body.get("department_id"))
    if kind not in _KINDS:
        raise refusals.malformed("kind is one of text, date, email, image")
    if department_id is None and body.get("department_id") is not None:
        raise refusals.malformed("department_id is not a number")
    found = [
        entry
        for entry in access().account.attribute_keys
        if access().sees(entry)
        and kind in {None, entry["kind"]}
        and department_id in {None, entry["department_id"]}
        and name in entry["name"].lower()
    ]
    shown, meta = page_of(found, body)
    return json_reply({"attribute_keys": shown, "meta": meta})
