"""Whom an event is about, and what it changes about them."""

from __future__ import annotations

import sys
from datetime import timedelta
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openedx_events.learning.data import UserData, UserPersonalData

from credentials_accredible.badges import learners
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, FailedEvent
from tests.badges.configuring import FAILS, PASSES, active_group, penalise, require
from tests.badges.sending import DEMO, OTHER, badges_of, course_status, learner, minutes
from tests.connections import held
from tests.factories import make_progress, make_user

pytestmark = pytest.mark.django_db

User = get_user_model()


@pytest.fixture(autouse=True)
def group() -> AccredibleGroup:
    group = active_group()
    requirement = require(group, PASSES, any_event=False)
    require(group, ("course.course_key", "eq", "never"))
    penalise(group, FAILS, takes=[requirement])
    return group


def in_progress() -> Any:
    """The only learner with progress."""
    return BadgeProgress.objects.get().user


def test_a_learner_nobody_knew_is_created_as_the_event_says() -> None:
    course_status(learner("ada", id=7, name="Ada Lovelace", email="ada@lms.example", is_active=False))

    user = in_progress()
    assert (user.username, user.full_name, user.email) == ("ada", "Ada Lovelace", "ada@lms.example")
    assert (user.lms_user_id, user.is_active) == (7, False)
    assert not user.has_usable_password()
    assert not user.is_staff


def test_a_learner_is_known_by_the_lms_user_id_when_the_user_name_was_replaced() -> None:
    user = make_user("new-name", lms_user_id=7)
    course_status(learner("old-name", id=7))
    assert in_progress() == user
    assert User.objects.count() == 1


def test_a_learner_without_an_lms_user_id_is_known_by_name_and_gets_the_id() -> None:
    user = make_user("ada")
    course_status(learner("ada", id=7))
    assert in_progress() == user
    user.refresh_from_db()
    assert user.lms_user_id == 7


def test_the_lms_user_id_is_worth_more_than_the_name() -> None:
    make_user("ada", lms_user_id=1)
    renamed = make_user("grace", lms_user_id=7)
    course_status(learner("ada", id=7))
    assert in_progress() == renamed


def test_of_several_with_one_lms_user_id_the_name_decides() -> None:
    make_user("one", lms_user_id=7)
    right = make_user("ada", lms_user_id=7)
    course_status(learner("ada", id=7))
    assert in_progress() == right


@pytest.mark.parametrize(
    ("known", "sent", "reason"),
    [
        ([("ada", 1)], ("ada", 7), "another LMS user ID"),
        ([("one", 7), ("two", 7)], ("ada", 7), "Several users have the LMS user ID"),
        ([], ("", None), "does not say which learner"),
        ([], ("", 7), "user name has 1 to 150"),
        ([], ("a" * 151, 7), "user name has 1 to 150"),
    ],
)
def test_an_event_of_which_nobody_knows_whom_it_is_about_is_kept(
    known: list[tuple[str, int]], sent: tuple[str, int | None], reason: str
) -> None:
    for name, number in known:
        make_user(name, lms_user_id=number)
    course_status(learner(sent[0], id=sent[1]))
    assert reason in FailedEvent.objects.get().error
    assert "LearnerUnknown" not in FailedEvent.objects.get().error
    assert not BadgeProgress.objects.exists()
    assert User.objects.count() == len(known)


@pytest.mark.parametrize("number", [None, 0, -1, 2**40, 10**30, "7", True, 7.0])
def test_an_lms_user_id_that_is_none_does_not_stand_in_the_way(number: Any) -> None:
    course_status(learner("ada", id=number))
    assert (in_progress().username, in_progress().lms_user_id) == ("ada", None)


@pytest.mark.parametrize(
    ("email", "name"),
    [("", ""), (None, None), ("no address", "\x00"), ("a@b.c" + "d" * 300, 5), (["ada@example.com"], object())],
)
def test_what_an_event_says_in_no_usable_form_stays_empty(email: Any, name: Any) -> None:
    course_status(learner("ada", email=email, name=name))
    assert in_progress().email == ""
    assert in_progress().full_name in {"", "\ufffd"}


def test_an_address_beyond_ascii_is_one() -> None:
    course_status(learner("ada", email="jörg@bücher.example"))
    assert in_progress().email == "jörg@bücher.example"


def test_a_very_long_name_is_cut() -> None:
    course_status(learner("ada", name="Ada " * 1000))
    assert len(in_progress().full_name) <= 255


