"""A sync that a worker carries out, as a person in front of a browser sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from credentials_accredible.choices import RunStatus
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from demo.emulator.server import Emulator
from tests import factories
from tests.browser.test_admin import Visit, press, run_sync, text
from tests.conftest import PluginSettings
from tests.sync import messages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def config(account: Any, plugin_settings: PluginSettings) -> AccredibleAPIConfig:
    """A configuration of three groups that a worker will sync."""
    for number in range(3):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    messages.use_broker(plugin_settings)
    return factories.make_config("Main")


def wait(page: Chrome, holds: Callable[[], bool]) -> None:
    """Until it holds, without a touch of the page."""
    WebDriverWait(page, 15, ignored_exceptions=[Exception]).until(lambda _page: holds())


def test_the_bar_moves_by_itself_and_ends_with_the_result(
    config: AccredibleAPIConfig, page: Chrome, visit: Visit
) -> None:
    run_sync(page, visit)
    bar = page.find_element(By.TAG_NAME, "progress")
    assert text(page, ".accredible-progress-text") == "Waits for a worker"
    assert not page.find_element(By.ID, "accredible-progress-trouble").is_displayed()

    run = runs.take(SyncRun.objects.get().pk)
    assert run is not None
    runs.beat(run, "groups", 500, 2000)
    wait(page, lambda: text(page, ".accredible-progress-text") == "Reads groups: 500 of 2000")
    assert (bar.get_property("value"), bar.get_property("max")) == (500, 2000)

    runs.finish(run, RunStatus.FAILED, error="Accredible is <b>not</b> available.")
    wait(page, lambda: "Accredible is <b>not</b> available." in text(page, ".accredible-progress"))
    assert "Failed" in text(page, ".accredible-progress")


def test_groups_are_removed_after_a_look_at_the_preview(
    config: AccredibleAPIConfig, emulator: Emulator, account: Any, page: Chrome, visit: Visit
) -> None:
    run_sync(page, visit)
    messages.work()
    wait(page, lambda: "3 created" in text(page, ".accredible-progress"))
    account.remove_group(config.groups.earliest("accredible_id").accredible_id)

    run_sync(page, visit)
    messages.work()
    wait(page, lambda: "has to be confirmed first" in text(page, ".accredible-progress"))
    press(page, By.LINK_TEXT, "Look at what would change, and confirm")
    assert "Group 0" in text(page, ".accredible-plan table")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    messages.work()

    wait(page, lambda: "1 removed" in text(page, ".accredible-progress"))
    assert config.groups.count() == 2


def test_the_preview_shows_long_values_when_they_are_unfolded(
    config: AccredibleAPIConfig, account: Any, page: Chrome, visit: Visit
) -> None:
    run_sync(page, visit)
    messages.work()
    group = config.groups.earliest("accredible_id")
    account.update_group(group.accredible_id, course_description="word " * 100 + "the end")

    visit("/admin/badges/accredibleapiconfig/")
    press(page, By.LINK_TEXT, "Preview")
    part = page.find_element(By.CSS_SELECTOR, ".accredible-part")
    assert not page.find_element(By.CSS_SELECTOR, ".accredible-update").is_displayed()
    part.find_element(By.TAG_NAME, "summary").click()
    whole = page.find_element(By.CSS_SELECTOR, ".accredible-whole")
    assert not whole.is_displayed()
    page.find_element(By.CSS_SELECTOR, ".accredible-update td summary").click()

    assert whole.text.endswith("the end")
