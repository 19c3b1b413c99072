"""Learners who leave: what is done of their badges at Accredible, exactly once, and what is not done any more."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.choices import AtAccredible, Difference
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleBadge, RetiredLearner
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.faults import CHANGING, CREATING, DELETING, FAULTS, LOST
from tests.delivery.outbox import (
    credentials,
    drain,
    hurried,
    make_badges,
    make_everything_due,
    make_foreign,
    make_remote_group,
)
from tests.delivery.spoiling import change
from tests.factories import make_config, make_group

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

# Where a badge of somebody who leaves can be: its state, and whether a credential is at Accredible.
PLACES = [
    ("created", False),
    ("no_response", False),
    ("no_response", True),
    ("accepted", True),
    ("unpublished", True),
    ("error", False),
    ("error", True),
    ("expired", True),
]


def badge_of(account: Any, state: str = "accepted", *, there: bool = True, status: str = "awarded") -> AccredibleBadge:
    """The badge of a learner that has come so far."""
    [badge] = make_badges(make_remote_group(account), 1)
    values: dict[str, Any] = {"state": state, "status": status}
    if there:
        number = make_foreign(account, badge, id=str(badge.uuid), approve=state != "unpublished")
        if state != "no_response":
            values |= {"external_id": str(number), "url": f"https://credential.test/{number}"}
    if state in {"accepted", "error"}:
        values["next_attempt_at"] = None
    change(badge, **values)
    return AccredibleBadge.objects.get()


def leave(badge: AccredibleBadge, at_accredible: AtAccredible = AtAccredible.DELETE) -> api.Retirement:
    """Its learner leaves."""
    return api.retire(badge.user.get_username(), at_accredible=at_accredible)


def visible(account: Any) -> list[bool]:
    return [item["approve"] for item in credentials(account)]


def test_nothing_is_issued_to_the_old_address_of_an_account_that_the_service_has_retired(account: Any) -> None:
    badge = badge_of(account, "created", there=False)
    type(badge.user).objects.update(username="retired__user_1", full_name="")

    api.deliver(badge.api_config)

    assert credentials(account) == []
    assert "has left" in AccredibleBadge.objects.get().last_error


@pytest.mark.parametrize("status", ["awarded", "revoked"])
@pytest.mark.parametrize(("state", "there"), PLACES)
@pytest.mark.parametrize("choice", AtAccredible)
def test_what_was_asked_for_is_done_wherever_the_badge_was(
    account: Any, choice: AtAccredible, state: str, there: bool, status: str
) -> None:
    badge = badge_of(account, state, there=there, status=status)
    before = visible(account)

    leave(badge, choice)
    drain(badge.api_config)

    left = AccredibleBadge.objects.get()
    asked = {AtAccredible.KEEP: before, AtAccredible.UNPUBLISH: [False] * len(before), AtAccredible.DELETE: []}
    assert visible(account) == asked[choice]
    assert (left.user, left.url, left.last_error, left.next_attempt_at) == (None, "", "", None)
    # Who it was is known only as long as something can be there.
    certain = choice != AtAccredible.KEEP or status == "revoked"
    assert not certain or bool(left.external_id) == bool(left.retired_learner) == bool(credentials(account))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("choice", "where"), [(AtAccredible.DELETE, DELETING), (AtAccredible.UNPUBLISH, CHANGING)])
def test_a_fault_delays_it_and_is_seen_until_it_is_done(
    emulator: Emulator, account: Any, fault: str, choice: AtAccredible, where: dict[str, Any]
) -> None:
    badge = badge_of(account)
    emulator.fault(**FAULTS[fault], **where, times=2)

    assert leave(badge, choice).waiting == 1
    api.deliver(badge.api_config)
    row: Any = RetiredLearner.objects.with_outstanding().get()
    done = AccredibleBadge.objects.get().state == "expired"
    assert (row.waiting, row.failed) == (0 if done else 1, 0)
    assert done or AccredibleBadge.objects.get().last_error

    make_everything_due()
    drain(badge.api_config)

    assert visible(account) == ([] if choice == AtAccredible.DELETE else [False])


def test_a_refusal_needs_a_person_and_is_tried_again_by_the_next_call(emulator: Emulator, account: Any) -> None:
    badge = badge_of(account)
    emulator.fault("reply", status=403, body={"errors": "no"}, **DELETING, times=1)
    name = badge.user.get_username()
    leave(badge)
    api.deliver(badge.api_config)
    assert AccredibleBadge.objects.filter(api.delivery_conditions()["failed"]).get().last_error
    assert [entry.detail for entry in badge.log.filter(succeeded=False)] == [""]

    again = api.retire(name)

    assert (again.changed, again.waiting, again.failed) == (False, 1, 0)
    drain(badge.api_config)
    assert credentials(account) == []
    assert api.retire(name).waiting == 0


def test_more_can_be_asked_for_later_and_less_cannot(account: Any) -> None:
    badge = badge_of(account)
    name = badge.user.get_username()

    leave(badge, AtAccredible.KEEP)
    drain(badge.api_config)
    assert visible(account) == [True]
    for choice in (AtAccredible.UNPUBLISH, AtAccredible.KEEP):
        api.retire(name, at_accredible=choice)
        drain(badge.api_config)
        assert visible(account) == [False]
    assert api.retire(name, at_accredible=AtAccredible.DELETE).erased.badges == 1
    drain(badge.api_config)

    assert credentials(account) == []
    assert not api.retire(name, at_accredible=AtAccredible.DELETE).changed


@pytest.mark.parametrize("choice", AtAccredible)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_learner_who_leaves_while_the_badge_is_sent(
    account: Any, monkeypatch: pytest.MonkeyPatch, choice: AtAccredible, moment: str
) -> None:
    badge = badge_of(account, "created", there=False)
    create = AccredibleClient.create_credential
    take_turn = AccredibleClient.take_turn

    def left_before(self: Any, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(AccredibleClient, "take_turn", take_turn)
        leave(badge, choice)
        return take_turn(self, *args, **kwargs)

    def left_after(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = create(self, *args, **kwargs)
        leave(badge, choice)
        return made

    if moment == "before":
        monkeypatch.setattr(AccredibleClient, "take_turn", left_before)
    else:
        monkeypatch.setattr(AccredibleClient, "create_credential", left_after)
    api.deliver(badge.api_config)
    drain(badge.api_config)

    left = AccredibleBadge.objects.get()
    kept = {AtAccredible.KEEP: [True], AtAccredible.UNPUBLISH: [False], AtAccredible.DELETE: []}
    assert visible(account) == ([] if moment == "before" else kept[choice])
    assert (left.user, left.url, left.claim) == (None, "", "")


@pytest.mark.parametrize("lost", LOST)
def test_a_credential_whose_making_was_not_answered_is_found_and_deleted(
    emulator: Emulator, account: Any, lost: str
) -> None:
    badge = badge_of(account, "created", there=False)
    emulator.fault(**LOST[lost], **CREATING, times=1)
    api.deliver(badge.api_config)
    assert len(credentials(account)) == 1

    leave(badge)
    make_everything_due()
    drain(badge.api_config)

    assert credentials(account) == []


def test_the_setting_for_revocations_is_not_asked(account: Any, plugin_settings: PluginSettings) -> None:
    plugin_settings(REVOCATION="delete")
    badge = badge_of(account)
    leave(badge, AtAccredible.UNPUBLISH)
    drain(badge.api_config)
    assert visible(account) == [False]


def test_two_learners_who_had_the_same_badge_are_not_taken_for_one(account: Any) -> None:
    group = make_remote_group(account)
    names = []
    for badge in make_badges(group, 2):
        number = make_foreign(account, badge, id=str(badge.uuid))
        change(badge, state="accepted", external_id=str(number), next_attempt_at=None)
        names.append(badge.user.get_username())
        leave(badge, AtAccredible.KEEP)
    group.api_config.delete()
    again = make_config()
    make_group(again, accredible_id=group.accredible_id)
    for name in names:
        api.retire(name, at_accredible=AtAccredible.DELETE)

    drain(again)

    assert credentials(account) == []


@pytest.mark.parametrize("choice", AtAccredible)
@pytest.mark.parametrize(("state", "there"), PLACES)
def test_reconciling_finds_nothing_wrong_with_it(account: Any, choice: AtAccredible, state: str, there: bool) -> None:
    badge = badge_of(account, state, there=there)
    leave(badge, choice)
    drain(badge.api_config)
    found = api.reconcile(badge.api_config, repairs=list(Difference))
    assert (found.error, found.findings) == ("", [])


def test_without_its_configuration_it_is_in_an_error_until_there_is_one_again(account: Any) -> None:
    badge = badge_of(account)
    config, name = badge.api_config, badge.user.get_username()
    assert config is not None
    config.delete()

    done = leave(badge)

    assert (done.waiting, done.failed) == (0, 1)
    assert "configuration was deleted" in AccredibleBadge.objects.get().last_error
    again = make_config()
    make_group(again, accredible_id=badge.accredible_group_id)
    assert api.retire(name).waiting == 1
    drain(again)
    assert credentials(account) == []
