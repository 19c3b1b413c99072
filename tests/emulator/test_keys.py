"""Who may see what: API keys, departments, environments."""

from __future__ import annotations

import pytest

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import Api
from tests.emulator.conftest import KEY

PROTECTED = [("GET", "/v1/issuer/details"), ("POST", "/v1/credentials"), ("POST", "/v2/credentials/search")]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_an_unknown_key_is_refused_in_json(emulator: Emulator, account: Account, method: str, path: str) -> None:
    with Api(emulator.url, "somebody-elses-key") as stranger:
        reply = stranger.request(method, path)

    assert reply.status_code == 401
    assert reply.json()["success"] is False
    assert isinstance(reply.json()["data"], str)


def test_a_key_of_a_department_sees_nothing_of_the_others(emulator: Emulator) -> None:
    account = emulator.add_account(key="all", seed=30)
    first, second = account.departments
    account.add_key("first", first)
    account.add_key("second", second)
    with Api(emulator.url, "all") as everything, Api(emulator.url, "first") as one, Api(emulator.url, "second") as two:
        seen = [{group["id"] for group in api.groups()["groups"]} for api in (everything, one, two)]
        designs = [
            {design["id"] for design in api.post("/v1/designs/search", {}).json()["designs"]}
            for api in (everything, one, two)
        ]
        hidden = min(seen[2])

        assert len(seen[1]) == 18
        assert seen[1] | seen[2] == seen[0]
        assert not seen[1] & seen[2]
        assert designs[1] | designs[2] == designs[0]
        assert not designs[1] & designs[2]
        assert one.get(f"/v1/issuer/groups/{hidden}").status_code == 404
        assert one.get(f"/v1/designs/{min(designs[2])}").status_code == 404
        assert one.create(hidden).json() == {"errors": "Invalid Group"}
        assert one.groups(ids=[hidden])["groups"] == []


def test_an_account_can_be_added_for_one_department(emulator: Emulator) -> None:
    account = emulator.add_account(key="key", department_id=9)
    account.add_group(name="here")
    account.add_group(name="elsewhere", department_id=10)

    with Api(emulator.url, "key") as api:
        assert [group["name"] for group in api.groups()["groups"]] == ["here"]


def test_environments_have_accounts_of_their_own_and_overlapping_ids(
    emulator: Emulator, account: Account, api: Api
) -> None:
    there = emulator.add_account(key="eu-key", environment="eu")
    here_group, there_group = account.add_group(name="here"), there.add_group(name="there")

    with Api(emulator.url_of("eu"), "eu-key") as eu, Api(emulator.url_of("eu"), KEY) as misplaced:
        assert here_group["id"] == there_group["id"]
        assert eu.groups()["groups"][0]["name"] == "there"
        assert api.groups()["groups"][0]["name"] == "here"
        assert misplaced.get("/v1/issuer/details").status_code == 401


@pytest.mark.parametrize("key", [KEY, "", "two words", 'quo"te', "kéy", "new\nline"])
def test_a_key_that_is_in_use_or_cannot_be_sent_is_refused(emulator: Emulator, account: Account, key: str) -> None:
    with pytest.raises(ValueError, match="API key"):
        emulator.add_account(key=key)
    with pytest.raises(ValueError, match="API key"):
        account.add_key(key)
