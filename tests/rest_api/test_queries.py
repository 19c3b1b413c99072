"""What a list costs does not depend on how much is on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, BadgeProgress, CustomAttribute, SyncRun
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


@pytest.fixture
def admin_pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pages in the admin, so that few rows fill several."""
    for model in (AccredibleBadge, BadgeProgress, SyncRun):
        monkeypatch.setattr(site._registry[model], "list_per_page", 2)


# A caller costs two queries: the session, and the user. Where runs are shown, one looks for those that have died.
LISTS: list[tuple[str, Callable[[], None], int]] = [
    ("configs/", a_configuration, 2 + 4),
    ("runs/", a_run, 2 + 4),
    ("groups/", a_group, 2 + 9),
    ("badges/", a_badge, 2 + 3),
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

    assert counts == [6, 6]


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

    assert counts == [5, 5]


def statements(client: Any, address: str) -> list[str]:
    """The queries of a page that read what it lists."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    listed = {"badges": "accrediblebadge", "runs": "syncrun"}.get(address.split("/")[-2], address.split("/")[-2])
    table = f"FROM {connection.ops.quote_name(f'credentials_accredible_{listed}')}"
    return [query["sql"] for query in queries if table in query["sql"]]


ADMIN = "/admin/credentials_accredible/"
LONG_LISTS = [
    f"{ROOT}badges/?page_size=2",
    f"{ROOT}badges/?page_size=2&page=3",
    f"{ROOT}badges/?page_size=2&page=15",
    f"{ROOT}badges/?page_size=2&state=created&ordering=modified",
    f"{ROOT}runs/?page_size=2",
    f"{ADMIN}accrediblebadge/?p=2",
    f"{ADMIN}badgeprogress/?p=2",
    f"{ADMIN}syncrun/?p=2",
]


@pytest.mark.parametrize("address", LONG_LISTS, ids=lambda address: "".join(address.split("/")[-2:]))
def test_a_page_sorts_and_skips_keys_alone(superuser: APIClient, admin_pages_of_two: None, address: str) -> None:
    for make in [a_run, a_group, a_badge] * 15:
        make()

    cut = [sql for sql in statements(superuser, address) if "LIMIT 2" in sql]

    assert len(cut) == 1
    assert " JOIN " not in cut[0]
    assert "," not in cut[0].partition(" FROM ")[0]


@pytest.mark.skipif(connection.vendor != "mysql", reason="its EXPLAIN says so")
@pytest.mark.parametrize("address", [LONG_LISTS[0], LONG_LISTS[2], f"{ADMIN}accrediblebadge/?p=2"])
def test_the_database_need_not_sort_badges(superuser: APIClient, admin_pages_of_two: None, address: str) -> None:
    for _ in range(30):
        a_badge()
    for sql in statements(superuser, address):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = str(cursor.fetchall())
        assert "Using temporary" not in plan
        assert "Using filesort" not in plan


@pytest.mark.parametrize("query", ["ordering=created", "ordering=-created", "ordering=-modified", "state=created"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_all_pages_together_are_the_list(superuser: APIClient, query: str, size: int) -> None:
    for _ in range(7):
        a_badge()
    whole = superuser.get(f"{ROOT}badges/?{query}").json()["results"]

    address, found = f"{ROOT}badges/?{query}&page_size={size}", []
    while address:
        page = superuser.get(address).json()
        assert page["count"] == 7
        found += page["results"]
        address = page["next"]

    assert found == whole
