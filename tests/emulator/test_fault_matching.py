"""Which requests a fault meets, and how often."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from demo.emulator.account import Account
from demo.emulator.server import Emulator
from tests.emulator.api import PATIENCE, Api

DETAILS = "/v1/issuer/details"
SEARCH = "/v1/issuer/groups/search"


def test_a_fault_is_met_as_often_as_ordered(emulator: Emulator, api: Api) -> None:
    fault = emulator.fault("status", status=500, times=2, after=1)

    assert [api.get(DETAILS).status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert fault.hits == 2


def test_a_fault_can_stay_until_it_is_cleared(emulator: Emulator, api: Api) -> None:
    emulator.fault("status", status=500, times=None)

    assert {api.get(DETAILS).status_code for _ in range(5)} == {500}
    emulator.clear_faults()
    assert api.get(DETAILS).status_code == 200


def test_faults_are_met_in_the_order_in_which_they_were_added(emulator: Emulator, api: Api) -> None:
    for status in (500, 503, 429):
        emulator.fault("status", status=status)

    assert [api.get(DETAILS).status_code for _ in range(4)] == [500, 503, 429, 200]


@pytest.mark.parametrize(
    ("where", "statuses"),
    [
        ({"path": "/v1/issuer/groups"}, [500, 500, 200, 500]),
        ({"method": "GET"}, [200, 200, 500, 500]),
        ({"method": "post"}, [500, 500, 200, 200]),
        ({"pattern": r"^/v1/issuer/[a-z_]+$"}, [200, 200, 500, 200]),
        ({"pattern": r"\?x=1$"}, [200, 200, 200, 500]),
        ({"contains": "needle"}, [200, 500, 200, 200]),
        ({"json": {"page": 1}}, [500, 200, 200, 200]),
        ({"environment": "eu"}, [200, 200, 200, 200]),
        ({"environment": "emulator"}, [500, 500, 500, 500]),
        ({"method": "POST", "path": SEARCH, "json": {"page": 2}, "contains": "needle"}, [200, 500, 200, 200]),
    ],
)
def test_a_fault_meets_what_matches(
    emulator: Emulator, account: Account, api: Api, group: int, where: dict[str, Any], statuses: list[int]
) -> None:
    emulator.fault("status", status=500, times=None, **where)

    replies = [
        api.post(SEARCH, {"page": 1}),
        api.post(SEARCH, {"page": 2, "name": "needle"}),
        api.get(DETAILS),
        api.get(f"/v1/issuer/groups/{group}?x=1"),
    ]

    assert [reply.status_code for reply in replies] == statuses


def test_paths_do_not_depend_on_the_environment(emulator: Emulator) -> None:
    emulator.add_account(key="eu-key", environment="eu")
    emulator.fault("status", status=500, path=DETAILS)

    with Api(emulator.url_of("eu"), "eu-key") as eu:
        assert eu.get(DETAILS).status_code == 500


def test_the_controls_meet_no_fault(emulator: Emulator, account: Account) -> None:
    emulator.fault("cut_before", times=None)

    assert requests.get(f"{emulator.url}/_emulator/faults", timeout=PATIENCE).status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "flood"},
        {"kind": "status"},
        {"kind": "status", "status": "500"},
        {"kind": "html", "times": 0},
        {"kind": "html", "pattern": "("},
        {"kind": "html", "colour": "red"},
        {"kind": "slow", "seconds": -1},
        {"kind": "cut_before", "how": "gently"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: Emulator, api: Api, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        emulator.fault(**options)

    assert api.get(DETAILS).status_code == 200
