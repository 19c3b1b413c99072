"""What is published, what that costs, and the page that people see."""

from __future__ import annotations

import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api, made


def test_an_unpublished_credential_has_no_page(api: Api, group: int) -> None:
    credential = made(api.create(group, approve=False))
    path = f"/v1/credentials/{credential['id']}"

    assert credential["approve"] is False
    assert requests.get(credential["url"], timeout=PATIENCE).status_code == 404
    assert made(api.put(path, {"credential": {"approve": True}}))["approve"] is True
    assert requests.get(credential["url"], timeout=PATIENCE).status_code == 200
    assert made(api.put(path, {"credential": {"approve": False}}))["approve"] is False
    assert requests.get(credential["url"], timeout=PATIENCE).status_code == 404


def test_out_of_credits_a_credential_is_made_but_not_published(emulator: Emulator) -> None:
    account = emulator.add_account(key="poor", credits=1)
    group, other = account.add_group()["id"], account.add_group()["id"]
    with Api(emulator.url, "poor") as api:
        first = made(api.create(group, "ada@example.org"))
        again = made(api.create(other, "Ada@example.org"))
        second = made(api.create(group, "bob@example.org"))
        publish = made(api.put(f"/v1/credentials/{second['id']}", {"credential": {"approve": True}}))
        left = api.get("/v1/issuer/details").json()["issuer"]["certificate_left"]

    assert first["approve"] is True
    assert again["approve"] is True  # the same recipient in the same year costs nothing more
    assert second["approve"] is False
    assert publish["approve"] is False
    assert left == 0


def test_without_a_design_a_credential_is_not_published(account: Account, api: Api) -> None:
    group = account.add_group(primary_design_id=None)["id"]

    assert made(api.create(group))["approve"] is False
    assert api.get("/v1/issuer/details").json()["issuer"]["certificate_left"] == account.initial_credits
