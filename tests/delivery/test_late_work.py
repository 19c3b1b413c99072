"""Accredible is still working on a request when nobody waits for its answer any more: one credential all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.models import AccredibleBadge
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.faults import CHANGING, CREATING, DELETING
from tests.delivery.outbox import (
    assert_each_once,
    credentials,
    drain,
    make_badges,
    make_everything_due,
    make_remote_group,
    states,
)
from tests.factories import make_staff

pytestmark = pytest.mark.django_db(transaction=True)

IN_A_ROW = pytest.mark.parametrize("number", [5, 1], ids=["bulk", "single"])
LATE = pytest.mark.parametrize("kind", ["late", "cut_late"], ids=["timed out", "cut"])


@pytest.fixture(autouse=True)
def patient(account: Any, plugin_settings: PluginSettings) -> None:
    """As operators have it."""
    plugin_settings(LATE_ANSWER_MINUTES=10, DELIVERY_DELAYS=(15, 14400), INLINE_TIMEOUT=(1, 0.5))


def creates(emulator: Emulator) -> int:
    """How many requests asked for new credentials."""
    return sum(request.method == "POST" and "search" not in request.path for request in emulator.requests)


def wait_for_the_work(account: Any, number: int = 1) -> None:
    """Until Accredible has done what it was asked for."""
    wait_until(lambda: len(credentials(account)) >= number)


def wait_until(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_done() and time.monotonic() < end:
        time.sleep(0.05)


def is_visible(account: Any) -> bool:
    """Whether learners can show the one credential that there is, if there is one."""
    return any(item["approve"] and not item["expired_on"] for item in credentials(account))


def let_the_minutes_be_over() -> None:
    """Nobody works on anything any more."""
    columns = ("sent_at", "showing_sent_at", "revoking_sent_at")
    AccredibleBadge.objects.update(**{column: F(column) - timedelta(minutes=11) for column in columns})
    make_everything_due()


def award_again(group: Any) -> None:
    for badge in AccredibleBadge.objects.all():
        badge.award_again(group, {})
        badge.save()


def changes(emulator: Emulator) -> int:
    """How many requests asked for a change of a credential."""
    return sum(request.method in {"PUT", "DELETE"} for request in emulator.requests)


@LATE
@IN_A_ROW
@pytest.mark.parametrize("door", ["command", "inline"])
def test_one_credential_each(emulator: Emulator, account: Any, kind: str, number: int, door: str) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    make_badges(group, number)
    emulator.fault(kind, seconds=2.5, **CREATING)
    if door == "command":
        api.deliver(group.api_config)
    else:
        api.deliver_now(AccredibleBadge.objects.all(), user=make_staff())
    assert states() == {"no_response": number}

    for _ in range(2):
        make_everything_due()
        api.deliver(group.api_config)
    assert (creates(emulator), credentials(account), states()) == (1, [], {"no_response": number})
    wait_for_the_work(account, number)
    make_everything_due()
    drain(group.api_config)

    assert_each_once(account, number)


def test_what_is_not_there_when_the_minutes_are_over_is_sent_again(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    [badge] = make_badges(group, 1)
    emulator.fault("cut_before", **CREATING)
    api.deliver(group.api_config)
    make_everything_due()
    api.deliver(group.api_config)
    assert creates(emulator) == 1
    AccredibleBadge.objects.update(sent_at=timezone.now() - timedelta(minutes=11))

    make_everything_due()
    api.deliver(group.api_config)

    assert_each_once(account, 1)
    badge.refresh_from_db()
    assert timezone.now() - badge.sent_at < timedelta(minutes=1)


def test_it_is_looked_for_again_after_as_long_as_it_took_until_then(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    emulator.fault("cut_before", **CREATING)
    api.deliver(group.api_config)
    delays = []
    for minutes in (0, 1, 4, 9):
        sent_at = timezone.now() - timedelta(minutes=minutes)
        AccredibleBadge.objects.update(sent_at=sent_at)
        make_everything_due()
        api.deliver(group.api_config)
        badge = AccredibleBadge.objects.get()
        delays.append(round((badge.next_attempt_at - timezone.now()).total_seconds()))
        assert badge.failures == 1

    assert delays == pytest.approx([15, 60, 240, 60], abs=2)


def test_waiting_for_it_holds_nobody_else_up(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    emulator.fault("cut_before", **CREATING)
    api.deliver(group.api_config)
    make_badges(group, 3)
    make_everything_due()
    type(group.api_config).objects.update(held_until=timezone.now())

    api.deliver(group.api_config)

    assert states() == {"no_response": 1, "accepted": 3}
    group.api_config.refresh_from_db()
    assert (group.api_config.held_until, group.api_config.outages) == (None, 0)


def test_a_badge_revoked_meanwhile_is_expired_when_it_is_there(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    emulator.fault("cut_late", seconds=1.0, **CREATING)
    api.deliver(group.api_config)
    AccredibleBadge.objects.all().revoke()
    make_everything_due()
    api.deliver(group.api_config)
    assert states() == {"no_response": 1}
    wait_for_the_work(account)

    make_everything_due()
    drain(group.api_config)

    [credential] = credentials(account)
    assert (states(), bool(credential["expired_on"])) == ({"expired": 1}, True)


@pytest.mark.parametrize("button", ["deliver_now", "retry"])
def test_staff_who_press_a_button_wait_too_and_are_told(
    client: Any, emulator: Emulator, account: Any, button: str
) -> None:
    group = make_remote_group(account, allow_duplicates=True)
    [badge] = make_badges(group, 1)
    emulator.fault("cut_before", **CREATING)
    api.deliver(group.api_config)
    client.force_login(make_staff("view_accrediblebadge", "deliver_accrediblebadge"))
    the_list = reverse("admin:credentials_accredible_accrediblebadge_changelist")

    answer = client.post(the_list, {"action": button, "_selected_action": [badge.pk]}, follow=True)

    make_everything_due()
    api.deliver(group.api_config)
    assert creates(emulator) == 1
    badge.refresh_from_db()
    assert "Accredible may still be working on it" in badge.last_error
    if button == "deliver_now":
        assert "Accredible may still be working on it" in answer.content.decode()


@pytest.mark.parametrize("revocation", ["expire", "unpublish", "delete"])
def test_a_revocation_that_is_done_late_does_not_undo_a_reinstatement(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, revocation: str
) -> None:
    plugin_settings(REVOCATION=revocation)
    group = make_remote_group(account)
    make_badges(group, 1)
    drain(group.api_config)
    emulator.fault("late", seconds=2.5, **(DELETING if revocation == "delete" else CHANGING))
    AccredibleBadge.objects.all().revoke()
    api.deliver(group.api_config)

    award_again(group)
    make_everything_due()
    api.deliver(group.api_config)
    assert is_visible(account)
    wait_until(lambda: not is_visible(account))
    let_the_minutes_be_over()
    drain(group.api_config)

    assert is_visible(account)
    assert_each_once(account, 1)


@pytest.mark.parametrize("revocation", ["expire", "unpublish"])
@pytest.mark.parametrize("shown_by", ["reinstating", "publishing"])
def test_a_credential_that_is_shown_late_does_not_undo_a_revocation(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, revocation: str, shown_by: str
) -> None:
    plugin_settings(REVOCATION=revocation)
    group = make_remote_group(account)
    account.credits = 100 if shown_by == "reinstating" else 0
    make_badges(group, 1)
    api.deliver(group.api_config)
    if shown_by == "reinstating":
        AccredibleBadge.objects.all().revoke()
        drain(group.api_config)
        award_again(group)
    account.credits = 100
    emulator.fault("late", seconds=2.5, **CHANGING)
    make_everything_due()
    api.deliver(group.api_config)
    assert not is_visible(account)

    AccredibleBadge.objects.all().revoke()
    make_everything_due()
    api.deliver(group.api_config)
    assert changes(emulator) == (3 if shown_by == "reinstating" else 2)
    wait_until(lambda: credentials(account)[0]["approve"] if shown_by == "publishing" else is_visible(account))
    let_the_minutes_be_over()
    drain(group.api_config)

    assert not is_visible(account)
    assert states() == {"expired": 1}
    assert not AccredibleBadge.objects.get().last_error


def test_it_is_told_that_what_is_done_will_be_done_once_more(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    drain(group.api_config)
    emulator.fault("cut_before", **CHANGING)
    AccredibleBadge.objects.all().revoke()
    api.deliver(group.api_config)
    award_again(group)
    make_everything_due()

    since = timezone.now()
    api.deliver_now(AccredibleBadge.objects.all(), user=make_staff())

    badge = AccredibleBadge.objects.get()
    [outcome] = api.badge_outcomes([badge.pk], since)
    assert outcome.fate == api.Fate.LATER
    assert "It is done" in outcome.detail
    assert (badge.state, badge.failures, badge.problem) == ("expired", 0, "")
    assert badge.next_attempt_at == badge.revoking_sent_at + timedelta(minutes=10)


def test_what_was_answered_is_done_once(emulator: Emulator, account: Any) -> None:
    """However quickly staff change their mind."""
    group = make_remote_group(account)
    make_badges(group, 1)
    drain(group.api_config)
    for _ in range(2):
        AccredibleBadge.objects.all().revoke()
        drain(group.api_config)
        award_again(group)
        drain(group.api_config)

    assert_each_once(account, 1)
    assert changes(emulator) == 4


def test_an_answer_to_a_second_try_does_not_end_the_first_one(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 1)
    drain(group.api_config)
    emulator.fault("late", seconds=2.5, **CHANGING)
    AccredibleBadge.objects.all().revoke()
    api.deliver(group.api_config)
    make_everything_due()
    api.deliver(group.api_config)
    assert states() == {"expired": 1}

    award_again(group)
    api.deliver(group.api_config)
    wait_until(lambda: not is_visible(account))
    let_the_minutes_be_over()
    drain(group.api_config)

    assert is_visible(account)
    assert_each_once(account, 1)


@pytest.mark.parametrize("number", [5, 1], ids=["bulk", "single"])
def test_what_accredible_itself_says_to_have_failed_can_be_under_way_too(
    emulator: Emulator, account: Any, number: int
) -> None:
    """Its own words of an error are about the answer; that nothing was made, or will be, they do not say."""
    group = make_remote_group(account, allow_duplicates=True)
    make_badges(group, number)
    emulator.fault("status", status=500, **CREATING)
    api.deliver(group.api_config)
    assert states() == {"no_response": number}

    make_everything_due()
    api.deliver(group.api_config)
    assert creates(emulator) == 1
    let_the_minutes_be_over()
    drain(group.api_config)

    assert_each_once(account, number)
