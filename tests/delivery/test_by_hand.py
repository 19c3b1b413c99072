"""What staff award and revoke by hand, and what becomes of it at Accredible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credentials_accredible import api
from credentials_accredible.exceptions import DecisionRefused
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, BadgeLogEntry
from demo.emulator.server import Emulator
from tests.badges.configuring import PASSES, require
from tests.badges.sending import course_status
from tests.conftest import PluginSettings
from tests.delivery.outbox import assert_each_once, credentials, drain, hurried, make_everything_due, make_remote_group
from tests.factories import make_group, make_staff, make_user

__all__ = ["hurried"]

pytestmark = [pytest.mark.usefixtures("hurried"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group(account: Any) -> AccredibleGroup:
    """An active group that is at Accredible, too."""
    group = make_remote_group(account)
    group.is_active = True
    group.save()
    return group


@pytest.fixture
def staff() -> Any:
    """Who decides."""
    return make_staff()


@pytest.fixture
def signals() -> Iterator[list[tuple[str, str]]]:
    """The public signals that were sent: type, and the learner's user name."""
    heard: list[tuple[str, str]] = []

    def hear(signal: Any, badge: Any, **_kwargs: Any) -> None:
        heard.append((signal.event_type.split(".")[-2], badge.user.pii.username))

    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.connect(hear)
    yield heard
    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.disconnect(hear)


def award(group: AccredibleGroup, *learners: str, reason: str = "Recognition of prior learning", user: Any) -> Any:
    """Award by hand."""
    return api.award_badges(group, learners, reason=reason, user=user)


def revoke(user: Any, reason: str = "Awarded by mistake") -> int:
    """Revoke all badges by hand."""
    return api.revoke_badges(AccredibleBadge.objects.all(), reason=reason, user=user)


def fail_once(emulator: Emulator, group: AccredibleGroup, kind: str, *, method: str) -> None:
    """Deliver, with a request that fails and is not tried again before the test goes on."""
    changed = {**django_settings.CREDENTIALS_ACCREDIBLE, "DELIVERY_DELAYS": (60, 3600)}
    emulator.fault(kind, path="/v1/credentials", method=method)
    with override_settings(CREDENTIALS_ACCREDIBLE=changed):
        api.deliver(group.api_config)
    assert AccredibleBadge.objects.filter(failures=1).exists()
    AccredibleAPIConfig.objects.update(held_until=None, outages=0)


def only() -> AccredibleBadge:
    """The only badge."""
    return AccredibleBadge.objects.get()


def log() -> list[tuple[str, str, Any]]:
    """What people did: action, reason, who."""
    entries = BadgeLogEntry.objects.filter(action__in=["award", "revoke"]).order_by("pk")
    return [(entry.action, entry.detail, entry.user) for entry in entries]


def refused(group: AccredibleGroup, *learners: str, user: Any, **values: Any) -> list[str]:
    """Why an award is refused."""
    with pytest.raises(DecisionRefused) as caught:
        award(group, *learners, user=user, **values)
    return caught.value.problems


