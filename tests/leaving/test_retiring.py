"""A learner leaves: what is stored of them is gone, and stays gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from openedx_events.learning.data import UserData

from credentials_accredible import api
from credentials_accredible.badges import failed_events, processing, spool
from credentials_accredible.choices import AtAccredible
from credentials_accredible.events.event import Event, as_json
from credentials_accredible.exceptions import DecisionRefused, RetirementRefused
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    BadgeLogEntry,
    BadgeProgress,
    EarlyPenalty,
    FailedEvent,
    GroupSnapshot,
    RetiredLearner,
    SnapshotPart,
)
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, THIRD, badges_of, course_status, learner, minutes
from tests.factories import PASSING, make_staff, make_user
from tests.tables import dump

pytestmark = pytest.mark.django_db(transaction=True)

User = get_user_model()
ADA = learner("ada", id=7, name="Ada Lovelace", email="ada@lms.example")
GRACE = learner("grace", id=8, name="Grace Hopper", email="grace@lms.example")
# What is personal of one of them, wherever it is found.
SAYS_ADA = ("lovelace", "ada@lms.example", '"ada"', "credential.test/ada")


@pytest.fixture
def group() -> AccredibleGroup:
    """A badge for a passed course, on the way to which is whoever passes the other one."""
    group = active_group("Badge")
    requirement = require(group, *in_course(DEMO, PASSES))
    penalise(group, *in_course(DEMO, FAILS), takes=[requirement])
    return group


def keep_failed(user: UserData, event_id: str = "e-1") -> FailedEvent:
    """An event of theirs that could not be processed."""
    return FailedEvent.objects.create(
        event_type=PASSING, event_id=event_id, event_time=timezone.now(), payload=said(user), error="broken"
    )


def said(user: UserData) -> dict[str, Any]:
    return as_json({"course_passing_status": {"is_passing": True, "course": {"course_key": DEMO}, "user": user}})


def spooled(user: UserData) -> None:
    """An event of theirs that waits on disk."""
    event = Event.from_json(PASSING, said(user), event_id=f"on-disk-{user.id}", time=minutes(0))
    assert spool.put(event, said(user), OSError())


def leave_traces(group: AccredibleGroup, user: UserData = ADA) -> AccredibleBadge:
    """All that can be stored of a learner."""
    course_status(user, at=minutes(1))
    gone = active_group(f"Gone {user.id}")
    require(gone, *in_course(OTHER, PASSES))
    require(gone, ("course.course_key", "eq", "never"))
    course_status(user, OTHER, at=minutes(2))
    api.remove_groups([gone])
    other = active_group(f"Other {user.id}")
    penalise(other, *in_course(THIRD, FAILS), takes=[require(other, *in_course(THIRD, PASSES))])
    course_status(user, THIRD, is_passing=False, at=minutes(3))
    keep_failed(user, f"e-{user.id}")
    spooled(user)
    badge = AccredibleBadge.objects.get(user__username=user.pii.username)
    name = user.pii.username
    AccredibleBadge.objects.filter(pk=badge.pk).update(
        url=f"https://credential.test/{name}",
        custom_attributes={"who": name},
        last_error=f"{name}@lms.example is taken",
    )
    BadgeLogEntry.objects.create(badge=badge, action="issue", succeeded=False, detail=f"{name}@lms.example is taken")
    return badge


def stored() -> str:
    """All that is in the plugin's tables, and on disk."""
    tables = {name: rows for name, rows in dump().items() if name.startswith("credentials_accredible_")}
    return f"{tables} {[path.read_text() for path in spool.waiting()]}".lower()


def test_whatever_was_stored_of_them_is_gone_and_of_others_nothing(group: AccredibleGroup) -> None:
    leave_traces(group, GRACE)
    leave_traces(group)
    # Events work off what waits on disk.
    spooled(GRACE)
    before = stored()
    assert [trace for trace in SAYS_ADA if trace not in before] == []

    done = api.retire("ada")

    assert [trace for trace in SAYS_ADA if trace in stored()] == []
    assert stored().count("grace") == before.count("grace")
    assert done.erased == api.Erased(
        failed_events=1, spooled_events=1, progress=1, fulfilments=1, early_penalties=2, snapshot_entries=1, badges=1
    )
    assert BadgeProgress.objects.get().user.username == "grace"
    assert [len(part.learners) for part in SnapshotPart.objects.order_by("pk")] == [1, 0]
    assert list(GroupSnapshot.objects.order_by("pk").values_list("learners", flat=True)) == [1, 0]


