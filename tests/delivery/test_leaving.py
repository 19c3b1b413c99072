"""Learners who leave: what is sent of their badges, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from tests.delivery.outbox import credentials, make_badges, make_remote_group

pytestmark = pytest.mark.django_db


def test_nothing_is_issued_to_the_old_address_of_an_account_that_the_service_has_retired(account: Any) -> None:
    [badge] = make_badges(make_remote_group(account), 1)
    type(badge.user).objects.update(username="retired__user_1", full_name="")

    api.deliver(badge.api_config)

    assert credentials(account) == []
    assert "has left" in AccredibleBadge.objects.get().last_error
