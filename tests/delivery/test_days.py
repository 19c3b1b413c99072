"""Days as Accredible is told: a revocation is over wherever it counts, and nothing is issued in the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.delivery.policy import day_that_is_over
from credentials_accredible.models import AccredibleBadge
from tests.delivery.outbox import credentials, drain, make_remote_group
from tests.factories import make_badge

NOON = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "UTC", "Pacific/Pago_Pago"])
@pytest.mark.django_db(transaction=True)
def test_a_revocation_is_over_everywhere_and_nothing_is_issued_in_the_future(account: Any, zone: str) -> None:
    with time_machine.travel(NOON, tick=True), timezone.override(zone):
        group = make_remote_group(account)
        make_badge(group)
        today = timezone.localdate()
        AccredibleBadge.objects.update(issued_on=today)
        drain(group.api_config)
        [made] = credentials(account)
        AccredibleBadge.objects.all().revoke()
        api.deliver(group.api_config)

    [expired] = credentials(account)
    assert date.fromisoformat(made["issued_on"]) == min(today, NOON.date())
    assert date.fromisoformat(expired["expired_on"]) < NOON.astimezone(ZoneInfo("Etc/GMT+12")).date()


@given(moment=st.datetimes(timezones=st.timezones()), offset=st.integers(-12, 14))
def test_the_day_that_is_over_is_so_in_every_time_zone(moment: datetime, offset: int) -> None:
    if 2 <= moment.year <= 9998:
        there = (moment.astimezone(UTC) + timedelta(hours=offset)).date()
        assert timedelta(days=1) <= there - day_that_is_over(moment) <= timedelta(days=3)
