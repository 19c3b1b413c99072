"""The fault matrix: a hundred badges, every step of a delivery, and everything that can go wrong with its requests.

Each of ROWS meets each of STEPS, with badges by the thirty and one by one. In the end every badge has one credential,
as was decided, and none waits for a person. ``test_database_away`` has the rows of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.client import AccredibleClient
from credentials_accredible.models import AccredibleBadge
from demo.emulator.faults import Fault
from demo.emulator.server import Emulator
from tests.conftest import PluginSettings
from tests.delivery.faults import CHANGING, CREATING, FAULTS, IN_LISTS, LATE, LOST
from tests.delivery.matrix import AT_ONCE, STEPS, assert_ended, begin, deliver_all, revoke_all
from tests.delivery.outbox import (
    MANY,
    assert_each_once,
    credentials,
    drain,
    hurried,
    make_badges,
    make_foreign,
    make_remote_group,
    states,
)
from tests.factories import make_staff

__all__ = ["hurried"]

pytestmark = [
    pytest.mark.endurance,
    pytest.mark.usefixtures("hurried"),
    pytest.mark.django_db(transaction=True),
]

IN_A_ROW = pytest.mark.parametrize("limit", [None, 1], ids=["bulk", "single"])
# For which Accredible goes on with late work; more than it takes, for a machine that is busy.
LATE_MINUTES = 0.1


@dataclass(frozen=True)
class Row:
    """``fault``: what a request meets. ``hosts``: by how many hours the clocks of the senders, in turn, are wrong."""

    fault: Mapping[str, Any]
    hosts: tuple[float, ...] = (0,)


ROWS = {name: Row(fault) for name, fault in (FAULTS | LATE).items()}
ROWS |= {f"clocks-{name}": Row(FAULTS[name], hosts=(-5, 5)) for name in ("cut-after", "503")}
# In replies to one there are no lists in which anything could be mixed up.
MATRIX = [
    pytest.param(step, row, at_once, id=f"{step}-{row}-{name}")
    for step in STEPS
    for row in ROWS
    for name, at_once in AT_ONCE.items()
    if row not in IN_LISTS or step == "searching" or (step == "issuing" and name == "bulk")
]


@pytest.mark.parametrize(("step", "row", "at_once"), MATRIX)
def test_every_badge_ends_with_one_credential(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, step: str, row: str, at_once: int
) -> None:
    if row in LATE:
        plugin_settings(LATE_ANSWER_MINUTES=LATE_MINUTES)
    group = begin(account, plugin_settings, STEPS[step])
    faults = let_go_wrong(emulator, ROWS[row].fault, STEPS[step].where, 3)

    deliver_all(group, at_once, ROWS[row].hosts)

    assert_met(faults)
    assert_ended(account, STEPS[step])


def let_go_wrong(emulator: Emulator, fault: Mapping[str, Any], where: Mapping[str, Any], times: int) -> list[Fault]:
    """So many requests go wrong, twice, with others in between."""
    return [emulator.fault(**fault, **where, after=after) for _ in range(times) for after in (0, 1)]


def assert_met(faults: list[Fault]) -> None:
    """Every fault met a request; results in another order harm nothing, and so leave fewer requests to meet."""
    if faults[0].kind == "reversed":
        assert faults[0].hits == 1
    else:
        assert {each.hits for each in faults} == {1}


@IN_A_ROW
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_revocation_that_overtakes_the_issuing(
    emulator: Emulator, account: Any, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], limit: int | None
) -> None:
    group = make_remote_group(account)
    make_badges(group)
    faults = let_go_wrong(emulator, fault, CREATING, 2) + let_go_wrong(emulator, fault, CHANGING, 2)
    one, many = AccredibleClient.create_credential, AccredibleClient.create_credentials
    requests = []

    # Marked as sent, and on its way: every second time, the badges of the request are revoked then.
    def overtake(sent: list[Any]) -> None:
        requests.append(1)
        if len(requests) % 2:
            uuids = [new.own_id for new in sent]
            AccredibleBadge.objects.filter(uuid__in=uuids).revoke()

    def create_one(self: Any, new: Any, **options: Any) -> Any:
        overtake([new])
        return one(self, new, **options)

    def create_many(self: Any, new: Any, **options: Any) -> Any:
        overtake(new)
        return many(self, new, **options)

    monkeypatch.setattr(AccredibleClient, "create_credential", create_one)
    monkeypatch.setattr(AccredibleClient, "create_credentials", create_many)

    drain(group.api_config, limit=limit)

    made = {item["license_id"]: item for item in credentials(account)}
    assert len(made) == len(credentials(account))
    assert_met(faults)
    for badge in AccredibleBadge.objects.all():
        credential = made.pop(str(badge.uuid), None)
        assert badge.claim == badge.problem == ""
        if badge.status == "awarded":
            assert (badge.state, badge.external_id) == ("accepted", str(credential["id"]))
            assert not credential["expired_on"]
        elif credential:
            assert (badge.state, badge.external_id) == ("expired", str(credential["id"]))
            assert credential["expired_on"]
        else:  # nothing was made before the revocation was seen, and nothing after
            assert (badge.state, badge.external_id) == ("created", "")
    assert made == {}
    assert 0 < AccredibleBadge.objects.filter(status="revoked").count() < MANY


@IN_A_ROW
def test_credits_that_run_out_in_the_middle(account: Any, limit: int | None) -> None:
    group = make_remote_group(account)
    make_badges(group)
    account.credits = 42

    for _ in range(MANY + 1):
        api.deliver(group.api_config, limit=limit)

    assert states() == {"accepted": 42, "unpublished": MANY - 42}
    assert len(credentials(account)) == MANY
    account.credits = MANY
    AccredibleBadge.objects.filter(state="unpublished").update(next_attempt_at="2020-01-01T00:00:00Z")
    drain(group.api_config, limit=limit)
    assert_each_once(account, MANY)


@IN_A_ROW
@pytest.mark.parametrize("words", ["errors and message", "error and reason"])
def test_a_reply_that_refuses_some(emulator: Emulator, account: Any, words: str, limit: int | None) -> None:
    """Some learners have a credential already, some addresses are refused, and the rest is made."""
    group = make_remote_group(account)
    badges = make_badges(group)
    taken, refused = badges[::10], badges[1::10]
    for badge in taken:
        make_foreign(account, badge)
    for badge in refused:
        # Good enough here, and not for Accredible.
        type(badge.user).objects.filter(pk=badge.user_id).update(email=f"u{badge.pk}@localhost")
    if words == "error and reason":
        emulator.fault("old_words", path="/v2/credentials/bulk_create", times=None)

    drain(group.api_config, limit=limit)

    statuses = {request.status for request in emulator.requests if request.path.endswith("bulk_create")}
    assert statuses == ({207} if limit is None else set())
    adopted = AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in taken])
    assert set(adopted.values_list("state", "problem")) == {("accepted", "")}
    spoilt = AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in refused])
    assert set(spoilt.values_list("state", "problem")) == {("error", "recipient")}
    assert all(badge.last_error for badge in spoilt)
    assert states() == {"accepted": MANY - 10, "error": 10}
    assert len(credentials(account)) == MANY - 10

    for badge in refused:
        type(badge.user).objects.filter(pk=badge.user_id).update(email=f"u{badge.pk}@example.com")
    drain(group.api_config, limit=limit)
    assert states() == {"accepted": MANY}
    assert len(credentials(account)) == len({item["recipient_email"].lower() for item in credentials(account)}) == MANY


@IN_A_ROW
def test_a_refusal_of_everything(emulator: Emulator, account: Any, limit: int | None) -> None:
    group = make_remote_group(account)
    make_badges(group)
    refusal = emulator.fault("reply", status=422, body={"errors": "Invalid Group"}, **CREATING, times=None)

    drain(group.api_config, limit=limit)

    # All together, then each by itself: the words are about that one.
    assert refusal.hits == MANY + (4 if limit is None else 0)
    assert states() == {"error": MANY}
    assert {badge.last_error for badge in AccredibleBadge.objects.all()} == {
        "Accredible did not accept what was sent (POST /v1/credentials: HTTP 422): Invalid Group"
    }
    assert credentials(account) == []

    emulator.clear_faults()
    api.retry_badges(AccredibleBadge.objects.all(), user=make_staff())
    drain(group.api_config, limit=limit)
    assert_each_once(account, MANY)


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_replies_lost_on_the_way_to_every_end(emulator: Emulator, account: Any, fault: dict[str, Any]) -> None:
    """Half of all requests, of all kinds, until everything is done."""
    group = make_remote_group(account)
    make_badges(group, 40)
    for after in range(60):
        emulator.fault(**fault, after=min(after, 1))

    drain(group.api_config)
    revoke_all()
    drain(group.api_config)

    assert_each_once(account, 40, state="expired")
