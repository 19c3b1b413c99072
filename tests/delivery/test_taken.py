"""The learner has a credential of the group already: it is taken over, or a person is called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.delivery.policy import Verdict, verdict
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from demo.emulator.server import Emulator
from tests.client.conftest import open_client
from tests.conftest import PluginSettings
from tests.delivery.outbox import credentials, drain, hurried, make_badges, make_foreign, make_remote_group, states
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

TAKEN = "has already been taken. Your group settings do not allow duplicates."
SHAPES: dict[str, Any] = {
    "by field": {"errors": {"recipient_email": [TAKEN]}},
    "by path": {"errors": {"recipient.email": [TAKEN]}},
    "nested": {"errors": {"recipient": {"email": [TAKEN]}}},
    "text": {"errors": f"Recipient email {TAKEN}"},
    "text without a name": {"errors": "Your group settings do not allow duplicates"},
    "one error": {"error": f"Email {TAKEN}"},
    "data": {"success": False, "data": f"Recipient email {TAKEN}"},
    "message": {"code": "invalid", "message": "Invalid", "status": 422, "errors": [f"Recipient email {TAKEN}"]},
    "duplicate": {"errors": {"base": ["A duplicate credential for this recipient exists"]}},
}
IN_BULK: dict[str, Any] = {
    "details": {"errors": {"code": "invalid", "message": "Invalid",
                           "details": [{"property": "recipient.email", "message": TAKEN}]}},
    "old words": {"error": {"code": "invalid", "reason": "Invalid",
                            "details": [{"property": "recipient.email", "reason": TAKEN}]}},
    "message alone": {"errors": {"code": "duplicate", "message": f"Recipient email {TAKEN}"}},
    "reason alone": {"error": {"code": "duplicate", "reason": f"Recipient email {TAKEN}"}},
    "text": {"errors": f"Recipient email {TAKEN}"},
    "text and reason": {"error": "invalid", "reason": f"Recipient email {TAKEN}"},
    "by field": {"errors": {"recipient_email": [TAKEN]}},
    "texts": {"errors": [f"Recipient email {TAKEN}"]},
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_whatever_the_refusal_looks_like_the_existing_credential_is_adopted(
    emulator: Emulator, account: Any, shape: Any
) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    existing = make_foreign(account, badge)
    emulator.fault("reply", status=422, body=shape, path="/v1/credentials", method="POST")

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.external_id, badge.problem) == ("accepted", str(existing), "")
    assert badge.url
    assert len(credentials(account)) == 1
    assert BadgeLogEntry.objects.get(badge=badge).action == "adopt"


@pytest.mark.parametrize("status", [207, 422])
@pytest.mark.parametrize("shape", IN_BULK.values(), ids=IN_BULK)
def test_in_a_reply_to_many_too(emulator: Emulator, account: Any, shape: Any, status: int) -> None:
    group = make_remote_group(account)
    badges = make_badges(group, 3)
    existing = [make_foreign(account, badge) for badge in badges]
    emulator.fault("reply", status=status, body={"results": [shape] * 3}, path="/v2/credentials/bulk_create")

    drain(group.api_config)

    assert states() == {"accepted": 3}
    assert sorted(AccredibleBadge.objects.values_list("external_id", flat=True)) == sorted(map(str, existing))
    assert len(credentials(account)) == 3


def test_two_badges_of_one_address_do_not_take_over_the_same_credential(account: Any) -> None:
    badges = make_badges(make_remote_group(account), 2)
    type(badges[0].user).objects.update(email="shared@example.com")
    existing = make_foreign(account, badges[0], email="shared@example.com")

    drain(badges[0].api_config)

    assert sorted(AccredibleBadge.objects.values_list("state", "problem", "external_id")) == [
        ("accepted", "", str(existing)),
        ("error", "taken", ""),
    ]
    assert len(credentials(account)) == 1


def test_the_address_may_be_written_in_another_case(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    existing = make_foreign(account, badge, email=badge.user.email.upper())

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.external_id) == ("accepted", str(existing))


@pytest.mark.parametrize("number", [1, 3], ids=["single", "bulk"])
def test_an_expired_credential_is_not_taken_over(account: Any, number: int) -> None:
    group = make_remote_group(account)
    for badge in make_badges(group, number):
        make_foreign(account, badge, expired_on=timezone.localdate().isoformat())

    drain(group.api_config)

    assert set(AccredibleBadge.objects.values_list("state", "problem", "external_id")) == {("error", "taken", "")}
    assert "already been taken" in AccredibleBadge.objects.all()[0].last_error
    assert len(credentials(account)) == number


def test_one_that_is_valid_for_some_time_is(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    make_foreign(account, badge, expired_on=(timezone.localdate() + timedelta(days=30)).isoformat())

    drain(group.api_config)

    badge.refresh_from_db()
    assert badge.state == "accepted"


@pytest.mark.parametrize("number", [1, 3], ids=["single", "bulk"])
@pytest.mark.parametrize("by", ["own id", "credential"])
def test_one_that_belongs_to_another_badge_is_not_taken_over(account: Any, number: int, by: str) -> None:
    group = make_remote_group(account)
    holders = make_badges(group, number)
    drain(group.api_config)
    if by == "credential":
        # As after a takeover, or in a group whose credentials carry other ids.
        for credential in account.credential_by_id.values():
            credential.license_id = None
    for holder in holders:
        [badge] = make_badges(group, 1)
        type(badge.user).objects.filter(pk=holder.user_id).update(email=f"former-{holder.user_id}@example.com")
        type(badge.user).objects.filter(pk=badge.user_id).update(email=holder.user.email)

    drain(group.api_config)

    late = AccredibleBadge.objects.exclude(pk__in=[holder.pk for holder in holders])
    assert set(late.values_list("state", "problem", "external_id")) == {("error", "taken", "")}
    assert len(credentials(account)) == number


@pytest.mark.parametrize("consent", [False, "true", 1, None])
@pytest.mark.parametrize("number", [1, 3], ids=["single", "bulk"])
@pytest.mark.parametrize("own_id", ["lms-4711", str(uuid4())], ids=["another system's", "another installation's"])
def test_another_systems_is_not_taken_over_and_no_penalty_expires_it(
    account: Any, plugin_settings: PluginSettings, consent: Any, number: int, own_id: str
) -> None:
    plugin_settings(ADOPT_FOREIGN=consent, DELIVERY_DELAYS=(0.001, 0.002))
    group = make_remote_group(account)
    foreign = [make_foreign(account, badge, id=own_id) for badge in make_badges(group, number)]
    drain(group.api_config)

    assert set(AccredibleBadge.objects.values_list("state", "problem", "external_id")) == {("error", "taken", "")}
    assert all(
        words in AccredibleBadge.objects.earliest("pk").last_error
        for words in (f"credential {foreign[0]} ", own_id, "ADOPT_FOREIGN", "retry the delivery")
    )
    for revocation in ("expire", "unpublish", "delete"):
        plugin_settings(ADOPT_FOREIGN=consent, REVOCATION=revocation)
        api.retry_badges(AccredibleBadge.objects.all(), user=make_staff())
        AccredibleBadge.objects.all().revoke()
        drain(group.api_config)
        api.reconcile(group.api_config, repairs=api.RECORDED | api.DELIVERED)
        drain(group.api_config)
    assert [item["id"] for item in credentials(account)] == foreign
    assert {(item["expired_on"], item["approve"]) for item in credentials(account)} == {(None, True)}


def test_with_the_operators_consent_it_is_taken_over_and_a_penalty_expires_it(
    account: Any, plugin_settings: PluginSettings
) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    foreign = make_foreign(account, badge, id="lms-4711")
    drain(group.api_config)

    plugin_settings(ADOPT_FOREIGN=True)
    api.retry_badges(AccredibleBadge.objects.all(), user=make_staff())
    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.external_id) == ("accepted", "", str(foreign))
    plugin_settings(ADOPT_FOREIGN=False)
    AccredibleBadge.objects.all().revoke()
    drain(group.api_config)
    [credential] = credentials(account)
    assert credential["expired_on"]
    assert api.reconcile(group.api_config).findings == []


def test_consent_takes_nothing_from_another_badge(account: Any, plugin_settings: PluginSettings) -> None:
    plugin_settings(ADOPT_FOREIGN=True)
    group = make_remote_group(account)
    [holder] = make_badges(group, 1)
    drain(group.api_config)
    [badge] = make_badges(group, 1)
    make_foreign_to(account, holder, badge)

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.external_id) == ("error", "taken", "")


def make_foreign_to(account: Any, holder: AccredibleBadge, badge: AccredibleBadge) -> None:
    """The address that the holder's credential carries is the other learner's by now."""
    [credential] = account.credential_by_id.values()
    credential.recipient["email"] = badge.user.email
    assert credential.license_id == str(holder.uuid)


def test_one_without_an_own_id_comes_before_another_systems(account: Any) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    [badge] = make_badges(group, 1)
    make_foreign(account, badge, id="lms-4711")
    by_hand = make_foreign(account, badge)
    account.group_by_id[group.accredible_id].allow_duplicates = False

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.external_id) == ("accepted", str(by_hand))


def test_an_unpublished_one_is_taken_over_and_published(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    make_foreign(account, badge, approve=False)

    drain(group.api_config, until_published=True)

    badge.refresh_from_db()
    assert badge.state == "accepted"
    assert credentials(account)[0]["approve"]


@pytest.mark.parametrize("fault", ["cut_after", "html", "broken_json"])
def test_a_fault_while_taking_over_is_followed_by_another_try(emulator: Emulator, account: Any, fault: str) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    existing = make_foreign(account, badge)
    emulator.fault(fault, path="/v2/credentials/search")
    emulator.fault(fault, path="/v1/credentials/", method="GET")

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.external_id) == ("accepted", str(existing))


@pytest.mark.parametrize(
    "body", [{"errors": {"name": ["has already been taken"]}}, {"errors": {"email": ["is invalid"]}}]
)
def test_other_refusals_are_no_duplicates(emulator: Emulator, account: Any, body: Any) -> None:
    emulator.fault("reply", status=422, body=body)
    with open_client(emulator.url) as client, pytest.raises(Exception, match="accept") as raised:
        client.issuer()

    assert verdict(raised.value) is not Verdict.DUPLICATE
