"""A sender loses its connection to the database, and lives: nobody waits for the end of its lease."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.connections import lost_at
from tests.delivery.faults import CREATING
from tests.delivery.outbox import (
    assert_each_once,
    drain,
    hurried,
    make_badges,
    make_everything_due,
    make_remote_group,
)

__all__ = ["hurried"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hurried")]


@pytest.mark.parametrize("step", ["issue", "search", "revoke"])
def test_whatever_statement_it_is_lost_at(emulator: Emulator, account: Any, step: str) -> None:
    group = make_remote_group(account)
    left_claimed, number, was_lost = [], 0, True
    while was_lost:
        number += 1
        [badge] = make_badges(group, 1)
        if step == "search":
            emulator.fault("cut_after", **CREATING)
        if step != "issue":
            api.deliver(group.api_config, limit=1)
        if step == "revoke":
            AccredibleBadge.objects.filter(pk=badge.pk).revoke()
        make_everything_due()
        with lost_at(number) as connection, suppress(OperationalError):
            api.deliver(group.api_config)
        was_lost = connection.was_lost
        if AccredibleBadge.objects.exclude(claim="").exists():
            left_claimed.append(number)
        make_everything_due()
        drain(group.api_config)

    assert left_claimed == []
    assert_each_once(account, number, "expired" if step == "revoke" else "accepted")
