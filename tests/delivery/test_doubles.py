"""Of several credentials of one badge the oldest stays, and the others are revoked: only where somebody names that."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import Difference
from credentials_accredible.client import AccredibleClient
from credentials_accredible.delivery.claims import Claim
from credentials_accredible.models import AccredibleBadge, BadgeLogEntry
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.faults import CHANGING, DELETING
from tests.delivery.outbox import (
    assert_each_once,
    credentials,
    drain,
    hurried,
    make_badges,
    make_everything_due,
    make_foreign,
    make_remote_group,
)
from tests.delivery.spoiling import LONG_AGO, change, kinds, rows
from tests.delivery.test_reconcile_command import command
from tests.interrupting import Interruption

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def badge(account: Any) -> AccredibleBadge:
    """A badge that was delivered."""
    [badge] = make_badges(make_remote_group(account, allow_duplicates=True), 1)
    drain(badge.api_config)
    badge.refresh_from_db()
    return badge


def add_double(account: Any, badge: AccredibleBadge) -> str:
    """Another credential that carries the badge's own id, newer than all others; its id."""
    return str(make_foreign(account, badge, id=str(badge.uuid)))


def record(account: Any, badge: AccredibleBadge, number: str) -> None:
    """Let this one be the badge's credential here."""
    url = account.credential_by_id[int(number)].reply("")["url"]
    change(badge, external_id=number, url=url)


def valid(account: Any) -> list[str]:
    """The ids of the credentials that learners can show."""
    return [str(item["id"]) for item in credentials(account) if item["approve"] and not item["expired_on"]]


def repair(badge: AccredibleBadge, **options: Any) -> list[tuple[str, str, str]]:
    """The findings of a repair of doubles: which credential, what became of it, and which one stays."""
    result = api.reconcile(badge.api_config, repairs=[Difference.DOUBLE], **options)
    assert result.error == ""
    return [(finding.credential, str(finding.repair), finding.kept) for finding in result.findings]


@pytest.mark.parametrize("revocation", ["expire", "unpublish", "delete"])
@pytest.mark.parametrize("is_newer_recorded", [False, True])
def test_the_older_one_stays_and_the_newer_one_is_revoked(
    account: Any, badge: AccredibleBadge, plugin_settings: PluginSettings, revocation: str, is_newer_recorded: bool
) -> None:
    plugin_settings(REVOCATION=revocation)
    old, new = badge.external_id, add_double(account, badge)
    url = account.credential_by_id[int(old)].encoded_id
    if is_newer_recorded:
        record(account, badge, new)

    assert repair(badge) == [(new, "done", old)]

    assert valid(account) == [old]
    badge.refresh_from_db()
    assert (badge.status, badge.state, badge.external_id, badge.claim) == ("awarded", "accepted", old, "")
    assert badge.url.endswith(url)
    assert (badge.next_attempt_at, badge.problem, badge.last_error) == (None, "", "")
    entry = badge.log.filter(action="expire").get()
    assert (entry.succeeded, entry.detail) == (
        True,
        f"Reconciled: more than one credential at Accredible. {old} stays. {revocation}: {new}.",
    )
    assert repair(badge) == []


def test_the_time_at_which_it_was_made_decides_before_the_number(account: Any, badge: AccredibleBadge) -> None:
    first, second = badge.external_id, add_double(account, badge)
    account.credential_by_id[int(second)].created_at = "2020-01-01T00:00:00.000Z"

    assert repair(badge) == [(first, "done", second)]

    assert valid(account) == [second]
    badge.refresh_from_db()
    assert badge.external_id == second


def test_of_many_one_stays(account: Any, badge: AccredibleBadge) -> None:
    first, *others = badge.external_id, *(add_double(account, badge) for _ in range(3))
    record(account, badge, others[1])

    assert repair(badge) == [(other, "done", first) for other in others]

    assert valid(account) == [first]


def test_a_badge_that_is_not_recorded_is_recorded_along(account: Any, badge: AccredibleBadge) -> None:
    first, second = badge.external_id, add_double(account, badge)
    change(badge, state="error", external_id="", url="", problem="exhausted", last_error="no reply")

    api.reconcile(badge.api_config, repairs=api.RECORDED | {Difference.DOUBLE})

    assert valid(account) == [first]
    badge.refresh_from_db()
    assert (badge.state, badge.external_id, badge.problem) == ("accepted", first, "")
    assert kinds(api.reconcile(badge.api_config)) == []
    assert second