def test_the_record_follows_the_lms() -> None:
    course_status(learner("ada", email="old@example.com", name="Old"), at=minutes(1))
    course_status(learner("ada", email="new@example.com", name="New"), at=minutes(2))
    assert (in_progress().email, in_progress().full_name) == ("new@example.com", "New")


def test_an_older_event_does_not_overwrite_what_a_newer_one_has_brought() -> None:
    course_status(learner("ada", email="new@example.com", name="New"), at=minutes(2))
    course_status(learner("ada", email="old@example.com", name="Old"), at=minutes(1))
    assert (in_progress().email, in_progress().full_name) == ("new@example.com", "New")


def test_a_penalty_brings_news_of_the_learner_too() -> None:
    course_status(learner("ada", email="old@example.com"), at=minutes(1))
    course_status(learner("ada", email="new@example.com"), is_passing=False, at=minutes(2))
    assert in_progress().email == "new@example.com"


def test_an_event_from_before_the_last_login_changes_nothing() -> None:
    course_status(learner("ada", email="old@example.com"), at=minutes(1))
    user = in_progress()
    user.email, user.last_login = "login@example.com", minutes(3)
    user.save()
    course_status(learner("ada", email="old@example.com"), at=minutes(2))
    assert in_progress().email == "login@example.com"
    course_status(learner("ada", email="new@example.com"), at=minutes(4))
    assert in_progress().email == "new@example.com"


def test_an_event_from_before_the_account_changes_nothing() -> None:
    user = make_user("ada")
    course_status(learner("ada", email="old@example.com"), at=user.date_joined - timedelta(minutes=1))
    assert in_progress().email == "ada@example.com"


def test_empty_values_overwrite_nothing() -> None:
    course_status(learner("ada", email="ada@example.com", name="Ada"), at=minutes(1))
    course_status(learner("ada", email="", name=""), at=minutes(2))
    assert (in_progress().email, in_progress().full_name) == ("ada@example.com", "Ada")


@pytest.mark.parametrize("role", ["is_staff", "is_superuser"])
def test_accounts_of_staff_are_left_alone(role: str) -> None:
    make_user("ada", full_name="Ada", date_joined=minutes(1), **{role: True})
    course_status(learner("ada", email="new@example.com", name="New"), at=minutes(2))
    user = in_progress()
    assert (user.email, user.full_name, user.lms_user_id) == ("ada@example.com", "Ada", None)


def test_an_account_that_was_deactivated_here_stays_so() -> None:
    user = make_user("ada", is_active=False)
    course_status(learner("ada", is_active=True))
    user.refresh_from_db()
    assert not user.is_active


def test_an_account_that_was_there_before_follows_the_lms() -> None:
    make_user("ada", full_name="Ada", date_joined=minutes(1))
    course_status(learner("ada", email="new@example.com", name="New"), at=minutes(2))
    assert (in_progress().email, in_progress().full_name) == ("new@example.com", "New")


def test_a_user_that_is_up_to_date_is_not_written() -> None:
    course_status("ada", at=minutes(1))
    with CaptureQueriesContext(connection) as queries:
        course_status("ada", OTHER, at=minutes(2))
    assert [query["sql"] for query in queries if User._meta.db_table in query["sql"] and "UPDATE" in query["sql"]] == []


def retire(username: str, **values: Any) -> Any:
    """What the service does with an account when its learner leaves: a statement, and no signal."""
    values = {"username": f"retired__user_{username}", "full_name": "", **values}
    User.objects.filter(username=username).update(**values)
    return User.objects.get(username=values["username"])


@pytest.mark.parametrize("minute", [0, 2])
def test_nothing_is_followed_from_an_event_with_another_user_name_than_the_account(minute: int) -> None:
    course_status(learner("ada", id=7, name="Ada", email="old@example.com"), at=minutes(1))
    User.objects.update(username="lovelace", full_name="", email="")

    course_status(learner("ada", id=7, name="Ada", email="old@example.com"), OTHER, at=minutes(minute))

    user = User.objects.get()
    assert (user.username, user.full_name, user.email) == ("lovelace", "", "")


