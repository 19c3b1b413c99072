"""How long a credential is valid is Accredible's word: it survives a revocation, and its end is no difference."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.outbox import credentials, drain, hurried, make_badges, make_everything_due, make_remote_group
from tests.delivery.spoiling import LONG_AGO, change, kinds, there
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]

END = "2099-12-31"
REVOCATIONS = pytest.mark.parametrize("revocation", ["expire", "unpublish", "delete"])


def delivered(account: Any, **values: Any) -> tuple[AccredibleGroup, AccredibleBadge]:
    """An active group of that kind, and a badge of it that is at Accredible."""
    group = make_remote_group(account, **values)
    AccredibleGroup.objects.update(is_active=True)
    [badge] = make_badges(group, 1)
    drain(group.api_config)
    badge.refresh_from_db()
    assert badge.state == "accepted"
    return group, badge


def revoke(badge: AccredibleBadge) -> None:
    """Staff decide it; nothing is sent yet."""
    api.revoke_badges(AccredibleBadge.objects.filter(pk=badge.pk), reason="A mistake", user=make_staff())


def award_again(badge: AccredibleBadge) -> None:
    """Staff decide it; nothing is sent yet."""
    assert badge.group
    api.award_badges(badge.group, [badge.user.username], reason="An appeal", user=make_staff())


def on_both_sides(account: Any) -> tuple[str, str | None, bool]:
    """The state of the only badge, and the last day and the visibility of its only credential."""
    [credential] = credentials(account)
    return AccredibleBadge.objects.get().state, credential["expired_on"], credential["approve"]


def is_over(account: Any) -> bool:
    [credential] = credentials(account)
    return date.fromisoformat(credential["expired_on"]) < timezone.localdate()


@REVOCATIONS
def test_a_badge_that_is_awarded_again_is_valid_as_long_as_before(
    account: Any, plugin_settings: PluginSettings, revocation: str
) -> None:
    plugin_settings(REVOCATION=revocation)
    group, badge = delivered(account, auto_expiry=3)
    [made] = credentials(account)
    assert made["expired_on"]

    revoke(badge)
    drain(group.api_config)
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", made["expired_on"], True)
    assert kinds(api.reconcile(group.api_config)) == []


@pytest.mark.parametrize("revocation", ["expire", "unpublish"])
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "of an earlier release"])
def test_also_where_staff_have_set_the_day_at_accredible(
    account: Any, plugin_settings: PluginSettings, revocation: str, is_known: bool
) -> None:
    plugin_settings(REVOCATION=revocation)
    group, badge = delivered(account)
    if not is_known:
        change(badge, valid_until=None)
    there(account, badge).expired_on = END

    revoke(badge)
    drain(group.api_config)
    assert is_over(account) == (revocation == "expire")
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", END, True)


def test_a_credential_without_an_end_has_none_again(account: Any) -> None:
    group, badge = delivered(account)

    revoke(badge)
    drain(group.api_config)
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", None, True)


def test_one_that_is_awarded_again_before_anything_was_sent_keeps_its_day(account: Any) -> None:
    group, badge = delivered(account)
    there(account, badge).expired_on = END

    revoke(badge)
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", END, True)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "html"])
@pytest.mark.parametrize("request_of", ["GET", "PUT"])
def test_no_fault_loses_the_day(emulator: Emulator, account: Any, fault: str, request_of: str) -> None:
    group, badge = delivered(account, auto_expiry=3)
    end = credentials(account)[0]["expired_on"]
    for decide in (revoke, award_again, revoke, award_again):
        decide(badge)
        emulator.fault(fault, path="/v1/credentials/", method=request_of)
        drain(group.api_config)

    assert on_both_sides(account) == ("accepted", end, True)


@pytest.mark.parametrize("dies", ["before the request", "after it"])
def test_a_sender_that_dies_in_between_does_not_lose_it(
    account: Any, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    group, badge = delivered(account)
    there(account, badge).expired_on = END
    revoke(badge)
    expire = AccredibleClient.expire_credential

    def die(client: Any, credential: str, on: date) -> Any:
        if dies == "after it":
            expire(client, credential, on)
        raise SystemExit

    monkeypatch.setattr(AccredibleClient, "expire_credential", die)
    with pytest.raises(SystemExit):
        api.deliver(group.api_config)
    monkeypatch.undo()
    badge.refresh_from_db()
    assert badge.valid_until == date.fromisoformat(END)

    make_everything_due()
    drain(group.api_config)
    assert (on_both_sides(account)[0], is_over(account)) == ("expired", True)
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", END, True)


def test_a_sender_that_was_overtaken_expires_nothing(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    group, badge = delivered(account, auto_expiry=3)
    end = credentials(account)[0]["expired_on"]
    revoke(badge)
    look = AccredibleClient.credential

    def be_overtaken(client: Any, number: str) -> Any:
        change(badge, claim="another sender")
        return look(client, number)

    monkeypatch.setattr(AccredibleClient, "credential", be_overtaken)
    api.deliver(group.api_config)

    assert on_both_sides(account) == ("accepted", end, True)


@pytest.mark.parametrize("repairs", [api.RECORDED, api.RECORDED | api.DELIVERED], ids=["recorded", "all"])
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "of an earlier release"])
def test_a_credential_that_ran_out_by_itself_is_not_repaired(account: Any, repairs: Any, is_known: bool) -> None:
    group, badge = delivered(account)
    there(account, badge).expired_on = LONG_AGO
    change(badge, valid_until=LONG_AGO if is_known else None)

    found = api.reconcile(group.api_config, repairs=repairs)
    drain(group.api_config)

    assert kinds(found) == ([] if is_known else ["ended"])
    assert not found.needs_a_person
    assert on_both_sides(account) == ("accepted", LONG_AGO, True)


def test_one_that_staff_have_ended_before_its_day_is_repaired_to_that_day(account: Any) -> None:
    group, badge = delivered(account, auto_expiry=3)
    end = credentials(account)[0]["expired_on"]
    there(account, badge).expired_on = LONG_AGO

    found = api.reconcile(group.api_config, repairs=api.DELIVERED)
    drain(group.api_config)

    assert kinds(found) == ["expired"]
    assert on_both_sides(account) == ("accepted", end, True)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "of an earlier release"])
def test_what_ran_out_and_is_revoked_and_awarded_again_is_over_as_before(account: Any, is_known: bool) -> None:
    group, badge = delivered(account)
    there(account, badge).expired_on = LONG_AGO
    change(badge, valid_until=LONG_AGO if is_known else None)

    revoke(badge)
    drain(group.api_config)
    assert (on_both_sides(account)[0], is_over(account)) == ("expired", True)
    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", LONG_AGO, True)
    assert kinds(api.reconcile(group.api_config)) == []
    assert LONG_AGO in badge.log.latest("pk").detail


def test_a_badge_that_an_earlier_release_revoked_is_valid_without_an_end(account: Any) -> None:
    group, badge = delivered(account, auto_expiry=3)
    revoke(badge)
    drain(group.api_config)
    change(badge, valid_until=None)

    award_again(badge)
    drain(group.api_config)

    assert on_both_sides(account) == ("accepted", None, True)


def test_a_day_that_nobody_can_read_is_not_taken_for_no_end(account: Any) -> None:
    group, badge = delivered(account)
    change(badge, valid_until=None)
    there(account, badge).expired_on = "soon"

    revoke(badge)
    drain(group.api_config)

    badge.refresh_from_db()
    assert (badge.state, badge.valid_until) == ("expired", None)


def test_a_new_credential_has_a_validity_of_its_own(account: Any, plugin_settings: PluginSettings) -> None:
    plugin_settings(REVOCATION="delete")
    group, badge = delivered(account, auto_expiry=3)
    account.update_group(group.accredible_id, auto_expiry=None)

    revoke(badge)
    drain(group.api_config)
    award_again(badge)
    drain(group.api_config)

    badge.refresh_from_db()
    assert on_both_sides(account) == ("accepted", None, True)
    assert badge.valid_until == date.max


def test_the_end_of_a_validity_is_kept_for_many_at_once(account: Any) -> None:
    group = make_remote_group(account, auto_expiry=1)
    make_badges(group, 3)

    drain(group.api_config)

    ends = set(AccredibleBadge.objects.values_list("valid_until", flat=True))
    assert [str(end) for end in ends] == [credentials(account)[0]["expired_on"]]
    assert min(ends) > timezone.localdate() + timedelta(days=360)
