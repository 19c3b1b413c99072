"""Deleting users on the service's own pages: what is said of their credentials, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from credentials_accredible.models import AccredibleBadge, RetiredLearner
from tests.admin.forms import text
from tests.badges.configuring import PASSES, active_group, require
from tests.badges.sending import course_status, learner
from tests.delivery.outbox import credentials, drain, make_badges, make_foreign, make_remote_group
from tests.delivery.spoiling import change
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db

User = get_user_model()
USERS = "/admin/core/user/"


@pytest.fixture
def badges(account: Any) -> list[AccredibleBadge]:
    """Two badges that are at Accredible, of two learners."""
    badges = make_badges(make_remote_group(account), 2)
    for badge in badges:
        number = make_foreign(account, badge, id=str(badge.uuid))
        change(badge, state="accepted", external_id=str(number), next_attempt_at=None)
    return badges


def delete_page(user: Any) -> str:
    return f"{USERS}{user.pk}/delete/"


def of_staff(*permissions: str) -> Client:
    """Somebody who may delete users, and has these permissions of the plugin."""
    staff = make_staff(*permissions)
    staff.user_permissions.add(*Permission.objects.filter(codename__in=["delete_user", "view_user"]))
    client = Client()
    client.force_login(staff)
    return client


def test_the_page_says_how_many_credentials_stay_and_asks(admin_client: Client, badges: list[AccredibleBadge]) -> None:
    page = text(admin_client.get(delete_page(badges[0].user)))

    assert "1 credential is at Accredible, and does not go with the deletion." in page
    assert [f'value="{value}"' in page for value in ("keep", "unpublish", "delete")] == [True] * 3
    assert "Accredible badge" not in page.partition("Summary")[2].partition("<form")[0]
    assert page.count("<form") == text(admin_client.get(delete_page(make_user()))).count("<form")


@pytest.mark.parametrize(
    ("choice", "visible"),
    [("", [True, True]), ("keep", [True, True]), ("unpublish", [False, True]), ("delete", [True])],
)
def test_what_is_chosen_is_done(
    admin_client: Client, account: Any, badges: list[AccredibleBadge], choice: str, visible: list[bool]
) -> None:
    wanted = {"post": "yes", **({"accredible_leaving": choice} if choice else {})}

    response = admin_client.post(delete_page(badges[0].user), wanted, follow=True)
    drain(badges[0].api_config)

    assert not User.objects.filter(pk=badges[0].user_id).exists()
    assert [item["approve"] for item in credentials(account)] == visible
    assert AccredibleBadge.objects.get(pk=badges[0].pk).user is None
    told = "tried until it is: 1 credentials." in text(response)
    assert told == (choice in {"unpublish", "delete"})


def test_several_are_deleted_at_once(admin_client: Client, account: Any, badges: list[AccredibleBadge]) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [badge.user_id for badge in badges]}
    page = text(admin_client.post(USERS, chosen))
    assert "2 credentials are at Accredible, and do not go with the deletion." in page

    admin_client.post(USERS, {**chosen, "post": "yes", "accredible_leaving": "delete"})
    drain(badges[0].api_config)

    assert credentials(account) == []
    assert RetiredLearner.objects.count() == 2


def test_a_late_event_does_not_make_the_account_again(admin_client: Client) -> None:
    require(active_group(), PASSES)
    course_status(learner("ada", id=7))
    admin_client.post(delete_page(User.objects.get(username="ada")), {"post": "yes"})

    course_status(learner("ada", id=7))

    assert not User.objects.filter(username="ada").exists()


def test_users_without_badges_are_deleted_as_ever(admin_client: Client) -> None:
    user = make_user("ada")
    assert "At Accredible" not in text(admin_client.get(delete_page(user)))
    admin_client.post(delete_page(user), {"post": "yes"})
    assert not User.objects.filter(username="ada").exists()
    assert not RetiredLearner.objects.exists()


def test_without_the_permission_the_credentials_stay(account: Any, badges: list[AccredibleBadge]) -> None:
    client = of_staff()
    page = text(client.get(delete_page(badges[0].user)))
    assert "They stay as they are: to unpublish or delete them takes the permission" in page
    assert 'type="radio"' not in page

    wanted = {"post": "yes", "accredible_leaving": "delete"}
    assert client.post(delete_page(badges[0].user), wanted).status_code == 403
    assert User.objects.filter(pk=badges[0].user_id).exists()
    assert client.post(delete_page(badges[0].user), {"post": "yes"}).status_code == 302
    drain(badges[0].api_config)
    assert len(credentials(account)) == 2


def test_with_it_there_is_a_choice(badges: list[AccredibleBadge]) -> None:
    client = of_staff("retire_learner")
    wanted = {"post": "yes", "accredible_leaving": "delete"}
    assert client.post(delete_page(badges[0].user), wanted).status_code == 302


def test_a_choice_that_there_is_not_deletes_nobody(admin_client: Client, badges: list[AccredibleBadge]) -> None:
    wanted = {"post": "yes", "accredible_leaving": "burn"}
    assert admin_client.post(delete_page(badges[0].user), wanted).status_code == 400
    assert User.objects.filter(pk=badges[0].user_id).exists()


def test_names_are_escaped(admin_client: Client, badges: list[AccredibleBadge]) -> None:
    User.objects.filter(pk=badges[0].user_id).update(username="<b>ada")
    assert "<b>ada" not in text(admin_client.get(delete_page(badges[0].user)))
