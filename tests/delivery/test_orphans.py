"""Badges whose API configuration was deleted do not wait for ever: a person is called, and can bring them back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.badges import awarding
from credentials_accredible.choices import BadgeAction
from credentials_accredible.delivery import claims
from credentials_accredible.delivery.claims import Result
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from demo.emulator.server import Emulator
from tests.delivery.outbox import assert_each_once, credentials, drain, hurried, make_badges, make_remote_group
from tests.factories import make_config, make_group, make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

GIVEN_UP = ("error", "orphaned", None, "")


def rows() -> set[tuple[Any, ...]]:
    return set(AccredibleBadge.objects.values_list("state", "problem", "next_attempt_at", "claim"))


def test_undelivered_badges_of_a_deleted_configuration_end_in_an_error_that_says_so(account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)

    group.api_config.delete()

    assert rows() == {GIVEN_UP}
    assert "configuration was deleted" in AccredibleBadge.objects.all()[0].last_error


def test_so_do_those_deleted_with_many_others() -> None:
    make_badges(make_group(), 2)

    AccredibleAPIConfig.objects.all().delete()

    assert rows() == {GIVEN_UP}


def test_delivered_badges_stay_what_they_are(account: Any) -> None:
    group = make_remote_group(account)
    make_badges(group, 2)
    drain(group.api_config)

    group.api_config.delete()

    assert rows() == {("accepted", "", None, "")}


def test_a_badge_that_is_being_sent_meanwhile_keeps_what_came_of_it(account: Any) -> None:
    group = make_remote_group(account)
    sent, failed = make_badges(group, 2)
    claimed = claims.claim(group.api_config_id, 2)
    AccredibleAPIConfig.objects.all().delete()
    assert set(AccredibleBadge.objects.values_list("claim", flat=True)) == {claimed.token}

    accept = partial(AccredibleBadge.accept, external_id="1", url="https://a.test/1", published=True)
    claimed.write_down(
        {
            sent: Result(BadgeAction.ISSUE, accept),
            failed: Result(BadgeAction.ISSUE, AccredibleBadge.mark_absent, ConnectionError("cut")),
        }
    )

    sent.refresh_from_db()
    failed.refresh_from_db()
    assert (sent.state, sent.external_id, sent.next_attempt_at) == ("accepted", "1", None)
    assert (failed.state, failed.next_attempt_at) == ("error", None)


def test_one_whose_sender_died_is_found_by_whoever_sends_next(account: Any) -> None:
    make_badges(make_group(), 1)
    claims.claim(AccredibleAPIConfig.objects.get().pk, 1)
    AccredibleAPIConfig.objects.all().delete()
    AccredibleBadge.objects.update(next_attempt_at=timezone.now())

    api.deliver(make_config())

    assert rows() == {GIVEN_UP}


def test_the_admin_lists_them_and_retrying_without_a_new_home_changes_nothing(client: Any, account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    group.api_config.delete()
    client.force_login(make_staff("view_accrediblebadge", "deliver_accrediblebadge"))
    the_list = reverse("admin:credentials_accredible_accrediblebadge_changelist")

    assert str(badge.user) in client.get(the_list, {"problem__exact": "orphaned"}).content.decode()
    answer = client.post(the_list, {"action": "retry", "_selected_action": [badge.pk]}, follow=True)

    assert "0 badges are due" in answer.content.decode()
    assert rows() == {GIVEN_UP}


@pytest.mark.parametrize("sent", [False, True], ids=["never sent", "sent, reply lost"])
def test_retried_they_are_joined_to_the_configuration_that_has_their_group_now(
    emulator: Emulator, account: Any, sent: bool
) -> None:
    group = make_remote_group(account)
    make_badges(group, 3)
    if sent:
        emulator.fault("cut_after", path="/v2/credentials/bulk_create")
        api.deliver(group.api_config, limit=3)
        assert len(credentials(account)) == 3
    group.api_config.delete()
    again = make_group(make_config("Again"), accredible_id=group.accredible_id, name=group.name)

    assert api.retry_badges(AccredibleBadge.objects.all(), user=make_staff()) == 3
    drain(again.api_config)

    assert_each_once(account, 3)
    assert set(AccredibleBadge.objects.values_list("group", "api_config")) == {(again.pk, again.api_config_id)}


def test_a_revocation_that_was_due_is_carried_out_then(account: Any) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    awarding.revoke(badge.user, [group])
    group.api_config.delete()
    assert rows() == {GIVEN_UP}
    again = make_group(make_config("Again"), accredible_id=group.accredible_id, name=group.name)

    api.retry_badges(AccredibleBadge.objects.all(), user=make_staff())
    drain(again.api_config)

    assert_each_once(account, 1, state="expired")


@pytest.mark.parametrize("why", ["another name", "two of them", "has another badge"])
def test_where_it_is_not_certain_which_group_it_is_nothing_is_joined(account: Any, why: str) -> None:
    group = make_remote_group(account)
    [badge] = make_badges(group, 1)
    group.api_config.delete()
    name = "Other" if why == "another name" else group.name
    again = make_group(make_config("Again"), accredible_id=group.accredible_id, name=name)
    if why == "two of them":
        make_group(make_config("Twin", environment="eu"), accredible_id=group.accredible_id, name=name)
    if why == "has another badge":
        [other] = make_badges(again, 1)
        AccredibleBadge.objects.filter(pk=other.pk).update(user=badge.user)
    else:  # decided with a release that did not note the environment
        AccredibleBadge.objects.filter(pk=badge.pk).update(environment="")

    assert api.retry_badges(AccredibleBadge.objects.filter(pk=badge.pk), user=make_staff()) == 0

    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.api_config_id) == ("error", "orphaned", None)
    assert AccredibleGroup.objects.filter(pk=again.pk).exists()
