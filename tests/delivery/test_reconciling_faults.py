"""Whatever goes wrong while badges are compared, nothing is concluded from half of it."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import hurried
from tests.delivery.spoiling import (
    delivered_group,
    kinds,
    missing,
    rows,
)

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429},
    "401": {"kind": "status", "status": 401},
    "cut": {"kind": "cut_before"},
    "html": {"kind": "html"},
    "broken-json": {"kind": "broken_json"},
    "half-page": {"kind": "half_page"},
    "empty-list": {"kind": "empty_list"},
    "no-list": {"kind": "no_groups"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_page_that_fails_concludes_nothing(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, fault: dict[str, Any]
) -> None:
    plugin_settings(PAGE_SIZE=10)
    group = delivered_group(account, 25)
    for badge in AccredibleBadge.objects.all()[:3]:
        missing(account, badge)
    before = rows()
    emulator.fault(**fault, path="/v2/credentials/search", contains="cursor", times=None)

    result = api.reconcile(group.api_config, repairs=api.RECORDED | api.DELIVERED)

    assert result.error
    assert (result.findings, result.needs_a_person) == ([], True)
    assert rows() == before


def test_a_confirmation_that_fails_concludes_nothing(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account, 5)
    for badge in AccredibleBadge.objects.all()[:3]:
        missing(account, badge)
    before = rows()
    emulator.fault("status", status=500, path="/v1/credentials/", after=4, times=None)

    result = api.reconcile(group.api_config, repairs=api.DELIVERED)

    assert "not available" in result.error
    assert rows() == before


def test_pages_that_contradict_each_other_once_are_read_again(emulator: Emulator, account: Any) -> None:
    group = delivered_group(account, 5)
    emulator.fault("half_page", path="/v2/credentials/search")

    assert kinds(api.reconcile(group.api_config)) == []
