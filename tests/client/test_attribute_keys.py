"""The names that an account has for custom attributes."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible.client import AccredibleClient, ClientOptions
from credentials_accredible.exceptions import AuthenticationFailed, UnexpectedReply
from credentials_accredible.secrets import Secret
from demo.emulator.server import Emulator


@pytest.fixture
def client(emulator: Emulator, account: Any) -> AccredibleClient:
    """A client of the account."""
    return AccredibleClient(emulator.url, Secret.of("main-key-0001"), ClientOptions.from_settings())


def test_all_pages_are_read(client: AccredibleClient, emulator: Emulator, account: Any) -> None:
    for number in range(230):
        account.add_attribute_key(f"Key {number}", "date" if number % 2 else "text")

    keys = client.attribute_keys()

    assert [key.name for key in keys] == [f"Key {number}" for number in range(230)]
    assert (keys[0].kind, keys[1].kind) == ("text", "date")
    assert len(emulator.requests) == 3


def test_an_account_without_any_has_none(client: AccredibleClient) -> None:
    assert client.attribute_keys() == []


@pytest.mark.parametrize("meta", [{}, {"meta": None}, {"meta": {"total_pages": 99, "next_page": 2}}])
def test_paging_that_does_nothing_comes_to_an_end(
    client: AccredibleClient, emulator: Emulator, meta: dict[str, Any]
) -> None:
    keys = [{"name": "Grade", "kind": None}, {"name": " "}, {"name": "Grade"}, {"id": 7, "name": "Place", "new": []}]
    emulator.fault("reply", status=200, body={"attribute_keys": keys, **meta}, times=None)
    assert [key.name for key in client.attribute_keys()] == ["Grade", "Place"]
    assert len(emulator.requests) == 2


@pytest.mark.parametrize("body", [{}, {"attribute_keys": None}, {"attribute_keys": [{"name": 7}]}])
def test_a_reply_that_makes_no_sense_is_none(
    client: AccredibleClient, emulator: Emulator, body: dict[str, Any]
) -> None:
    emulator.fault("reply", status=200, body=body, times=None)
    with pytest.raises(UnexpectedReply):
        client.attribute_keys()


def test_a_refused_key_is_told(emulator: Emulator) -> None:
    with pytest.raises(AuthenticationFailed):
        AccredibleClient(emulator.url, Secret.of("another-key-01"), ClientOptions.from_settings()).attribute_keys()
