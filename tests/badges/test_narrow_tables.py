"""Texts that the host's own tables cannot hold: on MySQL many of them are in utf8mb3 or latin1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from openedx_events.learning.signals import BADGE_AWARDED
from rest_framework.test import APIClient

from credentials_accredible import api, host
from credentials_accredible.exceptions import DecisionRefused
from credentials_accredible.host import tables
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, FailedEvent, LearnerText
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, OTHER, badges_of, course_status, learner, minutes

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {"core_user": ["username", "full_name", "email"], "django_admin_log": ["object_repr", "change_message"]}
NAME = "Ada 🎓 Łovelace"


@pytest.fixture(params=["utf8mb3", "latin1"])
def charset(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The host's tables have that character set: for true on MySQL and MariaDB, elsewhere the plugin thinks so."""
    name = request.param
    if connection.vendor != "mysql":
        monkeypatch.setattr(host, "may_hold_less", lambda: True)
        codec = tables._CODECS[name]
        monkeypatch.setattr(tables, "_codec", lambda alias, table, column: codec if table in TABLES else "utf-8")
        yield name
        return
    _convert(name)
    try:
        yield name
    finally:
        for model in (LogEntry, get_user_model()):
            model._default_manager.all().delete()
        _convert("utf8mb4")


def _convert(charset: str) -> None:
    tables._codec.cache_clear()
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET {charset}")


def held(charset: str) -> str:
    """The name as such a table has it."""
    return "Ada Łovelace" if charset == "utf8mb3" else "Ada ovelace"


def group_of(account: Any, name: str = "Diver 🤿") -> AccredibleGroup:
    """An active group that a passed course fulfils, here and at Accredible."""
    remote = account.add_group(name=name, course_name=name)
    group = active_group(name, accredible_id=remote["id"])
    require(group, *in_course(DEMO, PASSES))
    return group


def test_a_learner_gets_the_badge_under_the_name_that_the_event_said(account: Any, charset: str) -> None:
    group = group_of(account)
    course_status(learner("ada", name=NAME))

    assert badges_of("ada") == [("Diver 🤿", "awarded")]
    assert get_user_model().objects.get().full_name == held(charset)
    api.deliver(group.api_config)
    [credential] = account.credentials()
    assert credential["recipient_name"] == NAME
    assert AccredibleBadge.objects.get().state == "accepted"
    assert not FailedEvent.objects.exists()


def test_a_learner_who_is_known_already_gets_it_too(account: Any, charset: str) -> None:
    group = group_of(account)
    get_user_model().objects.create(username="ada", email="ada@example.com", date_joined=minutes(-5))
    course_status(learner("ada", name=NAME))
    api.deliver(group.api_config)
    assert [credential["recipient_name"] for credential in account.credentials()] == [NAME]


def test_a_name_that_is_corrected_later_counts(account: Any, charset: str) -> None:
    group = group_of(account)
    require(group, *in_course(OTHER, PASSES), blend="B")
    course_status(learner("ada", name=NAME))
    get_user_model().objects.update(full_name="Ada King")
    course_status(learner("ada", name=""), OTHER, at=minutes(5))
    api.deliver(group.api_config)
    assert [credential["recipient_name"] for credential in account.credentials()] == ["Ada King"]


def test_a_later_event_with_less_in_the_name_counts(account: Any, charset: str) -> None:
    group = group_of(account)
    require(group, *in_course(OTHER, PASSES), blend="B")
    course_status(learner("ada", name=NAME))
    course_status(learner("ada", name=held(charset)), OTHER, at=minutes(5))
    api.deliver(group.api_config)
    assert [credential["recipient_name"] for credential in account.credentials()] == [held(charset)]


def test_an_address_is_held_whole_or_not_at_all(account: Any, charset: str) -> None:
    group = group_of(account)
    address = "ada@lovelace.例え.jp"
    course_status(learner("ada", email=address))
    assert get_user_model().objects.get().email == (address if charset == "utf8mb3" else "")
    api.deliver(group.api_config)
    assert [credential["recipient_email"] for credential in account.credentials()] == [address]