def test_the_only_one_that_is_left_is_recorded(account: Any, badge: AccredibleBadge) -> None:
    first, second = badge.external_id, add_double(account, badge)
    account.credential_by_id[int(first)].expired_on = LONG_AGO

    assert (second, "done", second) in repair(badge)

    badge.refresh_from_db()
    assert (badge.external_id, badge.state) == (second, "accepted")
    assert kinds(api.reconcile(badge.api_config)) == []


def test_of_a_revoked_badge_none_stays(account: Any, badge: AccredibleBadge) -> None:
    doubles = [add_double(account, badge) for _ in range(2)]
    AccredibleBadge.objects.all().revoke()
    drain(badge.api_config)
    assert valid(account) == doubles

    assert repair(badge) == [(double, "done", "") for double in doubles]

    assert valid(account) == []
    badge.refresh_from_db()
    assert (badge.status, badge.state) == ("revoked", "expired")


def test_what_does_not_carry_our_id_is_left_alone(account: Any, badge: AccredibleBadge) -> None:
    stranger = make_foreign(account, badge)
    add_double(account, badge)
    own = badge.external_id

    repair(badge)

    assert valid(account) == [own, str(stranger)]


def test_beside_a_recorded_one_that_is_not_ours_nothing_is_repaired(account: Any, badge: AccredibleBadge) -> None:
    record(account, badge, str(make_foreign(account, badge)))
    before, there_before = rows(), credentials(account)

    [(_credential, repaired, kept)] = repair(badge)

    assert (repaired, kept) == ("", "")
    assert (rows(), credentials(account)) == (before, there_before)


@pytest.mark.parametrize("lie", [{"license_id": "another"}, {"group_id": 1}, {"expired_on": LONG_AGO}])
def test_what_the_single_question_does_not_confirm_is_left_alone(
    emulator: Emulator, account: Any, badge: AccredibleBadge, lie: dict[str, Any]
) -> None:
    second = add_double(account, badge)
    told = {"id": second, "license_id": str(badge.uuid), "approve": True, **lie}
    emulator.fault("reply", path=f"/v1/credentials/{second}", method="GET", body={"credential": told}, times=None)
    before = credentials(account)

    repair(badge)

    assert credentials(account) == before


def test_a_dry_run_says_which_one_stays_and_does_nothing(account: Any, badge: AccredibleBadge) -> None:
    first, second = badge.external_id, add_double(account, badge)
    record(account, badge, second)
    before, there_before = rows(), credentials(account)

    assert repair(badge, dry_run=True) == [(second, "planned", first)]
    assert f"credential {second}: would be repaired: {first} stays" in command("--repair", "double", "--dry-run")[0]

    assert (rows(), credentials(account)) == (before, there_before)


def test_nothing_is_revoked_that_nobody_named(account: Any, badge: AccredibleBadge) -> None:
    add_double(account, badge)
    before = credentials(account)

    out, error = command("--repair")
    assert "1 double" in out
    assert error
    assert credentials(account) == before

    out, error = command("--repair", "double", "--format", "json")
    assert f'"kept": "{badge.external_id}"' in out
    assert error == ""
    assert valid(account) == [badge.external_id]