def test_that_there_was_a_badge_stays_and_leads_to_no_one(group: AccredibleGroup) -> None:
    staff = make_staff()
    before = leave_traces(group)

    api.retire("ada", user=staff)

    badge = AccredibleBadge.objects.get(pk=before.pk)
    assert (badge.user, badge.group, badge.status, badge.issued_on) == (None, group, "awarded", before.issued_on)
    assert str(badge) == "a learner who has left / Badge"
    entry, earlier = badge.log.all()
    assert (entry.action, entry.user, entry.detail) == ("retire", staff, "keep: the credentials stay as they are")
    assert (earlier.action, earlier.detail) == ("issue", "")
    assert RetiredLearner.objects.get().user == staff


def test_a_second_time_nothing_is_changed(group: AccredibleGroup) -> None:
    leave_traces(group)
    assert api.retire("ada").changed
    before = stored()

    again = api.retire("ada")

    assert not again.changed
    assert stored() == before


def test_the_snapshots_of_others_and_the_numbers_of_entries_that_go_on_stay_right(group: AccredibleGroup) -> None:
    for user in (ADA, GRACE):
        course_status(user, at=minutes(1))
    api.remove_groups([group])

    api.retire("ada")

    snapshot = GroupSnapshot.objects.get()
    entries = [entry for part in snapshot.parts.all() for entry in part.learners]
    assert snapshot.learners == 1
    assert [entry["lms_user_id"] for entry in entries] == [8, None, 8]
    api.restore([snapshot], api.RestoreChoices())
    assert BadgeProgress.objects.get().user.username == "grace"
    assert AccredibleBadge.objects.filter(group__isnull=False).count() == 2


@pytest.mark.parametrize("account", ["known", "renamed", "unknown"])
def test_a_late_event_brings_nothing_back(group: AccredibleGroup, account: str) -> None:
    if account != "unknown":
        course_status(ADA, OTHER, at=minutes(0))
        make_user("ada", lms_user_id=7)
    if account == "renamed":
        User.objects.update(username="retired__user_1", full_name="", email="")
    api.retire("ada", lms_user_id=7)
    before = stored(), list(User.objects.values())

    course_status(ADA, at=timezone.now())
    course_status(ADA, is_passing=False, at=timezone.now())
    course_status(learner("ada", id=None, name="Ada Lovelace"), at=timezone.now())

    assert (stored(), list(User.objects.values())) == before


