"""Whatever goes wrong on the way, every badge ends with exactly one credential."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.delivery.faults import CHANGING, CREATING, FAULTS
from tests.delivery.outbox import (
    MANY,
    assert_each_once,
    credentials,
    drain,
    hurried,
    make_badges,
    make_remote_group,
    states,
)

__all__ = ["hurried"]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("limit", [None, 1], ids=["bulk", "single"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.django_db(transaction=True)
def test_a_fault_while_issuing_neither_loses_nor_doubles(
    emulator: Emulator, account: Any, fault: dict[str, Any], limit: int | None
) -> None:
    group = make_remote_group(account)
    number = MANY if limit is None else 12
    make_badges(group, number)
    for after in (0, 1, 2):
        emulator.fault(**fault, **CREATING, after=after)

    drain(group.api_config, limit=limit)

    assert_each_once(account, number)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.django_db(transaction=True)
def test_a_fault_while_searching_neither_loses_nor_doubles(
    emulator: Emulator, account: Any, fault: dict[str, Any]
) -> None:
    group = make_remote_group(account)
    make_badges(group, 40)
    emulator.fault("cut_after", path="/v2/credentials/bulk_create")
    emulator.fault(**fault, path="/v2/credentials/search")
    emulator.fault(**fault, path="/v1/credentials/", method="GET")

    drain(group.api_config)

    assert_each_once(account, 40)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.django_db(transaction=True)
def test_many_badges_that_meet_the_pages_of_a_proxy_need_no_person(
    emulator: Emulator, account: Any, status: int
) -> None:
    group = make_remote_group(account)
    make_badges(group, 70)
    emulator.fault("html", status=status, times=12)

    drain(group.api_config)

    assert_each_once(account, 70)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.django_db(transaction=True)
def test_badges_that_accredible_refuses_together_go_one_by_one(emulator: Emulator, account: Any, status: int) -> None:
    group = make_remote_group(account)
    make_badges(group, 12)
    emulator.fault("status", status=status, path="/v2/credentials/bulk_create", times=None)

    drain(group.api_config)

    assert_each_once(account, 12)


@pytest.mark.usefixtures("hurried")
@pytest.mark.django_db(transaction=True)
def test_a_single_not_found_ends_nothing(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    account.credits = 0
    make_badges(group, 3)
    api.deliver(group.api_config)
    assert states() == {"unpublished": 3}
    account.credits = 100

    emulator.fault("status", status=404, **CHANGING)
    drain(group.api_config, until_published=True)
    assert_each_once(account, 3)
    emulator.fault("status", status=404, **CHANGING)
    AccredibleBadge.objects.all().revoke()
    drain(group.api_config)
    assert_each_once(account, 3, state="expired")
    assert all(item["expired_on"] for item in credentials(account))
    emulator.fault("status", status=404, **CHANGING)
    for badge in AccredibleBadge.objects.all():
        badge.award_again(group, {})
        badge.save()
    drain(group.api_config)

    assert_each_once(account, 3)
    assert not any(item["expired_on"] for item in credentials(account))


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.django_db(transaction=True)
def test_a_fault_while_revoking_is_followed_by_the_revocation(
    emulator: Emulator, account: Any, fault: dict[str, Any]
) -> None:
    group = make_remote_group(account)
    make_badges(group, 5)
    drain(group.api_config)
    AccredibleBadge.objects.update(status="revoked", next_attempt_at="2020-01-01T00:00:00Z")
    emulator.fault(**fault, path="/v1/credentials/", method="PUT", times=2)

    drain(group.api_config)

    assert_each_once(account, 5, state="expired")
    assert all(item["expired_on"] for item in credentials(account))


@pytest.mark.usefixtures("hurried")
@pytest.mark.django_db(transaction=True)
def test_after_a_lost_reply_nothing_is_made_again(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 30)
    emulator.fault("cut_after", path="/v2/credentials/bulk_create")

    drain(group.api_config)

    made = [request for request in emulator.requests if request.path.endswith("bulk_create")]
    assert len(made) == 1
    assert_each_once(account, 30)


@pytest.mark.usefixtures("hurried")
@pytest.mark.django_db(transaction=True)
def test_a_backlog_takes_no_more_requests_than_it_must(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 90)

    drain(group.api_config)

    assert [request.path for request in emulator.requests] == ["/v2/credentials/bulk_create"] * 3


@pytest.mark.usefixtures("hurried")
@pytest.mark.django_db(transaction=True)
def test_one_badge_that_spoils_a_batch_does_not_keep_the_others(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    spoilt, *_others = make_badges(group, 30)
    emulator.fault("reply", status=422, body={"errors": "Invalid"}, contains=str(spoilt.uuid), times=2)

    drain(group.api_config)

    spoilt.refresh_from_db()
    assert (spoilt.state, spoilt.problem) == ("error", "refused")
    assert AccredibleBadge.objects.filter(state="accepted").count() == 29
    assert len(credentials(account)) == 29
