"""Senders that share a database in a file, which has one writer at a time: each waits for its turn."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.connections import upgrades
from tests.delivery.faults import CREATING
from tests.delivery.outbox import (
    assert_each_once,
    drain,
    hurried,
    make_badges,
    make_everything_due,
    make_foreign,
    make_remote_group,
)

__all__ = ["hurried"]

pytestmark = [
    pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases lock rows"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("hurried"),
]


@pytest.mark.parametrize("fault", ["", "cut_after", "cut_before"], ids=["at once", "found again", "tried again"])
@pytest.mark.parametrize("number", [1, 3], ids=["single", "bulk"])
def test_no_sender_reads_before_it_writes(emulator: Emulator, account: Any, fault: str, number: int) -> None:
    group = make_remote_group(account)
    make_badges(group, number)
    if fault:
        emulator.fault(fault, **CREATING)

    with upgrades() as found:
        api.deliver(group.api_config)
        make_everything_due()
        drain(group.api_config)
        AccredibleBadge.objects.revoke()
        drain(group.api_config)

    assert found == []
    assert_each_once(account, number, "expired")


def test_nor_does_one_that_takes_over_what_the_learner_has(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    make_foreign(account, badge, own_id="")

    with upgrades() as found:
        drain(group.api_config)

    assert found == []
    assert AccredibleBadge.objects.get().external_id
