"""Retiring learners over REST, as a retirement pipeline does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from credentials_accredible import api, retirement
from credentials_accredible.models import AccredibleBadge, RetiredLearner
from tests import factories
from tests.delivery.outbox import drain, make_badges, make_foreign, make_remote_group
from tests.delivery.spoiling import change
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = f"{ROOT}retirements/"


@pytest.fixture
def badge(account: Any) -> AccredibleBadge:
    """A badge that is at Accredible, of Ada."""
    [badge] = make_badges(make_remote_group(account), 1)
    number = make_foreign(account, badge, id=str(badge.uuid))
    change(badge, state="accepted", external_id=str(number), next_attempt_at=None)
    type(badge.user).objects.filter(pk=badge.user_id).update(username="ada", lms_user_id=7)
    return badge


@pytest.fixture
def pipeline(caller: Caller) -> APIClient:
    """The user of a retirement pipeline, with no other permissions."""
    user = factories.make_staff("view_retiredlearner", "retire_learner", username="pipeline")
    return caller(user=user)


def test_a_pipeline_retires_and_asks_again_until_it_is_done(pipeline: APIClient, badge: AccredibleBadge) -> None:
    wanted = {"username": "ada", "lms_user_id": 7, "at_accredible": "delete"}

    first = pipeline.post(ADDRESS, wanted, format="json")

    assert first.status_code == 200
    answer = first.json()
    assert (answer["has_account"], answer["changed"], answer["waiting"], answer["failed"]) == (True, True, 1, 0)
    assert (answer["lms_user_id"], answer["at_accredible"], answer["erased"]["badges"]) == (7, "delete", 1)
    assert "ada" not in first.content.decode()

    drain(badge.api_config)
    again = pipeline.post(ADDRESS, wanted, format="json").json()
    assert (again["id"], again["changed"], again["waiting"]) == (answer["id"], False, 0)


def test_who_was_retired_by_whom_and_what_is_left_to_be_done_is_listed(
    pipeline: APIClient, badge: AccredibleBadge
) -> None:
    pipeline.post(ADDRESS, {"username": "ada", "at_accredible": "unpublish"}, format="json")
    pipeline.post(ADDRESS, {"username": "grace"}, format="json")

    found = pipeline.get(ADDRESS).json()

    assert [(item["lms_user_id"], item["user"], item["waiting"]) for item in found["results"]] == [
        (None, "pipeline", 0),
        (7, "pipeline", 1),
    ]
    assert pipeline.get(ADDRESS, {"lms_user_id": 7}).json()["count"] == 1
    one = pipeline.get(f"{ADDRESS}{found['results'][1]['id']}/").json()
    assert one == found["results"][1]


def test_who_is_meant_has_to_be_clear(pipeline: APIClient, badge: AccredibleBadge) -> None:
    answer = pipeline.post(ADDRESS, {"username": "ada", "lms_user_id": 8}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "learner_unclear")
    assert "not 8" in answer.json()["detail"]
    assert not RetiredLearner.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "username"),
        ({"username": ""}, "username"),
        ({"username": "a" * 256}, "username"),
        ({"username": ["ada"]}, "username"),
        ({"username": "ada", "lms_user_id": "7"}, "lms_user_id"),
        ({"username": "ada", "lms_user_id": 2**31}, "lms_user_id"),
        ({"username": "ada", "at_accredible": "burn"}, "at_accredible"),
        ({"username": "ada", "name": "Ada"}, "non_field_errors"),
    ],
)
def test_what_cannot_be_used_is_refused(pipeline: APIClient, wanted: dict[str, Any], field: str) -> None:
    answer = pipeline.post(ADDRESS, wanted, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not RetiredLearner.objects.exists()


def test_it_is_not_done_in_one_transaction(
    pipeline: APIClient, badge: AccredibleBadge, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    erase = retirement.snapshots.erase

    def spy(leaver: Any) -> int:
        seen.append(connection.in_atomic_block)
        return erase(leaver)

    monkeypatch.setattr(retirement.snapshots, "erase", spy)
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    assert pipeline.post(ADDRESS, {"username": "ada"}, format="json").status_code == 200
    assert seen == [False]


def test_a_badge_of_theirs_is_shown_without_a_learner(superuser: APIClient, badge: AccredibleBadge) -> None:
    api.retire("ada")
    assert superuser.get(f"{ROOT}badges/{badge.uuid}/").json()["username"] is None
    assert superuser.get(f"{ROOT}badges/?search=ada").json()["count"] == 0
