"""How deliveries stand, counted for all configurations at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from tests.factories import make_badge, make_config, make_group

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_each_number_is_counted_by_configuration_with_two_queries(django_assert_num_queries: Any) -> None:
    now = timezone.now()
    busy, idle = make_config("Busy"), make_config("Idle")
    states: list[dict[str, Any]] = [
        {},
        {"next_attempt_at": now + HOUR},
        {"next_attempt_at": now + HOUR, "state": "unpublished"},
        {"next_attempt_at": None, "state": "error"},
        {"next_attempt_at": None, "state": "error", "at_accredible": "keep"},
        {"next_attempt_at": None, "state": "accepted", "delivered_at": now},
        {"next_attempt_at": None, "state": "accepted", "delivered_at": now - 48 * HOUR},
    ]
    for number, values in enumerate(states):
        for _time in range(number + 1):
            AccredibleBadge.objects.filter(pk=make_badge(make_group(busy)).pk).update(**values)
    orphan = make_badge(make_group(busy))
    AccredibleBadge.objects.filter(pk=orphan.pk).update(api_config=None)

    with django_assert_num_queries(2):
        found = {status.config: status for status in api.delivery_status()}

    counted = found[busy]
    assert (counted.due, counted.waiting, counted.failed) == (1, 2, 4)
    assert (counted.unpublished, counted.delivered_today) == (3, 6)
    assert found[idle] == api.DeliveryStatus(idle, 0, 0, 0, 0, 0)


def test_without_a_configuration_nothing_is_counted() -> None:
    assert api.delivery_status() == []