def test_an_account_that_is_renamed_while_its_event_is_processed_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    course_status(learner("ada", id=7, name="Ada", email="old@example.com"), at=minutes(1))
    as_of = learners._as_of

    def renamed_meanwhile(*args: Any) -> Any:
        retire("ada", email="")
        return as_of(*args)

    monkeypatch.setattr(learners, "_as_of", renamed_meanwhile)
    course_status(learner("ada", id=7, name="New", email="new@example.com"), OTHER, at=minutes(2))

    user = User.objects.get()
    assert (user.username, user.full_name, user.email) == ("retired__user_ada", "", "")


@pytest.mark.parametrize("name", ["ada", "retired__user_ada"])
def test_a_retired_learner_earns_nothing_any_more(group: AccredibleGroup, name: str) -> None:
    group.requirements.latest("pk").delete()
    make_user("ada", lms_user_id=7)
    retire("ada")

    course_status(learner(name, id=7, name="Ada"), at=timezone.now())

    assert (User.objects.get().full_name, User.objects.get().email) == ("", "ada@example.com")
    assert not BadgeProgress.objects.exists()
    assert not AccredibleBadge.objects.exists()
    assert not FailedEvent.objects.exists()


def test_a_retired_learner_is_not_made_a_new_account() -> None:
    course_status(learner("retired__user_ada", id=7), at=timezone.now())
    assert not User.objects.exists()


def test_how_the_lms_calls_retired_learners_is_a_setting_of_its_own(settings: Any) -> None:
    settings.RETIRED_USERNAME_PREFIX = "gone_"
    course_status(learner("gone_ada", id=7))
    course_status(learner("retired__user_grace", id=8))
    assert [user.username for user in User.objects.all()] == ["retired__user_grace"]


class TestInTheService:
    """With the service's own function, which is not here: a stand-in with its signature."""

    @pytest.fixture(autouse=True)
    def service(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        seen: dict[str, Any] = {"answer": lambda data: (make_user(data.pii.username), True)}

        def get_or_create_user_from_event_data(user_data: UserData) -> tuple[Any, bool | None]:
            seen["data"] = user_data
            return seen["answer"](user_data)

        for name in ("credentials", "credentials.apps", "credentials.apps.core", "credentials.apps.core.api"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        api: Any = sys.modules["credentials.apps.core.api"]
        api.get_or_create_user_from_event_data = get_or_create_user_from_event_data
        return seen

    def test_it_makes_the_learner(self, service: dict[str, Any]) -> None:
        course_status(learner("ada", id=7, name="Ada", email="ada@lms.example"))
        pii = UserPersonalData(username="ada", email="ada@lms.example", name="Ada")
        assert service["data"] == UserData(id=7, is_active=True, pii=pii)
        assert in_progress().username == "ada"

    def test_where_it_declines_the_event_is_kept(self, service: dict[str, Any]) -> None:
        service["answer"] = lambda data: (None, None)
        course_status("ada")
        assert "did not create the learner" in FailedEvent.objects.get().error

    def test_it_is_not_asked_for_a_learner_who_is_known(self, service: dict[str, Any]) -> None:
        user = make_user("ada")
        course_status("ada")
        assert in_progress() == user
        assert "data" not in service


def test_on_a_host_whose_users_have_an_id_of_the_lms_nobody_else_gets_the_badge(group: AccredibleGroup) -> None:
    group.requirements.latest("pk").delete()
    course_status(learner("ada", id=7), DEMO)
    User.objects.filter(username="ada").update(username="lovelace")
    course_status(learner("ada", id=8), DEMO)
    assert badges_of("lovelace") == badges_of("ada") == [("Badge", "awarded")]
    assert AccredibleBadge.objects.count() == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_learner_can_be_deleted_while_an_event_of_theirs_is_processed(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials_accredible.database._ATTEMPTS", 1)
    user = make_user("ada")
    other = require(active_group(), ("course.course_key", "eq", OTHER))
    make_progress(other.group, user=user)
    answers: list[Any] = []

    def delete() -> None:
        try:
            answers.append(admin_client.post(f"/admin/core/user/{user.pk}/delete/", {"post": "yes"}).status_code)
        finally:
            connection.close()

    deletion = Thread(target=delete)
    with held(lambda: course_status("ada", OTHER), at="INSERT INTO"):
        deletion.start()
        deletion.join(timeout=1)
        assert deletion.is_alive()
    deletion.join(timeout=30)

    assert answers == [302]
    assert not User.objects.filter(username="ada").exists()
    assert not BadgeProgress.objects.exists()
    assert not FailedEvent.objects.exists()