def test_a_late_event_that_fails_or_waited_on_disk_is_not_kept(
    group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = keep_failed(ADA)
    spooled(ADA)
    path = spool.waiting()[0].read_text()
    api.retire("ada")
    spool.waiting()
    before = stored()

    spooled(ADA)
    assert spool.waiting()[0].read_text() == path
    processing.work_off_spool()
    failed_events.keep(Event.of(PASSING, {"course_passing_status": None}), {}, KeyError())
    FailedEvent.objects.all().delete()
    failed_events.keep(Event.from_json(PASSING, said(ADA), event_id="", time=minutes(1)), said(ADA), KeyError())

    assert stored() == before
    assert not FailedEvent.objects.filter(pk=failed.pk).exists()


def test_somebody_else_who_has_the_name_now_is_somebody_else(group: AccredibleGroup) -> None:
    leave_traces(group)
    User.objects.update(username="retired__user_1")
    api.retire("ada", lms_user_id=7)

    course_status(learner("ada", id=9), at=timezone.now())

    assert badges_of("ada") == [("Badge", "awarded")]


def test_events_that_failed_of_somebody_else_with_the_name_stay(group: AccredibleGroup) -> None:
    make_user("ada", lms_user_id=7)
    keep_failed(learner("ada", id=9))

    assert api.retire("ada").erased.failed_events == 0


class TestWhoIsMeant:
    def test_a_learner_who_is_only_in_failed_events_is_known_by_their_number_afterwards(self) -> None:
        keep_failed(ADA)
        done = api.retire("ada")

        assert (done.has_account, done.erased.failed_events) == (False, 1)
        assert RetiredLearner.objects.get().lms_user_id == 7

    def test_an_account_that_is_renamed_already_is_found_by_the_lms_user_id(self, group: AccredibleGroup) -> None:
        leave_traces(group)
        User.objects.filter(username="ada").update(username="retired__user_1", full_name="")

        done = api.retire("ada", lms_user_id=7)

        assert (done.has_account, done.erased.badges, done.erased.failed_events) == (True, 1, 1)
        assert not api.retire("retired__user_1").changed
        assert not api.retire("ada").changed

    def test_or_by_what_it_is_called_now(self, group: AccredibleGroup) -> None:
        leave_traces(group)
        User.objects.filter(username="ada").update(username="retired__user_1", full_name="")

        done = api.retire("retired__user_1")

        assert (done.erased.badges, done.erased.failed_events, done.erased.spooled_events) == (1, 1, 1)
        assert not api.retire("ada", lms_user_id=7).changed
        assert RetiredLearner.objects.count() == 1

    def test_or_by_events_that_have_failed(self, group: AccredibleGroup) -> None:
        leave_traces(group)
        User.objects.filter(username="ada").update(username="retired__user_1")
        assert api.retire("ada").erased.badges == 1

    def test_without_any_of_that_a_second_call_completes_the_first(self, group: AccredibleGroup) -> None:
        course_status(ADA, at=minutes(1))
        User.objects.update(username="retired__user_1")
        assert not api.retire("ada").has_account

        assert api.retire("ada", lms_user_id=7).erased.badges == 1
        assert RetiredLearner.objects.count() == 1

    @pytest.mark.parametrize("name", ["", "  ", "\u200b"])
    def test_nobody_is_called_nothing(self, name: str) -> None:
        with pytest.raises(RetirementRefused, match="Give the learner's user name"):
            api.retire(name)

    def test_a_name_and_a_number_of_different_people_are_refused(self) -> None:
        make_user("ada", lms_user_id=7)
        with pytest.raises(RetirementRefused, match="LMS user ID 7, not 8"):
            api.retire("ada", lms_user_id=8)
        assert not RetiredLearner.objects.exists()

    def test_so_is_a_number_that_several_accounts_have(self) -> None:
        make_user("one", lms_user_id=7)
        make_user("two", lms_user_id=7)
        with pytest.raises(RetirementRefused, match="Several accounts"):
            api.retire("ada", lms_user_id=7)

    @pytest.mark.parametrize("name", ["ada' OR 1=1", "🎓" * 50, "a" * 5000, "a\x00b", "\ud800"])
    def test_whatever_the_name_is_it_is_only_a_name(self, name: str) -> None:
        make_user("ada")
        assert not api.retire(name).changed


def test_staff_cannot_award_a_badge_to_who_has_left(group: AccredibleGroup) -> None:
    make_user("ada", lms_user_id=7)
    api.retire("ada")
    with pytest.raises(DecisionRefused, match="ada has left"):
        api.award_badges(group, ["ada"], reason="why not", user=make_staff())


@pytest.mark.parametrize("moment", ["behind the locks", "after the last look", "before the account is made"])
def test_an_event_that_is_under_way_while_they_are_retired_leaves_nothing(
    group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The row that says so, of another process, appears at that moment; nothing else of that is seen here."""
    if moment != "before the account is made":
        make_user("ada", lms_user_id=7)
    name, owner = {
        "behind the locks": ("_lock_progress", processing),
        "after the last look": ("award", processing.awarding),
        "before the account is made": ("create", processing.learners),
    }[moment]
    original = getattr(owner, name)

    def retired_meanwhile(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, original)
        RetiredLearner.objects.create(lms_user_id=7, at_accredible=AtAccredible.KEEP)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, retired_meanwhile)
    # Where that is undone with the event's transaction, so is the row.
    monkeypatch.setattr(processing.transaction, "set_rollback", lambda *_args: None)
    course_status(ADA, at=timezone.now())

    assert not AccredibleBadge.objects.filter(user__isnull=False).exists()
    assert moment != "after the last look" or not BadgeProgress.objects.exists()


def test_an_early_penalty_that_is_kept_while_they_are_retired_is_not_kept(
    group: AccredibleGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = processing._keep_early_penalties

    def retired_meanwhile(*args: Any) -> Any:
        api.retire("ada", lms_user_id=7)
        return keep(*args)

    monkeypatch.setattr(processing, "_keep_early_penalties", retired_meanwhile)
    course_status(ADA, is_passing=False, at=timezone.now())

    assert not EarlyPenalty.objects.exists()
