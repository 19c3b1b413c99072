"""Whatever Accredible does wrong, the groups stay as they were and the operator is told in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleGroup, SyncRun
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings

pytestmark = pytest.mark.django_db

GROUPS = 25
PAGE_SIZE = 10

FAULTS = [
    ("status", {"status": 401}, "refused the API key"),
    ("status", {"status": 403}, "does not allow this API key"),
    ("status", {"status": 404}, "did not find it"),
    ("status", {"status": 429}, "asks to slow down"),
    ("status", {"status": 500}, "is not available"),
    ("html", {}, "makes no sense here"),
    ("broken_json", {}, "makes no sense here"),
    ("empty", {}, "makes no sense here"),
    ("no_groups", {}, "makes no sense here"),
    ("half_page", {}, "makes no sense here"),
    ("cut_before", {}, "is not available"),
    ("hang", {}, "is not available"),
]
NAMES = ["-".join([kind, *(str(value) for value in options.values())]) for kind, options, _words in FAULTS]


@pytest.fixture
def synced(emulator: Emulator, plugin_settings: PluginSettings) -> Any:
    """A configuration whose groups are here, and configured; Accredible has changed since."""
    plugin_settings(PAGE_SIZE=PAGE_SIZE)
    account = emulator.add_account(key="main-key-0001")
    design = account.add_design(name="Known design")
    for number in range(GROUPS):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}", badge_design_id=design["id"])
    config = factories.make_config()
    assert api.sync(config).succeeded
    factories.configure(config.groups.first())
    account.update_group(config.groups.last().accredible_id, course_name="Changed meanwhile")
    account.add_group(name="new", course_name="New", badge_design_id=account.add_design(name="New design")["id"])
    return config


@pytest.mark.parametrize("page", [1, 2], ids=["first-page", "middle-page"])
@pytest.mark.parametrize(("kind", "options", "words"), FAULTS, ids=NAMES)
def test_a_fault_on_a_page_changes_nothing_and_is_told(
    emulator: Emulator, synced: Any, kind: str, options: dict[str, Any], words: str, page: int
) -> None:
    groups = list(AccredibleGroup.objects.order_by("pk").values())
    configuration = factories.configuration_of(synced)
    emulator.fault(kind, path="/v1/issuer/groups/search", json={"page": page}, times=1000, **options)

    outcome = api.sync(synced)

    assert outcome.status == RunStatus.FAILED
    assert words in outcome.error
    assert len(outcome.error) < 500
    assert "\n" not in outcome.error
    assert list(AccredibleGroup.objects.order_by("pk").values()) == groups
    assert factories.configuration_of(synced) == configuration
    run = SyncRun.objects.order_by("-pk")[0]
    assert (run.status, run.error, run.created_count) == (RunStatus.FAILED, outcome.error, 0)


@pytest.mark.parametrize(("kind", "options", "words"), FAULTS, ids=NAMES)
def test_a_fault_at_a_design_costs_its_icon_alone(
    emulator: Emulator, synced: Any, kind: str, options: dict[str, Any], words: str
) -> None:
    if kind == "half_page":
        kind = "empty"  # a design has no pages
    configuration = factories.configuration_of(synced)
    emulator.fault(kind, path="/v1/designs/", times=1000, **options)

    outcome = api.sync(synced)

    assert outcome.succeeded, outcome.error
    assert synced.groups.get(name="New").icon_url == ""
    assert synced.groups.get(name="Changed meanwhile").icon_url != ""
    assert factories.configuration_of(synced)[:GROUPS] == configuration
    assert outcome.run is not None
    assert outcome.run.warnings == outcome.warnings
    assert len(outcome.warnings) == 2
    assert all(warning.startswith("Design ") for warning in outcome.warnings)


@pytest.mark.parametrize(("kind", "options", "words"), FAULTS, ids=NAMES)
def test_what_failed_for_a_moment_is_made_good_by_the_next_sync(
    emulator: Emulator, synced: Any, kind: str, options: dict[str, Any], words: str
) -> None:
    emulator.fault(kind, path="/v1/", times=1000, **options)
    api.sync(synced)
    emulator.clear_faults()

    outcome = api.sync(synced)

    assert outcome.succeeded, outcome.error
    assert synced.groups.count() == GROUPS + 1
    assert synced.groups.filter(name="Changed meanwhile", icon_url__startswith="http").exists()
    assert synced.groups.filter(name="New", icon_url__startswith="http").exists()


def test_an_empty_list_is_refused(emulator: Emulator, synced: Any) -> None:
    groups = list(AccredibleGroup.objects.order_by("pk").values())
    emulator.fault("empty_list", path="/v1/issuer/groups/search", times=1000)

    outcome = api.sync(synced)

    assert outcome.status == RunStatus.REFUSED
    assert "no longer lists any of the 25 groups" in outcome.error
    assert list(AccredibleGroup.objects.order_by("pk").values()) == groups