def test_other_plugins_are_told_the_name_that_the_event_said(account: Any, charset: str) -> None:
    group_of(account)
    told: list[str] = []

    def take(badge: Any, **_others: Any) -> None:
        told.append(badge.user.pii.name)

    BADGE_AWARDED.connect(take)
    try:
        course_status(learner("ada", name=NAME))
    finally:
        BADGE_AWARDED.disconnect(take)
    assert told == [NAME]


def test_a_name_that_can_be_held_is_kept_nowhere_else(account: Any, charset: str) -> None:
    group_of(account)
    course_status(learner("ada", name="Adé"))
    assert get_user_model().objects.get().full_name == "Adé"
    assert not LearnerText.objects.exists()


def test_what_is_kept_goes_with_the_learner(account: Any, charset: str) -> None:
    group_of(account)
    course_status(learner("ada", name=NAME))
    assert LearnerText.objects.count() == 1
    get_user_model().objects.get().delete()
    assert not LearnerText.objects.exists()


def test_nothing_is_kept_of_a_learner_who_is_retired(account: Any, charset: str) -> None:
    group_of(account)
    course_status(learner("ada", name=NAME))
    call_command("accredible_retire", "ada")
    assert not LearnerText.objects.exists()


def test_a_user_name_that_no_account_can_have_is_said_to_be_so(account: Any, charset: str) -> None:
    group_of(account)
    course_status(learner("ada𝒶"))
    failed = FailedEvent.objects.get()
    assert "cannot hold the user name" in failed.error
    assert "busy" not in failed.error
    assert not get_user_model().objects.exists()


def test_an_account_is_found_by_its_number_whatever_its_name(account: Any, charset: str) -> None:
    group_of(account)
    number = learner("ada𝒶").id
    get_user_model().objects.create(username="ada", email="ada@example.com", lms_user_id=number)
    course_status(learner("ada𝒶", id=number))
    assert badges_of("ada") == [("Diver 🤿", "awarded")]


def test_staff_activate_and_edit_a_group_whose_name_their_log_cannot_hold(
    account: Any, charset: str, admin_client: Client
) -> None:
    group = group_of(account, "Diver 🤿")
    AccredibleGroup.objects.update(is_active=False)
    pages = "/admin/credentials_accredible/accrediblegroup/"
    form = {"action": "activate", "_selected_action": group.pk}
    page = admin_client.post(pages, form, follow=True).content.decode()
    assert "Nothing was changed" not in page
    group.refresh_from_db()
    assert group.is_active
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["Diver"]


@pytest.mark.parametrize("page", ["accrediblebadge", "badgeprogress", "accrediblegroup", "failedevent"])
def test_lists_are_searched_for_it_without_an_error(
    account: Any, charset: str, admin_client: Client, page: str
) -> None:
    group_of(account)
    course_status(learner("ada", name=NAME))
    found = admin_client.get(f"/admin/credentials_accredible/{page}/", {"q": "🤿"})
    assert found.status_code == 200
    assert found.context["cl"].result_count == (0 if page == "failedevent" else 1)


def test_the_rest_api_and_hands_find_nobody_of_such_a_name(account: Any, charset: str, admin_user: Any) -> None:
    group = group_of(account)
    course_status(learner("ada", name=NAME))
    client = APIClient()
    client.force_authenticate(admin_user)
    badges = "/accredible/api/v1/badges/"
    assert client.get(badges, {"username": "ada𝒶"}).json()["count"] == 0
    assert client.get(badges, {"search": "🤿"}).json()["count"] == 1
    with pytest.raises(DecisionRefused, match="there is no learner"):
        api.award_badges(group, ["ada𝒶"], reason="why", user=admin_user)
