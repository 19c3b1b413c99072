"""A list that changes while its pages are read lacks groups that are there: only what Accredible denies by id goes."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.exceptions import CarryOverRefused
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync.groups import add_groups, ids

pytestmark = pytest.mark.django_db

SEARCH = "/v1/issuer/groups/search"
PAGE = 10
GROUPS = 12
Progress = Callable[[str, int, int | None], None]


@pytest.fixture
def config(account: Any, plugin_settings: PluginSettings) -> AccredibleAPIConfig:
    """A configuration of two pages of groups, the first of the second page active and configured."""
    plugin_settings(PAGE_SIZE=PAGE)
    add_groups(account, GROUPS)
    found = factories.make_config("Main")
    assert api.sync(found).succeeded
    factories.configure(first_of_page_two(found))
    return found


def first_of_page_two(config: AccredibleAPIConfig) -> AccredibleGroup:
    return config.groups.order_by("accredible_id")[PAGE]


def shift(account: Any) -> Progress:
    """Progress that deletes a group of the first page and adds one, after the first page and before the second."""
    left = [add_groups]

    def tell(stage: str, done: int, total: int | None, kept_back: float) -> None:
        if stage == "groups" and done and left:
            left.clear()
            account.remove_group(account.groups()[0]["id"])
            account.add_group(name="new", course_name="New")

    return tell


def asked_by_id(emulator: Emulator) -> list[list[int]]:
    return [request.json["ids"] for request in emulator.requests if "ids" in (request.json or {})]


def test_a_group_that_slipped_between_two_pages_stays_with_its_requirements(
    emulator: Emulator, account: Any, config: AccredibleAPIConfig
) -> None:
    living = first_of_page_two(config)
    before = factories.configuration_of(config)

    outcome = api.sync(config, progress=shift(account))

    assert outcome.succeeded, outcome.error
    assert living.accredible_id in ids(config)
    assert factories.configuration_of(config)[:GROUPS] == before
    assert not GroupSnapshot.objects.exists()
    assert outcome.warnings == [
        f"Accredible's list lacked groups that are there when they are asked for by id: {living.accredible_id}. "
        "They were kept."
    ]
    assert outcome.run is not None
    assert outcome.run.warnings == outcome.warnings
    assert asked_by_id(emulator) == [[living.accredible_id]]


def test_the_preview_shows_what_the_sync_does(account: Any, config: AccredibleAPIConfig) -> None:
    outcome = api.preview(config, progress=shift(account))

    assert outcome.plan is not None
    assert (outcome.plan.remove, len(outcome.plan.create), len(outcome.warnings)) == ((), 1, 1)


def test_what_the_answer_says_of_such_a_group_is_written(account: Any, config: AccredibleAPIConfig) -> None:
    living = first_of_page_two(config)
    account.update_group(living.accredible_id, course_name="Renamed")

    api.sync(config, progress=shift(account))

    living.refresh_from_db()
    assert (living.name, living.is_active) == ("Renamed", True)


def by_command(client: Client, config: AccredibleAPIConfig) -> None:
    call_command("accredible_sync", "--force", stdout=StringIO(), stderr=StringIO())


def by_rest(client: Client, config: AccredibleAPIConfig) -> None:
    address = f"/accredible/api/v1/configs/{config.pk}/sync/"
    assert client.post(address, {}, content_type="application/json").status_code == 200


def by_admin(client: Client, config: AccredibleAPIConfig) -> None:
    address = "/admin/credentials_accredible/accredibleapiconfig/"
    client.post(address, {"action": "sync_groups", "_selected_action": [config.pk]})


@pytest.mark.parametrize("door", [by_command, by_rest, by_admin])
def test_no_door_removes_it_and_none_asks_about_it(
    emulator: Emulator,
    admin_client: Client,
    config: AccredibleAPIConfig,
    door: Callable[[Client, AccredibleAPIConfig], None],
) -> None:
    living = first_of_page_two(config)
    emulator.fault("shifted", path=SEARCH, json={"page": 2})

    door(admin_client, config)

    run = config.runs.latest("pk")
    assert (run.status, run.created_count, run.removed_count) == (RunStatus.SUCCEEDED, 1, 0), run.error
    assert config.groups.filter(pk=living.pk, is_active=True).exists()


def test_it_is_not_carried_over_to_another_one(emulator: Emulator, config: AccredibleAPIConfig) -> None:
    living = first_of_page_two(config)
    emulator.fault("shifted", path=SEARCH, json={"page": 2}, times=2)
    plan = api.preview(config).plan
    assert plan is not None
    new = plan.create[0].accredible_id

    outcome = api.sync(config, consent=api.Consent(carry_over={living.accredible_id: new}))

    assert isinstance(outcome.reason, CarryOverRefused)
    assert config.groups.filter(pk=living.pk, is_active=True).exists()


def test_the_guard_counts_only_what_accredible_denies(emulator: Emulator, config: AccredibleAPIConfig) -> None:
    emulator.fault("empty_list", path=SEARCH)

    outcome = api.sync(config)

    assert outcome.succeeded, outcome.error
    assert config.groups.count() == GROUPS


def test_nothing_more_is_asked_where_nothing_is_missing(
    emulator: Emulator, account: Any, config: AccredibleAPIConfig
) -> None:
    before = len(emulator.requests)

    outcome = api.sync(config)

    assert sorted(request.json["page"] for request in emulator.requests[before:]) == [1, 2]
    assert outcome.warnings == []


def test_ids_are_asked_for_in_pages(emulator: Emulator, account: Any, config: AccredibleAPIConfig) -> None:
    known = ids(config)
    for number in known[1:]:
        account.remove_group(number)

    outcome = api.sync(config, consent=api.Consent(force=True))

    assert outcome.succeeded, outcome.error
    assert ids(config) == known[:1]
    assert asked_by_id(emulator) == [known[1:11], known[11:]]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 500}, "is not available"),
        ({"kind": "html"}, "makes no sense here"),
        ({"kind": "no_groups"}, "makes no sense here"),
        ({"kind": "half_page"}, "there are 10 groups, and sent 5"),
        ({"kind": "reply", "body": {"groups": [{"id": 999_999}]}}, "a group that was not asked for"),
    ],
    ids=["500", "html", "no-groups", "half-page", "another-group"],
)
def test_an_answer_that_makes_no_sense_removes_nothing(
    emulator: Emulator, config: AccredibleAPIConfig, fault: dict[str, Any], words: str
) -> None:
    known = ids(config)
    emulator.fault("empty_list", path=SEARCH)
    emulator.fault(**fault, path=SEARCH, contains='"ids"', times=1000)

    outcome = api.sync(config, consent=api.Consent(force=True))

    assert outcome.status == RunStatus.FAILED
    assert words in outcome.error
    assert ids(config) == known


def test_what_appears_here_while_a_sync_runs_is_not_removed_by_it(account: Any, config: AccredibleAPIConfig) -> None:
    gone = ids(config)[0]
    account.remove_group(gone)

    def restore(stage: str, done: int, total: int | None, kept_back: float) -> None:
        if stage == "applying" and done == 0:
            factories.configure(factories.make_group(config, accredible_id=777_777))

    first = api.sync(config, progress=restore)

    assert first.succeeded, first.error
    assert 777_777 in ids(config)
    assert gone not in ids(config)
    assert api.sync(config).succeeded
    assert 777_777 not in ids(config)


def test_what_is_removed_here_while_an_unchanged_account_is_read_comes_back(config: AccredibleAPIConfig) -> None:
    known = ids(config)

    def remove(stage: str, done: int, total: int | None, kept_back: float) -> None:
        if (stage, done) == ("groups", total):
            api.remove_groups([config.groups.get(accredible_id=known[0])])

    outcome = api.sync(config, progress=remove)

    assert outcome.succeeded, outcome.error
    assert ids(config) == known
