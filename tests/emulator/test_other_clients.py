"""What other clients send to Accredible in production, the Credentials service's own integration among them."""

from __future__ import annotations

import pytest

from demo.emulator.account import Account
from tests.emulator.api import Api


@pytest.fixture
def bearer(api: Api) -> Api:
    """The same client, which sends its key in another form."""
    api.session.headers["Authorization"] = str(api.session.headers["Authorization"]).replace("Token token=", "Bearer ")
    return api


def test_the_deprecated_list_of_groups_and_their_designs_are_read(account: Account, bearer: Api) -> None:
    group = account.add_group(name="badge", course_name="Badge")

    listed = bearer.get("/v1/issuer/all_groups", json=None)

    assert [each["id"] for each in listed.json()["groups"]] == [group["id"]]
    design = bearer.get(f"/v1/designs/{group['primary_design_id']}")
    assert design.json()["design"]["rasterized_content_url"]


@pytest.mark.parametrize("time", ["2026-11-26 09:48:00 +0000", "2026-11-26 09:48:00 ", "2026-11-26T09:48:00Z"])
def test_a_credential_is_made_and_expired(account: Account, bearer: Api, time: str) -> None:
    group = account.add_group(name="badge", course_name="Badge")

    made = bearer.create(group["id"], issued_on=time, name="Badge", complete=True)
    number = made.json()["credential"]["id"]
    ended = bearer.request("PATCH", f"/v1/credentials/{number}", json={"credential": {"expired_on": time}})

    assert (made.status_code, ended.status_code) == (200, 200)
    assert bearer.get(f"/v1/credentials/{number}").json()["credential"]["issued_on"] == "2026-11-26"
    assert bearer.get(f"/v1/credentials/{number}").json()["credential"]["expired_on"] == "2026-11-26"


@pytest.mark.parametrize("time", ["2026-11-26 morning", "2026-11-26T", "2026-13-26 09:48:00", "2026-11-26 9:48"])
def test_what_is_no_time_is_no_day_either(account: Account, bearer: Api, time: str) -> None:
    group = account.add_group(name="badge", course_name="Badge")

    assert bearer.create(group["id"], issued_on=time).status_code == 422


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "bearer main", "Basic main", "Token main"])
def test_a_key_in_no_form_is_refused(api: Api, sent: str) -> None:
    api.session.headers["Authorization"] = sent

    assert api.get("/v1/issuer/all_groups").status_code == 401
