"""Designs, and the addresses of their pictures."""

from __future__ import annotations

import io

import requests
from PIL import Image

from demo.emulator.account import Account
from tests.emulator.api import PATIENCE, Api


def picture(url: str) -> Image.Image:
    reply = requests.get(url, timeout=PATIENCE)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(reply.content))


def test_a_signed_address_is_longer_than_a_column(account: Account) -> None:
    url = account.add_design(picture="signed")["rasterized_content_url"]

    assert len(url) > 2 * 255
    assert picture(url).format == "PNG"


def test_an_address_can_redirect(account: Account) -> None:
    url = account.add_design(picture="redirect")["rasterized_content_url"]

    reply = requests.get(url, timeout=PATIENCE, allow_redirects=False)

    assert reply.status_code == 302
    assert picture(url).format == "PNG"


def test_an_address_can_be_absent_or_hostile(account: Account, api: Api) -> None:
    absent = account.add_design(picture="absent")
    hostile = account.add_design(rasterized_content_url="javascript:alert(1)")

    assert "rasterized_content_url" not in api.get(f"/v1/designs/{absent['id']}").json()["design"]
    shown = api.get(f"/v1/designs/{hostile['id']}").json()["design"]
    assert shown["rasterized_content_url"] == "javascript:alert(1)"


def test_designs_are_listed_in_pages_that_promise_nothing(account: Account, api: Api) -> None:
    ids = [account.add_design(kind=kind)["id"] for kind in ("badge", "certificate", "badge")]

    def listed(**question: object) -> list[int]:
        answer = api.post("/v1/designs/search", question).json()
        assert set(answer) == {"designs"}
        return [design["id"] for design in answer["designs"]]

    assert listed() == ids
    assert listed(page=1, page_size=2) + listed(page=2, page_size=2) == ids
    assert listed(page=3, page_size=2) == []
    assert listed(kind="badge") == [ids[0], ids[2]]
