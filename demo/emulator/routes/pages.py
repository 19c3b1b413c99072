"""What people see in a browser: credentials, pictures of designs, the dashboard's page of a group."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from demo.emulator import pictures, replies
from demo.emulator.catalogue import Design, Group
from demo.emulator.ids import as_id
from demo.emulator.routes.context import base, environment

pages = Blueprint("pages", __name__)


@pages.get("/credentials/<reference>")
def credential(reference: str) -> Response:
    """The public page of a credential; 404 while it is not published, or private."""
    found = environment().credential(reference)
    if not found or not found.approve or found.private:
        raise NotFound
    return replies.page(render_template("credential.html", credential=found, picture=found.picture(base())))


@pages.get("/designs/<design_id>.png")
def picture(design_id: str) -> Response:
    """The picture of a design."""
    found = _design(design_id)
    return Response(pictures.png(found.id, str(found.data["kind"])), content_type="image/png")


@pages.get("/designs/<design_id>/rasterized")
def rasterized(design_id: str) -> Response:
    """An address that only leads to the picture."""
    return redirect(f"{base()}/designs/{_design(design_id).id}.png")


@pages.get("/issuer/dashboard/group/<group_id>/information-and-appearance")
def group(group_id: str) -> Response:
    """A group in the dashboard."""
    return replies.page(render_template("group.html", group=_group(group_id), base=base()))


def _design(reference: str) -> Design:
    for account in environment().accounts:
        found = account.design_by_id.get(as_id(reference) or 0)
        if found:
            return found
    raise NotFound


def _group(reference: str) -> Group:
    for account in environment().accounts:
        found = account.group_by_id.get(as_id(reference) or 0)
        if found:
            return found
    raise NotFound
