"""What the routes know of the request they answer."""

from __future__ import annotations

import re
from typing import cast

from flask import current_app, g, request

from demo.emulator import refusals
from demo.emulator.account import Access, Environment, World
from demo.emulator.front import ENVIRONMENT_KEY

WORLD = "accredible-emulator"
# The second is not documented, but what the Credentials service's own integration sends, to the real Accredible, too.
_TOKEN = re.compile(r'(?:Token token=|Bearer )"?([^",\s]+)"?')


def world() -> World:
    """The world this application shows."""
    return cast(World, current_app.extensions[WORLD])


def environment() -> Environment:
    """The environment that was asked."""
    return world().environment(request.environ[ENVIRONMENT_KEY])


def base() -> str:
    """The address of the environment that was asked."""
    return environment().url


def access() -> Access:
    """What the API key of this request opens."""
    return cast(Access, g.access)


def authenticate() -> None:
    """Find out what the API key opens; Refusal (401) without a key, and for an unknown one."""
    sent = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
    if not sent:
        raise refusals.no_token()
    found = environment().access(sent[1])
    if not found:
        raise refusals.unknown_key()
    g.access = found
