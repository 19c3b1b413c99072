"""Designs, as the API shows them."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from demo.emulator import refusals
from demo.emulator.catalogue import DESIGN_KEYS
from demo.emulator.ids import as_id
from demo.emulator.reading import json_object, optional_text, page_of
from demo.emulator.replies import json_reply
from demo.emulator.routes.context import access, base

designs = Blueprint("designs", __name__)


@designs.get("/v1/designs/<design_id>")
def view(design_id: str) -> Response:
    """One design, with the groups that use it."""
    design = access().design(as_id(design_id))
    if not design:
        raise refusals.gone()
    users = [
        {"id": group.id, "name": group.data.get("name")}
        for group in access().groups()
        if design.id in [group.data.get(key) for key in DESIGN_KEYS]
    ]
    return json_reply({"design": {**design.reply(base()), "groups": users}})


@designs.post("/v1/designs/search")
def search() -> Response:
    """A page of the designs, of one kind if asked for; without ``meta``, which is not promised."""
    body = json_object(request)
    kind = optional_text(body, "kind")
    found = [design.reply(base()) for design in access().designs() if kind in {None, design.data["kind"]}]
    shown, _ = page_of(found, body)
    return json_reply({"designs": shown})
