"""Fifty thousand badges are compared in bounded memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.credential import Credential
from tests.conftest import PluginSettings
from tests.delivery.outbox import make_remote_group

pytestmark = [pytest.mark.endurance, pytest.mark.django_db(transaction=True)]

NUMBER = 50_000
MISSING = 50
MEGABYTE = 1024 * 1024


def test_many_badges_take_little_memory_and_few_requests(account: Any, plugin_settings: PluginSettings) -> None:
    plugin_settings(PAGE_SIZE=1000, REQUEST_TIMEOUT=(5, 30))
    group = make_remote_group(account)
    user = get_user_model()
    learners = user.objects.bulk_create(
        (user(username=f"u{number}", email=f"u{number}@example.com") for number in range(NUMBER)), batch_size=1000
    )
    badges = AccredibleBadge.objects.bulk_create(
        (
            AccredibleBadge(
                user=learner,
                group=group,
                api_config=group.api_config,
                accredible_group_id=group.accredible_id,
                group_name="Badge",
                state="accepted",
                external_id=str(number),
                next_attempt_at=None,
            )
            for number, learner in enumerate(learners, start=1)
        ),
        batch_size=500,
    )
    remote = account.group_by_id[group.accredible_id]
    for number, badge in enumerate(badges[MISSING:], start=MISSING + 1):
        account.credential_by_id[number] = Credential(
            id=number,
            environment="emulator",
            issuer=account.issuer,
            group=remote,
            recipient={"name": "Ada", "email": badge.user.email, "id": None, "meta_data": {}},
            license_id=str(badge.uuid),
            published_on="2026-01-01",
        )
    del badges, learners

    tracemalloc.start()
    result = api.reconcile(group.api_config)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    print(f"peak={peak / MEGABYTE:.1f}MB requests={result.requests}")
    assert result.error == ""
    assert (result.badges, result.credentials) == (NUMBER, NUMBER - MISSING)
    assert [str(finding.kind) for finding in result.findings] == ["missing"] * MISSING
    assert result.requests == NUMBER / 1000 + 2 * MISSING + 1
    # The emulator runs in this process: its replies, as they are made, are counted as well.
    assert peak < 60 * MEGABYTE
