"""``badges/mine/``: learners and what they have earned."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from credentials_accredible.choices import BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleBadge
from tests import factories
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db

MINE = f"{ROOT}badges/mine/"


def make_badge(user: Any, **values: Any) -> AccredibleBadge:
    group = factories.make_group(name="Badge", description="For passing", icon_url="https://example.com/i.png")
    badge = factories.make_badge(group)
    defaults = {"state": BadgeState.ACCEPTED, "url": "https://credential.example.com/1", "issued_on": date(2026, 1, 2)}
    AccredibleBadge.objects.filter(pk=badge.pk).update(user=user, **{**defaults, **values})
    badge.refresh_from_db()
    return badge


@pytest.fixture
def learner() -> Any:
    return factories.make_user("ada")


@pytest.fixture
def client(caller: Caller, learner: Any) -> APIClient:
    return caller(user=learner)


def test_learners_see_their_own_badges_and_no_others(client: APIClient, learner: Any) -> None:
    own = make_badge(learner)
    make_badge(factories.make_user("bob"))

    page = client.get(MINE).json()

    assert page["count"] == 1
    (found,) = page["results"]
    assert found == {
        "uuid": str(own.uuid),
        "name": "Badge",
        "description": "For passing",
        "icon_url": "https://example.com/i.png",
        "status": "awarded",
        "standing": "earned",
        "url": "https://credential.example.com/1",
        "issued_on": "2026-01-02",
        "expired_on": None,
        "valid_until": None,
        "created": found["created"],
    }


def test_not_even_a_filter_reaches_beyond_their_own(client: APIClient, learner: Any) -> None:
    make_badge(factories.make_user("bob"))

    assert client.get(MINE, {"username": "bob", "search": "bob", "user": "bob"}).json()["count"] == 0


def test_staff_see_their_own_only_here_too(superuser: APIClient, learner: Any) -> None:
    make_badge(learner)

    assert superuser.get(MINE).json()["results"] == []


def test_what_went_wrong_is_for_staff(client: APIClient, learner: Any) -> None:
    make_badge(learner, state=BadgeState.ERROR, last_error="ada@example.com is not valid", attempts=3)

    text = client.get(MINE).content.decode()

    assert "not valid" not in text
    assert "attempts" not in text
    assert "state" not in text


@pytest.mark.parametrize(
    "values",
    [
        {"state": BadgeState.UNPUBLISHED},
        {"state": BadgeState.NO_RESPONSE},
        {"state": BadgeState.EXPIRED, "status": BadgeStatus.REVOKED},
        {"url": "javascript:alert(1)"},
    ],
)
def test_a_page_that_is_not_to_be_seen_has_no_address(client: APIClient, learner: Any, values: dict[str, Any]) -> None:
    make_badge(learner, **values)

    assert client.get(MINE).json()["results"][0]["url"] == ""


def test_a_badge_whose_group_is_gone_is_still_theirs(client: APIClient, learner: Any) -> None:
    badge = make_badge(learner)
    assert badge.group
    badge.group.delete()

    (found,) = client.get(MINE).json()["results"]

    assert (found["name"], found["description"], found["icon_url"]) == ("Badge", None, None)


def test_they_can_be_told_apart_by_status(client: APIClient, learner: Any) -> None:
    make_badge(learner)
    revoked = make_badge(learner, status=BadgeStatus.REVOKED)

    (found,) = client.get(MINE, {"status": "revoked"}).json()["results"]

    assert found["uuid"] == str(revoked.uuid)


def test_one_of_their_own_is_not_read_through_the_door_for_staff(client: APIClient, learner: Any) -> None:
    badge = make_badge(learner)

    assert client.get(f"{ROOT}badges/{badge.uuid}/").status_code == 403
    assert client.get(f"{ROOT}badges/").status_code == 403
