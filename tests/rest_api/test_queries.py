"""What a list costs does not depend on how much is on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, CustomAttribute, SyncRun
from tests import factories
from tests.rest_api.conftest import ROOT, Caller

pytestmark = pytest.mark.django_db


def a_configuration() -> None:
    config = factories.make_config()
    factories.make_group(config)
    a_run(config)


def a_run(config: AccredibleAPIConfig | None = None) -> None:
    config = config or factories.make_config()
    user = factories.make_user()
    SyncRun.objects.create(api_config=config, config_name=config.name, user=user, started_at=timezone.now())


def a_group() -> None:
    group = factories.configure(factories.make_group())
    CustomAttribute.objects.create(group=group, name="course", source="constant", value="Physics")


def a_badge() -> None:
    factories.make_badge(factories.make_group())


# A caller costs two queries: the session, and the user. Where runs are shown, one looks for those that have died.
LISTS: list[tuple[str, Callable[[], None], int]] = [
    ("configs/", a_configuration, 2 + 3),
    ("runs/", a_run, 2 + 3),
    ("groups/", a_group, 2 + 8),
    ("badges/", a_badge, 2 + 2),
]


@pytest.mark.parametrize(("path", "make", "most"), LISTS, ids=[path for path, _make, _most in LISTS])
def test_a_list_takes_as_many_queries_for_one_as_for_many(
    superuser: APIClient, path: str, make: Callable[[], None], most: int
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(10):
            make()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(superuser.get(f"{ROOT}{path}?page_size=100").json()["results"]) >= 10
        counts.append(len(queries))

    assert counts[0] == counts[1] <= most


def test_so_does_what_a_run_did(superuser: APIClient, account: Any) -> None:
    counts = []
    for _ in range(2):
        for number in range(10):
            account.add_group(name=f"badge-{number}", course_name="Badge")
        run = api.sync(factories.make_config()).run
        assert run
        with CaptureQueriesContext(connection) as queries:
            assert len(superuser.get(f"{ROOT}runs/{run.pk}/changes/?page_size=100").json()["results"]) >= 10
        counts.append(len(queries))
        AccredibleAPIConfig.objects.all().delete()

    assert counts == [5, 5]


def test_so_does_the_list_of_a_learner(caller: Caller) -> None:
    user = factories.make_user()
    client = caller(user=user)
    counts = []
    for _ in range(2):
        for _ in range(10):
            badge = factories.make_badge(factories.make_group())
            badge.user = user
            badge.save()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{ROOT}badges/mine/?page_size=100").json()["results"]
        counts.append(len(queries))

    assert counts == [4, 4]
