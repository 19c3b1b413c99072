"""The rate limit: counted in windows of time, told with and without ``Retry-After``."""

from __future__ import annotations

import time

import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api

DETAILS = "/v1/issuer/details"


def test_past_the_limit_requests_are_refused(emulator: Emulator, account: Account, api: Api) -> None:
    emulator.rate_limit(3)

    replies = [api.get(DETAILS) for _ in range(5)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429, 429]
    assert isinstance(replies[3].json()["errors"], str)
    assert 1 <= int(replies[3].headers["Retry-After"]) <= 30


def test_a_refused_request_does_nothing(emulator: Emulator, account: Account, api: Api) -> None:
    group = account.add_group()["id"]
    emulator.rate_limit(0)

    assert api.create(group).status_code == 429
    assert account.credentials() == []


def test_retry_after_can_be_kept_back(emulator: Emulator, api: Api) -> None:
    emulator.rate_limit(0, retry_after=False)

    assert "Retry-After" not in api.get(DETAILS).headers


def test_the_next_window_counts_from_zero(emulator: Emulator, api: Api) -> None:
    emulator.rate_limit(1, window=0.25)
    statuses = []
    end = time.monotonic() + 0.6

    while time.monotonic() < end:
        statuses.append(api.get(DETAILS).status_code)
        time.sleep(0.01)

    assert statuses.count(200) in {2, 3, 4}
    assert 429 in statuses


def test_environments_count_for_themselves_and_pages_do_not_count(
    emulator: Emulator, account: Account, api: Api
) -> None:
    emulator.add_account(key="eu-key", environment="eu")
    picture = account.add_design()["rasterized_content_url"]
    emulator.rate_limit(1)

    with Api(emulator.url_of("eu"), "eu-key") as eu:
        assert requests.get(picture, timeout=PATIENCE).status_code == 200
        assert api.get(DETAILS).status_code == 200
        assert eu.get(DETAILS).status_code == 200
        assert eu.get(DETAILS).status_code == 429
