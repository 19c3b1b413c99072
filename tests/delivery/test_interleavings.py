"""What happens between two statements of a sender: another decision, another key, an interruption, a long pause."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api, conf
from credentials_accredible.client import AccredibleClient, transport
from credentials_accredible.delivery import actions
from credentials_accredible.delivery.claims import Claim
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from demo.emulator.server import Emulator
from tests.delivery.outbox import (
    assert_each_once,
    credentials,
    drain,
    hurried,
    make_badges,
    make_everything_due,
    make_remote_group,
)
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


def few_times(most: int) -> Any:
    """Says no at last, so that a sender that would never end fails the test instead."""
    asked = iter(range(most))
    return lambda: next(asked, None) is not None


def test_a_sender_whose_key_was_changed_leaves_the_rest_to_one_with_the_new_key(
    emulator: Emulator, account: Any
) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)
    old = AccredibleAPIConfig.objects.get()
    old.api_key = "old-key-0001"  # as it was read before somebody saved the present one

    api.deliver(old, go_on=few_times(40))

    assert len(emulator.requests) == 1
    config = AccredibleAPIConfig.objects.get()
    assert config.paused_at is None
    drain(config)
    assert_each_once(account, 3)


@pytest.mark.parametrize("expiry_is_answered", [True, False])
def test_a_reinstatement_that_was_refused_is_one_when_it_is_retried(
    emulator: Emulator, account: Any, expiry_is_answered: bool
) -> None:
    group = make_remote_group(account)
    group.is_active = True
    group.save()
    staff = make_staff()
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    api.revoke_badges(AccredibleBadge.objects.all(), reason="Mistake", user=staff)
    if not expiry_is_answered:
        emulator.fault("cut_after", path="/v1/credentials", method="PUT")
    api.deliver(group.api_config, limit=1)
    assert credentials(account)[0]["expired_on"]
    api.award_badges(group, [badge.user.username], reason="Appeal", user=staff)
    emulator.fault("status", status=422, path="/v1/credentials", method="PUT")
    drain(group.api_config)
    assert AccredibleBadge.objects.get().state == "error"

    api.retry_badges(AccredibleBadge.objects.all(), user=staff)
    drain(group.api_config)

    assert_each_once(account, 1)
    assert credentials(account)[0]["expired_on"] is None
    assert AccredibleBadge.objects.get().expired_on is None


@pytest.mark.parametrize("number", [1, 3])
def test_what_an_interruption_met_on_its_way_is_not_looked_for_before_accredible_can_have_made_it(
    account: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    group = make_remote_group(account)
    make_badges(group, number)

    def interrupt(*_args: Any, **_values: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AccredibleClient, "create_credential", interrupt)
        patch.setattr(AccredibleClient, "create_credentials", interrupt)
        with pytest.raises(KeyboardInterrupt):
            api.deliver(group.api_config)

    soon = timezone.now() + timedelta(seconds=conf.delivery_lease() / 2)
    assert not AccredibleBadge.objects.filter(next_attempt_at__lte=soon).exists()
    make_everything_due()
    drain(group.api_config)
    assert_each_once(account, number)


def test_an_interruption_before_anything_was_sent_leaves_it_to_whoever_comes_next(
    account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)

    def interrupt(*_args: Any, **_values: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AccredibleClient, "take_turn", interrupt)
        with pytest.raises(KeyboardInterrupt):
            api.deliver(group.api_config)

    assert AccredibleBadge.objects.filter(next_attempt_at__lte=timezone.now(), claim="", state="created").count() == 3


def test_a_badge_of_which_nothing_was_asked_does_not_end_an_outage(emulator: Emulator, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    # Left behind by a sender that was about to send it when it was revoked.
    AccredibleBadge.objects.filter(pk=badge.pk).update(status="revoked")
    AccredibleAPIConfig.objects.update(outages=5, held_until=timezone.now() - timedelta(seconds=1))

    api.deliver(group.api_config)

    assert emulator.requests == []
    assert AccredibleAPIConfig.objects.get().outages == 5
    assert AccredibleBadge.objects.get().next_attempt_at is None


def test_a_sender_that_stood_still_for_its_whole_lease_sends_nothing(
    emulator: Emulator, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the note that it is about to be sent and the request: another sender has taken it over since."""
    group = make_remote_group(account)
    make_badges(group, 3)
    stood_still = [0.0]
    mark_sent = Claim.mark_sent

    def stand_still(claim: Claim, badges: Any) -> Any:
        marked = mark_sent(claim, badges)
        stood_still[0] = conf.delivery_lease()
        return marked

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "mark_sent", stand_still)
        for module in (actions, transport):
            patch.setattr(module, "monotonic", lambda: time.monotonic() + stood_still[0])
        api.deliver(group.api_config, go_on=few_times(10))

    assert emulator.requests == []
    drain(group.api_config)
    assert_each_once(account, 3)
