"""The controls, outside the API: what another process, or a person with curl, can change."""

from __future__ import annotations

from dataclasses import asdict
from typing import TypeVar

from flask import Blueprint, abort, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from demo.emulator.account import DEFAULT_ENVIRONMENT, Account
from demo.emulator.faults import Fault
from demo.emulator.ids import as_id
from demo.emulator.rate import RateLimit
from demo.emulator.reading import parse_json
from demo.emulator.replies import json_reply
from demo.emulator.routes.context import world
from demo.emulator.routes.orders import AccountOrder, GroupOrder, RateLimitOrder, SeedOrder
from demo.emulator.seed import seed

control = Blueprint("control", __name__)

# Every control and what it does; ?environment=NAME and ?key=KEY choose another account than the first.
CONTROLS = {
    "GET /_emulator/": "this overview",
    "POST /_emulator/reset": "empty all accounts; forget faults, rate limit and record",
    "POST /_emulator/seed": 'fill an account: {"groups": 135}',
    "POST /_emulator/accounts": 'add an account: {"key": "k", "seed": 135, "credits": 10}',
    "POST /_emulator/groups": 'add a group: {"name": "n", "course_name": "Title"}',
    "PATCH /_emulator/groups/ID": 'change a group: {"course_name": "Other title"}',
    "DELETE /_emulator/groups/ID": "delete a group",
    "POST /_emulator/faults": 'let something go wrong: {"kind": "status", "status": 500, "path": "/v1/issuer"}',
    "GET /_emulator/faults": "faults in force, and how often each was met",
    "DELETE /_emulator/faults": "let everything go well again",
    "GET /_emulator/requests": "every request so far",
    "POST /_emulator/rate_limit": 'requests allowed per window of seconds: {"limit": 200, "window": 30}, or null',
    "GET /_emulator/rate_limit": "the rate limit in force",
}
AnyModel = TypeVar("AnyModel", bound=BaseModel)


@control.before_request
def keep_other_sites_out() -> None:
    """Refuse what a page of another site makes a browser send; browsers say so of their own accord."""
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        abort(403, "The controls are not for pages of other sites")


@control.get("/")
def overview() -> Response:
    """What there is: accounts, and the controls."""
    environments = {
        name: {
            "url": environment.url,
            "accounts": [
                {"keys": account.keys, "departments": account.departments, "groups": len(account.group_by_id)}
                for account in environment.accounts
            ],
        }
        for name, environment in world().environments.items()
    }
    return json_reply({"environments": environments, "controls": CONTROLS})


@control.post("/reset")
def reset() -> Response:
    """Empty all accounts and forget faults, rate limit and record; accounts and keys stay."""
    world().empty()
    return json_reply({"reset": True})


@control.post("/seed")
def add_seed() -> Response:
    """Fill an account."""
    order = _order(SeedOrder)
    account = _account()
    seed(account, order.groups)
    return json_reply({"groups": len(account.group_by_id)}, 201)


@control.post("/accounts")
def add_account() -> Response:
    """Add an account to the environment that the query names."""
    order = _order(AccountOrder)
    try:
        environment = world().environment(request.args.get("environment", DEFAULT_ENVIRONMENT))
    except ValueError as error:
        abort(400, str(error))
    try:
        account = environment.add_account(**order.model_dump(exclude={"seed"}))
    except ValueError as error:
        abort(409, str(error))
    if order.seed:
        seed(account, order.seed)
    return json_reply({"keys": account.keys, "departments": account.departments}, 201)


@control.get("/faults")
def faults() -> Response:
    """The faults in force, and how often each was met."""
    return json_reply({"faults": world().faults.as_json()})


@control.post("/faults")
def add_fault() -> Response:
    """Let something go wrong."""
    world().faults.add(_order(Fault))
    return json_reply({"faults": world().faults.as_json()}, 201)


@control.delete("/faults")
def clear_faults() -> Response:
    """Let everything go well again."""
    world().faults.clear()
    return json_reply({"faults": []})


@control.get("/requests")
def requests() -> Response:
    """The record of requests, oldest first."""
    return json_reply({"requests": [asdict(record) for record in world().requests]})


@control.get("/rate_limit")
def rate_limit() -> Response:
    """The rate limit in force."""
    limit = world().rate_limit
    shown = {"limit": limit.limit, "window": limit.window, "retry_after": limit.retry_after} if limit else None
    return json_reply({"rate_limit": shown})


@control.post("/rate_limit")
def set_rate_limit() -> Response:
    """Put a rate limit in force, or none."""
    order = _order(RateLimitOrder)
    world().rate_limit = None if order.limit is None else RateLimit(order.limit, order.window, order.retry_after)
    return rate_limit()


@control.post("/groups")
def add_group() -> Response:
    """Add a group."""
    fields = _order(GroupOrder).model_dump(exclude_unset=True)
    try:
        return json_reply({"group": _account().add_group(**fields)}, 201)
    except ValueError as error:
        abort(409, str(error))


@control.patch("/groups/<group_id>")
def update_group(group_id: str) -> Response:
    """Change a group."""
    fields = _order(GroupOrder).model_dump(exclude_unset=True)
    account, number = _account_with(group_id)
    try:
        return json_reply({"group": account.update_group(number, **fields)})
    except ValueError as error:
        abort(409, str(error))


@control.delete("/groups/<group_id>")
def remove_group(group_id: str) -> Response:
    """Delete a group."""
    account, number = _account_with(group_id)
    account.remove_group(number)
    return json_reply({"removed": number})


def _order(model: type[AnyModel]) -> AnyModel:
    data = request.get_data()
    if data and not request.is_json:
        abort(415, "The body must be JSON, and say so in Content-Type")
    try:
        return model.model_validate(parse_json(data) if data else {})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        abort(400, "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}".strip(": ") for each in problems))
    except ValueError:
        abort(400, "The body is not valid JSON")


def _account() -> Account:
    """The account of the key in the query, else the first one, of the environment in the query, else the default."""
    environment = world().environments.get(request.args.get("environment", DEFAULT_ENVIRONMENT))
    key = request.args.get("key")
    for account in environment.accounts if environment else ():
        if key is None or key in account.keys:
            return account
    raise NotFound("There is no such account")


def _account_with(group_id: str) -> tuple[Account, int]:
    account, number = _account(), as_id(group_id)
    if number is None or number not in account.group_by_id:
        raise NotFound("There is no such group in this account")
    return account, number
