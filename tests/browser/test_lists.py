"""Lists fit the window, with long names, whatever its width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from credentials_accredible.models import AccredibleBadge, FailedEvent, GroupSnapshot, SyncChange, SyncRun
from tests import factories
from tests.browser.test_admin import Visit
from tests.factories import PASSING

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLUGIN = "/admin/credentials_accredible/"
LONG = "قسم " + "A_name_without_a_space" * 5 + " and some words" * 6
LISTS = [
    "accredibleapiconfig", "accrediblebadge", "accrediblegroup", "badgepenalty", "badgeprogress", "badgerequirement",
    "failedevent", "groupsnapshot", "syncchange", "syncrun",
]  # fmt: skip


@pytest.fixture
def rows(db: Any) -> None:
    """A row of each list, with names as long as they come."""
    now = timezone.now()
    config = factories.make_config(LONG)
    group = factories.configure(factories.make_group(config, name=LONG))
    error = {"state": "error", "problem": "refused", "last_error": LONG, "next_attempt_at": None}
    AccredibleBadge.objects.update(**error)
    factories.make_progress(group, user=factories.make_user("u" * 140))
    payload = {"learner": {"username": "u" * 140}}
    FailedEvent.objects.create(event_type=PASSING, event_time=now, error=LONG, payload=payload)
    GroupSnapshot.objects.create(cause="configuration", name=LONG, config_name=LONG, accredible_id=7, data={})
    run = SyncRun.objects.create(api_config=config, config_name=LONG, started_at=now, trigger="schedule", error=LONG)
    SyncChange.objects.create(sync_run=run, action="carried_over", accredible_id=1, name=LONG, group=group)


@pytest.fixture(params=[1280, 390])
def width(page: Chrome, request: pytest.FixtureRequest) -> Iterator[int]:
    """A window of so many pixels."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": request.param < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield request.param
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_hides_in_a_side_scroll(page: Chrome, visit: Visit, rows: None, width: int) -> None:
    hidden = {}
    for name in LISTS:
        visit(f"{PLUGIN}{name}/")
        results = page.find_element(By.CSS_SELECTOR, "#changelist .results")
        hidden[name] = page.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", results)
        labels = {cell.get_attribute("data-label") for cell in page.find_elements(By.CSS_SELECTOR, "#result_list td")}
        assert labels - {""}, name

    visit(f"{PLUGIN}accrediblebadge/delivery/")
    results = page.find_element(By.CSS_SELECTOR, ".results")
    hidden["delivery"] = page.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", results)

    assert {name: pixels for name, pixels in hidden.items() if pixels > 0} == {}
