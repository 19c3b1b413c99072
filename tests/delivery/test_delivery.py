"""What becomes of a badge at Accredible, and who is called when it cannot be delivered."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.badges import awarding
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeLogEntry
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, credentials, drain, hurried, make_badges, make_remote_group
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def test_a_credential_carries_the_learner_the_day_and_our_uuids(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    badge.user.full_name = "Ada Lovelace"
    badge.user.lms_user_id = 42
    badge.user.save()

    drain(group.api_config)

    badge.refresh_from_db()
    [made] = credentials(account)
    assert made["license_id"] == str(badge.uuid)
    assert made["recipient_name"] == "Ada Lovelace"
    assert made["recipient_email"] == badge.user.email
    assert made["meta_data"] == {"badge_uuid": str(badge.uuid), "group_uuid": str(group.uuid)}
    assert badge.external_id == str(made["id"])
    assert badge.state == "accepted"


@pytest.mark.parametrize("number", [1, 3], ids=["alone", "many at once"])
@pytest.mark.parametrize(("sends", "title"), [(False, "Renamed"), (True, "Badge")], ids=["theirs", "ours"])
def test_the_title_is_the_groups_own_unless_an_operator_wants_ours(
    account: Any, plugin_settings: PluginSettings, sends: bool, title: str, number: int
) -> None:
    plugin_settings(SEND_GROUP_NAME=sends)
    group = make_remote_group(account)
    AccredibleGroup.objects.update(name="Badge")
    make_badges(AccredibleGroup.objects.get(), number)
    account.update_group(group.accredible_id, course_name="Renamed")

    drain(group.api_config)

    assert_each_once(account, number)
    assert {item["name"] for item in credentials(account)} == {title}


@pytest.mark.parametrize("number", [1, 3], ids=["alone", "many at once"])
def test_a_group_without_a_title_gets_that_from_here(account: Any, number: int) -> None:
    group = make_remote_group(account)
    badges = make_badges(group, number)
    account.update_group(group.accredible_id, without=["course_name"])

    drain(group.api_config)

    assert_each_once(account, number)
    assert {item["name"] for item in credentials(account)} == {badges[0].group_name}


def test_a_refusal_of_our_title_needs_a_person(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    emulator.fault("reply", status=422, body={"errors": {"name": ["is wrong"]}}, times=None)

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.attempts) == ("error", "refused", 2)
    assert len(emulator.requests) == 2


def test_a_badge_revoked_before_it_was_sent_is_never_sent(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    awarding.revoke(badge.user, [group])

    api.deliver(group.api_config)

    badge.refresh_from_db()
    assert (badge.status, badge.state, badge.next_attempt_at) == ("revoked", "created", None)
    assert emulator.requests == []


def test_a_badge_revoked_while_its_reply_is_lost_ends_expired(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    emulator.fault("cut_after", path="/v1/credentials", method="POST")
    api.deliver(group.api_config)
    awarding.revoke(badge.user, [group])

    drain(group.api_config)

    assert_each_once(account, 1, state="expired")
    assert credentials(account)[0]["expired_on"]


@pytest.mark.parametrize(("revocation", "left"), [("expire", [True]), ("unpublish", [False]), ("delete", [])], ids=str)
def test_revocation_does_what_the_setting_says(
    account: Any, plugin_settings: PluginSettings, revocation: str, left: list[bool]
) -> None:
    plugin_settings(REVOCATION=revocation)
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    awarding.revoke(badge.user, [group])

    drain(group.api_config)

    badge.refresh_from_db()
    assert badge.state == "expired"
    assert badge.expired_on
    assert [item["approve"] for item in credentials(account)] == left


def test_out_of_credits_badges_are_unpublished_and_published_once_there_are_some(account: Any) -> None:
    group = make_remote_group(account)
    account.credits = 10
    make_badges(group, 30)

    api.deliver(group.api_config)

    unpublished = AccredibleBadge.objects.filter(state="unpublished")
    assert unpublished.count() == 20
    assert "credits" in unpublished[0].last_error
    assert len(credentials(account)) == 30

    account.credits = 100
    unpublished.update(next_attempt_at="2020-01-01T00:00:00Z")
    drain(group.api_config)

    assert_each_once(account, 30)


def badge_for(account: Any, address: str) -> AccredibleBadge:
    """A badge that is due, of a learner with that address."""
    [badge] = make_badges(make_remote_group(account), 1)
    badge.user.email = address
    badge.user.save()
    return badge


def assert_refused(account: Any, badge: AccredibleBadge, words: str) -> None:
    """It was not sent, and the badge says why."""
    badge.refresh_from_db()
    assert (badge.state, badge.problem) == ("error", "recipient")
    assert words in badge.last_error
    assert credentials(account) == []


def test_a_learner_without_address_is_told_and_retried_when_the_record_is_corrected(account: Any) -> None:
    badge = badge_for(account, "")

    drain(badge.api_config)

    assert_refused(account, badge, "no e-mail address")

    badge.user.email = "ada@example.com"
    badge.user.save()
    drain(badge.api_config)

    assert_each_once(account, 1)


@pytest.mark.parametrize(
    "address", ["jörg@example.com", "иван@пример.рф", "用户@例子.公司", "ada@bücher.example", "o'hara+x@example.com"]
)
def test_an_address_beyond_ascii_is_one(account: Any, address: str) -> None:
    drain(badge_for(account, address).api_config)

    assert_each_once(account, 1)
    assert credentials(account)[0]["recipient_email"] == address


@pytest.mark.parametrize(
    "address",
    ["jörg", "jörg@", "@bücher.example", "jö rg@example.com", "j\u200bg@example.com", "jörg@exam\u200bple.com"],
)
def test_one_that_is_none_is_told_and_not_sent(account: Any, address: str) -> None:
    badge = badge_for(account, address)

    drain(badge.api_config)

    assert_refused(account, badge, "not valid")


def test_a_refused_key_pauses_the_configuration_until_there_is_another(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    config = group.api_config
    config.api_key = "wrong-key-0001"
    config.save()
    make_badges(group, 40)

    api.deliver(config)
    api.deliver(config)

    config.refresh_from_db()
    assert config.paused_at
    assert "refused the API key" in config.pause_reason
    assert len(emulator.requests) == 1

    config.api_key = "main-key-0001"
    config.save()
    drain(config)

    assert_each_once(account, 40)


def test_a_sync_for_which_the_key_works_again_lifts_the_pause(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 2)
    emulator.fault("status", status=401, times=2)
    api.deliver(group.api_config)

    assert not api.sync(group.api_config).succeeded
    api.deliver(group.api_config)
    assert not account.credential_by_id

    assert api.sync(group.api_config).succeeded
    drain(group.api_config)
    assert_each_once(account, 2)


def test_the_pause_can_be_lifted_by_hand(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 2)
    emulator.fault("status", status=401)
    api.deliver(group.api_config)

    api.resume_delivery(group.api_config)
    drain(group.api_config)

    assert_each_once(account, 2)


def test_a_credential_with_our_id_is_adopted(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    external_id = credentials(account)[0]["id"]
    AccredibleBadge.objects.update(external_id="", url="", state="no_response", next_attempt_at="2020-01-01T00:00:00Z")

    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.external_id) == ("accepted", str(external_id))


def test_a_group_that_is_gone_needs_a_person_and_retry_starts_again(account: Any) -> None:
    group = make_remote_group(account)
    number = group.accredible_id
    type(group).objects.filter(pk=group.pk).update(accredible_id=number + 1000)
    group.refresh_from_db()
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.next_attempt_at) == ("error", "refused", None)

    AccredibleBadge.objects.update(accredible_group_id=number)
    user = make_staff()
    assert api.retry_badges(AccredibleBadge.objects.all(), user=user) == 1
    drain(group.api_config)

    assert_each_once(account, 1)
    assert BadgeLogEntry.objects.filter(badge=badge, action="retry", user=user).exists()


def test_nothing_is_hammered_while_accredible_is_away(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    plugin_settings(DELIVERY_DELAYS=(60, 3600))
    group = make_remote_group(account)
    make_badges(group, 90)
    emulator.fault("status", status=503, times=None)

    for _ in range(5):
        api.deliver(group.api_config)

    assert len(emulator.requests) == 1
    group.api_config.refresh_from_db()
    assert group.api_config.held_until


def test_the_log_names_badges_and_no_person(account: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)

    drain(group.api_config)

    assert f"badge_delivery badge={badge.uuid} action=issue state=accepted" in caplog.text
    assert badge.user.email not in caplog.text
    assert badge.user.username not in caplog.text


@pytest.mark.parametrize("number", [1, 3], ids=["alone", "many at once"])
def test_custom_attributes_are_told_as_they_were_decided(emulator: Emulator, account: Any, number: int) -> None:
    group = make_remote_group(account)
    for badge in make_badges(group, number):
        badge.custom_attributes = {"Course": f"Course <{badge.pk}>", "Place": "Turin"}
        badge.save()

    drain(group.api_config)

    assert len(emulator.requests) == 1
    assert_each_once(account, number)
    told = {item["license_id"]: item["custom_attributes"] for item in credentials(account)}
    assert told == {str(badge.uuid): badge.custom_attributes for badge in AccredibleBadge.objects.all()}
