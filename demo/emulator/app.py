"""The emulator as a Flask application."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from demo.emulator import refusals, replies
from demo.emulator.account import World
from demo.emulator.credential_fields import InvalidCredential, UnknownGroup
from demo.emulator.front import CONTROL, Front
from demo.emulator.refusals import Refusal
from demo.emulator.routes.account import account
from demo.emulator.routes.context import WORLD, authenticate
from demo.emulator.routes.control import control
from demo.emulator.routes.credentials import credentials
from demo.emulator.routes.designs import designs
from demo.emulator.routes.groups import groups
from demo.emulator.routes.pages import pages


def create_app(world: World) -> Flask:
    """The application that shows ``world``. Faults that cut connections need werkzeug's server around it."""
    app = Flask(__name__, static_folder=None)
    app.extensions[WORLD] = world
    api = Blueprint("api", __name__)
    api.before_request(authenticate)
    for area in (groups, designs, credentials, account):
        api.register_blueprint(area)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.register_blueprint(control, url_prefix=CONTROL)
    app.register_error_handler(Refusal, Refusal.response)
    app.register_error_handler(InvalidCredential, _invalid_credential)
    app.register_error_handler(HTTPException, _http_error)
    app.wsgi_app = Front(app.wsgi_app, world)  # type: ignore[method-assign]
    return app


def _invalid_credential(error: InvalidCredential) -> Response:
    if isinstance(error, UnknownGroup):
        return refusals.invalid_group().response()
    return refusals.invalid_fields(error.by_field()).response()


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if request.path.startswith(CONTROL):
        return replies.json_reply({"error": error.description}, status)
    if not request.path.startswith(("/v1/", "/v2/")):
        return replies.page(render_template("missing.html"), status)
    if status in {404, 405}:
        return refusals.no_route().response()
    return refusals.by_status(500 if status >= 500 else 400)