@pytest.mark.parametrize(
    "values",
    [
        {"claim": "somebody", "next_attempt_at": "2099-01-01T00:00:00Z"},
        {"status": "revoked", "next_attempt_at": "2020-01-01T00:00:00Z"},
        {"state": "expired", "expired_on": LONG_AGO, "next_attempt_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_badge_that_comes_into_delivery_is_left_alone(
    account: Any, badge: AccredibleBadge, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was compared: before its credentials are looked at, and after that."""
    add_double(account, badge)
    before = credentials(account)
    search, asked = AccredibleClient.credentials_with, AccredibleClient.credential

    def search_later(self: Any, own_id: str) -> Any:
        found = search(self, own_id)
        change(badge, **values)
        return found

    def ask_later(self: Any, number: str) -> Any:
        found = asked(self, number)
        change(badge, **values)
        return found

    for name, function in (("credentials_with", search_later), ("credential", ask_later)):
        change(badge, claim="", status="awarded", state="accepted", next_attempt_at=None, expired_on=None)
        with monkeypatch.context() as patch:
            patch.setattr(AccredibleClient, name, function)
            assert {repaired for _credential, repaired, _kept in repair(badge)} <= {"overtaken"}
        assert credentials(account) == before


def test_two_reconciliations_at_once_leave_one(
    account: Any, badge: AccredibleBadge, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = badge.external_id, add_double(account, badge)
    record(account, badge, second)
    expire = AccredibleClient.expire_credential
    others = []

    def meanwhile(self: Any, *args: Any) -> Any:
        monkeypatch.setattr(AccredibleClient, "expire_credential", expire)
        others.extend(repair(badge))
        api.deliver(badge.api_config)
        return expire(self, *args)

    monkeypatch.setattr(AccredibleClient, "expire_credential", meanwhile)

    assert repair(badge) == [(second, "done", first)]

    assert others == []  # in delivery
    assert valid(account) == [first]
    badge.refresh_from_db()
    assert (badge.external_id, badge.claim) == (first, "")


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", [1, 2])
def test_a_process_that_is_killed_leaves_what_the_next_one_repairs(
    account: Any, badge: AccredibleBadge, monkeypatch: pytest.MonkeyPatch, number: int, is_done: bool
) -> None:
    """At each of its requests that change something, before and after it is done; as the work of a whole lease."""
    first, *others = badge.external_id, *(add_double(account, badge) for _ in range(2))
    record(account, badge, others[0])
    expire = AccredibleClient.expire_credential
    left = [number]

    def die(self: Any, *args: Any) -> Any:
        left[0] -= 1
        if not left[0] and not is_done:
            raise Interruption
        changed = expire(self, *args)
        if not left[0]:
            raise Interruption
        return changed

    with monkeypatch.context() as patch:
        patch.setattr(AccredibleClient, "expire_credential", die)
        written = Claim.write_down
        patch.setattr(Claim, "write_down", lambda self, results: None if left[0] < 1 else written(self, results))
        with pytest.raises(Interruption):
            repair(badge)
    assert first in valid(account)
    badge.refresh_from_db()
    assert (badge.external_id, bool(badge.claim)) == (first, True)
    assert repair(badge) == []

    make_everything_due()
    drain(badge.api_config)
    repair(badge)

    assert valid(account) == [first]
    badge.refresh_from_db()
    assert (badge.state, badge.external_id, badge.claim) == ("accepted", first, "")
    assert not BadgeLogEntry.objects.filter(action="revoke").exists()
    assert kinds(api.reconcile(badge.api_config)) == []


@pytest.mark.parametrize("revocation", ["expire", "delete"])
def test_what_fails_is_said_and_repaired_the_next_time(
    emulator: Emulator, account: Any, badge: AccredibleBadge, plugin_settings: PluginSettings, revocation: str
) -> None:
    plugin_settings(REVOCATION=revocation)
    first, second = badge.external_id, add_double(account, badge)
    emulator.fault("html", status=404, **(DELETING if revocation == "delete" else CHANGING), times=4)

    assert repair(badge) == [(second, "failed", "")]
    entry = badge.log.latest("pk")
    assert (entry.action, entry.succeeded) == ("expire", False)
    badge.refresh_from_db()
    assert (badge.state, badge.external_id, badge.next_attempt_at, badge.claim) == ("accepted", first, None, "")
    emulator.clear_faults()

    assert repair(badge) == [(second, "done", first)]
    assert valid(account) == [first]
    badge.refresh_from_db()
    assert badge.last_error == ""


def test_a_paused_configuration_sends_nothing(account: Any, badge: AccredibleBadge) -> None:
    add_double(account, badge)
    type(badge.api_config).objects.update(paused_at=timezone.now())
    before = credentials(account)

    assert [repaired for _credential, repaired, _kept in repair(badge)] == [""]
    assert credentials(account) == before


def test_the_others_are_compared_and_repaired_as_before(account: Any, badge: AccredibleBadge) -> None:
    make_badges(badge.group, 3)
    drain(badge.api_config)
    second = add_double(account, badge)

    assert repair(badge) == [(second, "done", badge.external_id)]

    del account.credential_by_id[int(second)]
    assert_each_once(account, 4)