class TestAward:
    def test_it_is_kept_with_its_reason_announced_and_delivered(
        self, account: Any, group: AccredibleGroup, staff: Any, signals: list[tuple[str, str]]
    ) -> None:
        ada, grace = make_user("ada", lms_user_id=1), make_user("grace", lms_user_id=2)

        badges = award(group, "ada", "", " GRACE@example.com ", user=staff)

        assert [(badge.user, badge.group) for badge in badges] == [(ada, group), (grace, group)]
        assert log() == [("award", "Recognition of prior learning", staff)] * 2
        assert signals == [("awarded", "ada"), ("awarded", "grace")]
        drain(group.api_config)
        assert_each_once(account, 2)

    def test_all_of_a_list_or_nothing_each_problem_by_its_line(self, group: AccredibleGroup, staff: Any) -> None:
        for name in ("ada", "grace", "alan", "twin-1", "twin-2"):
            make_user(name)
        type(staff).objects.filter(username__startswith="twin").update(email="Twin@example.com")
        award(group, "grace", user=staff)

        problems = refused(
            group, "ada", "nobody", "", "grace", "twin@example.com", "ada@example.com", "alan", user=staff
        )
        held = refused(group, "ada", "", "grace", user=staff)

        assert problems == [
            "Line 2: there is no learner with the user name or e-mail address “nobody”.",
            "Line 5: several learners have the e-mail address “twin@example.com”. Give the user name.",
            "Line 6: “ada@example.com” is the learner of line 1.",
        ]
        assert held == ["Line 3: grace has this badge already."]
        assert AccredibleBadge.objects.count() == 1

    @pytest.mark.parametrize(
        ("learners", "values", "reason"),
        [
            (["ada"], {"reason": " "}, "Give a reason"),
            (["", " "], {}, "Name at least one learner"),
            ([f"user-{number}" for number in range(501)], {}, "501 learners; 500 at once are possible"),
        ],
        ids=["no reason", "nobody", "too many"],
    )
    def test_what_is_missing_or_too_much_is_said(
        self, group: AccredibleGroup, staff: Any, learners: list[str], values: dict[str, Any], reason: str
    ) -> None:
        make_user("ada")
        assert reason in refused(group, *learners, user=staff, **values)[0]
        assert not AccredibleBadge.objects.exists()

    def test_text_that_no_database_takes_names_nobody(self, group: AccredibleGroup, staff: Any) -> None:
        problems = refused(group, "ada\x00", "\ud800@example.com", user=staff)
        assert [problem.split(":")[0] for problem in problems] == ["Line 1", "Line 2"]
        make_user("ada")
        award(group, "ada", reason="Half a \ud83d", user=staff)
        assert log()[0][1] == "Half a \ufffd"

    def test_an_inactive_group_is_not_awarded(self, staff: Any) -> None:
        make_user("ada")
        assert refused(make_group(), "ada", user=staff) == ["The group is not active. Activate it first."]

    def test_a_user_name_comes_before_an_address(self, group: AccredibleGroup, staff: Any) -> None:
        make_user("ada")
        namesake = make_user("ada@example.com")
        assert [badge.user for badge in award(group, "ada@example.com", user=staff)] == [namesake]

    def test_events_do_not_award_it_a_second_time(self, group: AccredibleGroup, staff: Any) -> None:
        require(group, PASSES)
        make_user("ada")
        award(group, "ada", user=staff)
        course_status("ada")
        assert AccredibleBadge.objects.count() == 1


class TestRevocation:
    def test_a_delivered_badge_is_expired_and_events_do_not_bring_it_back(
        self, account: Any, group: AccredibleGroup, staff: Any, signals: list[tuple[str, str]]
    ) -> None:
        require(group, PASSES)
        course_status("ada")
        drain(group.api_config)

        assert revoke(staff) == 1
        drain(group.api_config)
        course_status("ada")

        assert_each_once(account, 1, state="expired")
        assert credentials(account)[0]["expired_on"]
        assert log() == [("revoke", "Awarded by mistake", staff)]
        assert signals == [("awarded", "ada"), ("revoked", "ada")]

    def test_a_badge_that_was_never_sent_never_is(self, emulator: Emulator, group: AccredibleGroup, staff: Any) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        revoke(staff)
        api.deliver(group.api_config)
        assert emulator.requests == []

    def test_one_whose_reply_is_lost_ends_expired(
        self, emulator: Emulator, account: Any, group: AccredibleGroup, staff: Any
    ) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        fail_once(emulator, group, "cut_after", method="POST")
        revoke(staff)
        drain(group.api_config)
        assert_each_once(account, 1, state="expired")

    def test_twice_is_as_good_as_once(self, group: AccredibleGroup, staff: Any) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        assert (revoke(staff), revoke(staff)) == (1, 0)
        assert [action for action, _reason, _user in log()] == ["award", "revoke"]

    def test_it_takes_a_reason(self, group: AccredibleGroup, staff: Any) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        with pytest.raises(DecisionRefused, match="Give a reason"):
            revoke(staff, reason="\n")
        assert only().status == "awarded"


