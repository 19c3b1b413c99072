"""docs/quickstart.rst in a browser. ``make screenshots`` has it take the pictures of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, FailedEvent
from demo.emulator.server import Emulator
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.badges.sending import course_status, learner
from tests.browser.looking import picture
from tests.browser.test_admin import Visit, press, text
from tests.conftest import set_clock
from tests.factories import PASSING
from tests.pages_of_docs import DOCS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A day of its own, so that pictures that are taken again are the same.
DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
PHYSICS = "course-v1:edX+Physics101+2026"
GROUPS = ("Introduction to Physics", "Academic Writing", "Data Analysis", "Research Ethics", "Web Accessibility")


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with time_machine.travel(DAY, tick=True):
        set_clock(monkeypatch)
        yield


@pytest.fixture
def account(emulator: Emulator, settings: Any) -> Any:
    """An account of five groups in the environment that the form begins with."""
    environments = settings.CREDENTIALS_ACCREDIBLE["ENVIRONMENTS"]
    first = {"us": {**environments["emulator"], "name": "US"}}
    settings.CREDENTIALS_ACCREDIBLE = {**settings.CREDENTIALS_ACCREDIBLE, "ENVIRONMENTS": first}
    made = emulator.add_account(key=KEY)
    for name in GROUPS:
        made.add_group(name=name.lower().replace(" ", "-"), course_name=name)
    for key, title in ((PHYSICS, "Physics 101"), ("course-v1:edX+Writing+2026", "Writing for scientists")):
        CourseRun.objects.create(key=key, course=Course.objects.create(title=title))
    return made


def test_from_the_first_page_to_the_first_badge(page: Chrome, visit: Visit, account: Any) -> None:
    clicks = fields = loads = 0

    def click(by: str, value: str, *, leads_on: bool = True) -> None:
        nonlocal clicks, loads
        if leads_on:
            press(page, by, value)
        else:
            page.find_element(by, value).click()
        clicks, loads = clicks + 1, loads + leads_on

    def write(field: Any, value: str) -> None:
        nonlocal fields
        field.send_keys(value)
        fields += 1

    visit("/admin/")
    click(By.CSS_SELECTOR, ".model-accredibleapiconfig .addlink")
    write(page.find_element(By.ID, "id_name"), "Main account")
    write(page.find_element(By.ID, "id_new_api_key"), KEY)
    picture(page, "quickstart_add")
    click(By.NAME, "_save")
    assert "is accepted. Issuer: " in text(page, ".messagelist")
    picture(page, "quickstart_key")
    click(By.XPATH, "//*[@class='messagelist']//button[.='Sync now']")
    assert "was synced: 5 created" in text(page, ".messagelist")
    picture(page, "quickstart_groups")
    click(By.LINK_TEXT, GROUPS[0])
    click(By.CSS_SELECTOR, "input[name=recipe][value=course]", leads_on=False)
    write(page.switch_to.active_element, "phys")
    offered = "//li[contains(@class, 'select2-results__option')]//bdi[.='Physics 101']"
    page.find_element(By.XPATH, offered)
    picture(page, "quickstart_recipe")
    click(By.XPATH, offered, leads_on=False)
    click(By.NAME, "_activate")
    assert text(page, ".accredible-head .accredible-badge") == "Active"
    assert text(page, ".accredible-sentence") == "Earned by passing Physics 101."
    picture(page, "quickstart_active")
    assert (clicks, fields, loads) == (7, 3, 5)

    course_status(learner("ada", name="Ada Lovelace"), PHYSICS, at=datetime.now(UTC))
    call_command("accredible_deliver")
    AccredibleBadge.objects.update(uuid=UUID(int=1))
    visit("/admin/")
    press(page, By.LINK_TEXT, "Accredible badges")
    press(page, By.LINK_TEXT, "ada")
    picture(page, "quickstart_badge")
    badge = AccredibleBadge.objects.get()
    page.get(badge.url)
    assert "Ada Lovelace" in text(page, "body")


def test_the_overview_of_some_weeks(page: Chrome, visit: Visit, account: Any) -> None:
    config = AccredibleAPIConfig.objects.create(name="Main account", environment="us", api_key=KEY, issuer_name="edX")
    call_command("accredible_sync")
    AccredibleAPIConfig.objects.update(credits_left=18, checked_at=DAY)
    groups = list(AccredibleGroup.objects.order_by("accredible_id"))
    for group in groups[:3]:
        factories.configure(group)
    for days in range(14):
        for _number in range(3 + days * 5 % 7 - 2 * (days % 7 > 4)):
            badge = factories.make_badge(groups[days % 3])
            at = DAY - timedelta(days=days, hours=1)
            delivered = {"state": "accepted", "next_attempt_at": None, "delivered_at": at}
            AccredibleBadge.objects.filter(pk=badge.pk).update(**delivered)
    failed = AccredibleBadge.objects.filter(delivered_at=None)
    failed.update(state="error", problem="recipient", next_attempt_at=None)
    FailedEvent.objects.create(event_type=PASSING, event_time=DAY, error="The database was away.")
    visit("/admin/")
    press(page, By.LINK_TEXT, "Overview")

    assert config.name in text(page, "#accredible-accounts")
    picture(page, "overview", height=1100)


def test_each_picture_of_the_documentation_is_taken_here() -> None:
    source = "".join(path.read_text("utf-8") for path in (DOCS.parent / "tests" / "browser").glob("test_*.py"))
    taken = set(re.findall(r'picture\(page, "(\w+)"', source))

    assert {path.stem for path in (DOCS / "pictures").glob("*.png")} == taken
