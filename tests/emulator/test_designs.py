"""Designs, their pictures, and the pages that people open."""

from __future__ import annotations

import io

import pytest
import requests
from PIL import Image

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api


def picture(url: str) -> Image.Image:
    reply = requests.get(url, timeout=PATIENCE)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(reply.content))


def test_a_design_is_viewed_with_the_groups_that_use_it(account: Account, api: Api) -> None:
    design = account.add_design(name="Round", kind="badge")
    user = account.add_group(certificate_design_id=design["id"])
    account.add_group(design_id=None)

    shown = api.get(f"/v1/designs/{design['id']}").json()["design"]

    assert (shown["id"], shown["name"], shown["kind"]) == (design["id"], "Round", "badge")
    assert [group["id"] for group in shown["groups"]] == [user["id"]]
    assert shown["rasterized_content_url"] == design["rasterized_content_url"]
    assert shown["updated_at"].endswith("Z")


def test_a_design_that_is_gone_is_not_found(account: Account, api: Api) -> None:
    design = account.add_design()
    account.remove_design(design["id"])

    reply = api.get(f"/v1/designs/{design['id']}")

    assert (reply.status_code, reply.json()) == (404, {"errors": "Doesn't exist"})


def test_designs_are_found_by_kind_and_page_without_meta(account: Account, api: Api) -> None:
    badges = [account.add_design(kind="badge")["id"] for _ in range(3)]
    account.add_design(kind="certificate")

    reply = api.post("/v1/designs/search", {"kind": "badge", "page": 2, "page_size": 2}).json()

    assert reply.keys() == {"designs"}
    assert [design["id"] for design in reply["designs"]] == badges[2:]
    assert len(api.post("/v1/designs/search", {}).json()["designs"]) == 4


@pytest.mark.parametrize("kind", ["badge", "certificate"])
def test_a_design_has_a_picture(account: Account, kind: str) -> None:
    image = picture(account.add_design(kind=kind)["rasterized_content_url"])

    assert image.format == "PNG"
    assert image.width == image.height == 320
    assert len(image.convert("RGB").getcolors(100_000) or []) > 3


def test_pictures_of_different_designs_differ(account: Account) -> None:
    one, other = (picture(account.add_design()["rasterized_content_url"]) for _ in range(2))

    assert one.tobytes() != other.tobytes()


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


def test_pictures_and_dashboards_are_those_of_their_environment(emulator: Emulator, account: Account) -> None:
    eu = emulator.add_account(key="eu-key", environment="eu")
    group, design = eu.add_group(course_name="Only in Europe"), eu.designs()[0]
    dashboard = f"/issuer/dashboard/group/{group['id']}/information-and-appearance"

    assert design["rasterized_content_url"].startswith(emulator.url_of("eu"))
    assert picture(design["rasterized_content_url"]).format == "PNG"
    assert "Only in Europe" in requests.get(emulator.url_of("eu") + dashboard, timeout=PATIENCE).text
    assert requests.get(emulator.url + dashboard, timeout=PATIENCE).status_code == 404


def test_the_dashboard_escapes_what_it_shows(emulator: Emulator, account: Account) -> None:
    group = account.add_group(course_name="<script>alert(1)</script>", course_description="<b>bold</b>")

    reply = requests.get(
        f"{emulator.url}/issuer/dashboard/group/{group['id']}/information-and-appearance", timeout=PATIENCE
    )

    assert reply.headers["Content-Type"].startswith("text/html")
    assert "&lt;script&gt;" in reply.text
    assert "<script>" not in reply.text
    assert "<b>" not in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/designs/1.png",
        "/designs/x.png",
        "/designs/1/rasterized",
        "/credentials/1",
        "/issuer/dashboard/group/1/information-and-appearance",
        "/issuer/dashboard/group/x/information-and-appearance",
        "/nothing",
        "/",
    ],
)
def test_pages_that_do_not_exist_are_not_found_in_html(emulator: Emulator, account: Account, path: str) -> None:
    reply = requests.get(emulator.url + path, timeout=PATIENCE)

    assert reply.status_code == 404
    assert "Not found" in reply.text
    assert reply.headers["Content-Type"].startswith("text/html")