class TestAwardAgain:
    @pytest.fixture
    def revoked(self, group: AccredibleGroup, staff: Any) -> AccredibleBadge:
        """A badge that was delivered, and then revoked here."""
        make_user("ada")
        award(group, "ada", user=staff)
        drain(group.api_config)
        revoke(staff)
        return only()

    def test_an_expired_credential_is_reinstated(
        self, account: Any, group: AccredibleGroup, staff: Any, revoked: AccredibleBadge
    ) -> None:
        drain(group.api_config)
        assert credentials(account)[0]["expired_on"]

        assert [badge.pk for badge in award(group, "ada", reason="Appeal upheld", user=staff)] == [revoked.pk]
        drain(group.api_config)

        assert_each_once(account, 1)
        assert credentials(account)[0]["expired_on"] is None
        assert log()[-1] == ("award", "Appeal upheld", staff)

    @pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
    def test_also_where_nobody_knows_whether_it_expired(
        self, emulator: Emulator, account: Any, group: AccredibleGroup, staff: Any, kind: str
    ) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        drain(group.api_config)
        revoke(staff)
        fail_once(emulator, group, kind, method="PUT")

        award(group, "ada", user=staff)
        drain(group.api_config)

        assert_each_once(account, 1)
        assert credentials(account)[0]["expired_on"] is None

    @pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
    def test_and_revoked_while_its_reinstatement_is_on_its_way_it_ends_expired(
        self, emulator: Emulator, account: Any, group: AccredibleGroup, staff: Any, revoked: AccredibleBadge, kind: str
    ) -> None:
        drain(group.api_config)
        award(group, "ada", user=staff)
        fail_once(emulator, group, kind, method="PUT")

        revoke(staff)
        drain(group.api_config)

        assert_each_once(account, 1, state="expired")
        assert credentials(account)[0]["expired_on"]

    def test_a_sender_that_is_at_its_expiry_sees_the_award(
        self, account: Any, group: AccredibleGroup, staff: Any, revoked: AccredibleBadge, monkeypatch: Any
    ) -> None:
        from credentials_accredible.client import AccredibleClient

        expire = AccredibleClient.expire_credential

        def award_meanwhile(client: Any, credential: str, on: Any) -> Any:
            award(group, "ada", user=staff)
            return expire(client, credential, on)

        monkeypatch.setattr(AccredibleClient, "expire_credential", award_meanwhile)
        drain(group.api_config)

        assert_each_once(account, 1)
        assert credentials(account)[0]["expired_on"] is None

    def test_one_that_was_never_sent_is_issued(self, account: Any, group: AccredibleGroup, staff: Any) -> None:
        make_user("ada")
        award(group, "ada", user=staff)
        revoke(staff)
        award(group, "ada", user=staff)
        drain(group.api_config)
        assert_each_once(account, 1)

    def test_one_that_was_deleted_at_accredible_is_issued_again(
        self, account: Any, group: AccredibleGroup, staff: Any, plugin_settings: PluginSettings
    ) -> None:
        plugin_settings(REVOCATION="delete")
        make_user("ada")
        award(group, "ada", user=staff)
        drain(group.api_config)
        revoke(staff)
        drain(group.api_config)
        assert credentials(account) == []
        award(group, "ada", user=staff)
        drain(group.api_config)
        make_everything_due()
        assert_each_once(account, 1)

    def test_one_whose_group_was_imported_again_belongs_to_it(
        self, account: Any, group: AccredibleGroup, staff: Any, revoked: AccredibleBadge
    ) -> None:
        known = group.accredible_id
        config = group.api_config
        group.delete()
        again = make_group(config, accredible_id=known, is_active=True)
        award(again, "ada", user=staff)
        assert only().group == again
