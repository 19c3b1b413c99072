"""What Accredible sends can be large: it is written in statements that every server takes, or it makes no sense."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync.groups import add_groups

pytestmark = pytest.mark.django_db

SEARCH = "/v1/issuer/groups/search"
# MariaDB takes 16 MB where nobody has set it, MySQL 5.7 took 4.
STATEMENT = 4_000_000
GROUPS = 100


@pytest.fixture
def patient(plugin_settings: PluginSettings, account: Any) -> None:
    """Settings that wait for large replies."""
    plugin_settings(REQUEST_TIMEOUT=(2, 30), PAGE_SIZE=50)


def synced(config: AccredibleAPIConfig, **consent: Any) -> int:
    """Sync; the length of the longest statement."""
    with CaptureQueriesContext(connection) as queries:
        outcome = api.sync(config, consent=api.Consent(**consent))
    assert outcome.succeeded, outcome.error
    return max(len(query["sql"]) for query in queries)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("letter", ["x", "'", "漢"])
def test_many_long_descriptions_come_change_and_go_in_statements_of_limited_size(account: Any, letter: str) -> None:
    texts = {"course_name": "N" * 60_000, "name": "n" * 60_000, "course_description": letter * 60_000}
    known = [account.add_group(**texts)["id"] for _number in range(GROUPS)]
    config = factories.make_config()

    assert synced(config) < STATEMENT
    factories.configure(config.groups.get(accredible_id=known[0]))
    config.groups.update(is_active=True)
    for number in known:
        account.update_group(number, course_description=letter * 60_000 + "!", course_name="M" * 60_000)
    assert synced(config) < STATEMENT
    assert config.groups.filter(name__startswith="M").count() == GROUPS
    for number in known[1:]:
        account.remove_group(number)
    assert synced(config, force=True) < STATEMENT
    assert config.groups.count() == 1


def test_groups_of_ordinary_length_are_still_written_a_hundred_at_a_time(account: Any) -> None:
    add_groups(account, 2 * GROUPS)
    config = factories.make_config()

    with CaptureQueriesContext(connection) as queries:
        assert api.sync(config).succeeded

    table = connection.ops.quote_name(AccredibleGroup._meta.db_table)
    # SQLite limits the values of a statement, which makes two of each.
    assert sum(query["sql"].startswith(f"INSERT INTO {table}") for query in queries) <= 4


@pytest.mark.usefixtures("patient")
def test_a_description_that_no_statement_can_hold_fails_the_sync_in_one_sentence(account: Any) -> None:
    add_groups(account, 2)
    config = factories.make_config()
    account.add_group(course_description="x" * 5_000_000)

    outcome = api.sync(config)

    assert outcome.status == RunStatus.FAILED
    assert "makes no sense here" in outcome.error
    assert "description: is longer than 4194304 bytes" in outcome.error
    assert not config.groups.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"total_count": 10**30},
        {"total_count": "9" * 18},
        {"total_count": 2**31},
        {"total_pages": 10**30},
        {"total_count": -1},
    ],
)
def test_a_count_that_no_column_takes_fails_the_sync_in_one_sentence(
    emulator: Emulator, account: Any, values: dict[str, Any]
) -> None:
    config = factories.make_config()
    groups = [{"id": 1, "name": "g", "course_name": "Group"}]
    emulator.fault("reply", path=SEARCH, body={"groups": groups, "meta": values}, times=None)

    outcome = api.sync(config)

    assert outcome.status == RunStatus.FAILED
    assert "makes no sense here" in outcome.error
    assert outcome.run is not None
    outcome.run.refresh_from_db()
    assert (outcome.run.status, outcome.run.error) == (RunStatus.FAILED, outcome.error)


@pytest.mark.parametrize("number", [2**63, 10**30, -1, 0, 1.5, True])
def test_an_id_that_no_column_takes_fails_the_sync_in_one_sentence(
    emulator: Emulator, account: Any, number: Any
) -> None:
    config = factories.make_config()
    emulator.fault("reply", path=SEARCH, body={"groups": [{"id": number}]}, times=None)

    outcome = api.sync(config)

    assert outcome.status == RunStatus.FAILED
    assert "is not a positive whole number" in outcome.error


@pytest.mark.parametrize(
    "values",
    [
        {"badge_design_id": 10**30},
        {"badge_design_id": -5},
        {"created_at": "0000-00-00T00:00:00Z"},
        {"created_at": "0999-12-31T23:59:59Z"},
        {"created_at": "9999-12-31T23:59:59-12:00"},
        {"updated_at": "99999-01-01T00:00:00Z"},
        {"updated_at": 10**30},
    ],
)
def test_a_design_or_a_date_that_no_column_takes_is_none(
    emulator: Emulator, account: Any, values: dict[str, Any]
) -> None:
    config = factories.make_config()
    groups = [{"id": 2**63 - 1, "name": "g", "course_name": "Group", **values}]
    emulator.fault("reply", path=SEARCH, body={"groups": groups, "meta": {"total_pages": 1}}, times=None)

    outcome = api.sync(config)

    assert outcome.succeeded, outcome.error
    group = config.groups.get()
    assert (group.accredible_id, group.design_id, group.remote_created_at, group.remote_updated_at) == (
        2**63 - 1,
        None,
        None,
        None,
    )


def test_warnings_have_an_end(account: Any) -> None:
    for number in range(1, 121):
        account.add_group(badge_design_id=900_000 + number)
    config = factories.make_config()

    outcome = api.sync(config)

    assert outcome.succeeded, outcome.error
    assert len(outcome.warnings) == 51
    assert outcome.warnings[-1] == "70 more designs could not be read."
