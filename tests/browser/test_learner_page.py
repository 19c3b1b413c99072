"""Learners' own badges, in windows of every width, from left and from right, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from credentials_accredible.models import AccredibleBadge
from tests import factories
from tests.browser.looking import violations
from tests.browser.test_admin import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/accredible/badges/"
LONG = "قسم " + "A_name_without_a_space" * 5 + " and some words" * 6
SIDE_SCROLL = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def learner(log_in: Callable[[Any], None]) -> Any:
    """Somebody who is logged in and has badges in every state."""
    learner = factories.make_user("ada")
    accepted = {"state": "accepted", "url": "https://credential.example.com/1", "issued_on": date(2026, 1, 2)}
    for values in (
        {**accepted, "group_name": LONG},
        {**accepted, "group_name": "Until last year", "valid_until": date(2025, 1, 2)},
        {"state": "created", "group_name": "On its way"},
        {"state": "expired", "status": "revoked", "group_name": "Lost", "expired_on": date(2026, 2, 3)},
    ):
        badge = factories.make_badge(factories.make_group())
        AccredibleBadge.objects.filter(pk=badge.pk).update(user=learner, **values)
    log_in(learner)
    return learner


@pytest.fixture(params=[1280, 390])
def width(page: Chrome, request: pytest.FixtureRequest) -> Iterator[int]:
    """A window of so many pixels."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": request.param < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield request.param
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it_and_nothing_hides_in_a_side_scroll(
    page: Chrome, visit: Visit, learner: Any, width: int, language: str, scheme: str
) -> None:
    page.add_cookie({"name": "django_language", "value": language, "path": "/"})
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )

    visit(PAGE)

    assert page.find_element(By.TAG_NAME, "html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert len(page.find_elements(By.CSS_SELECTOR, ".accredible-own-badge")) == 4
    assert page.execute_script(SIDE_SCROLL) == 0
    for badge in page.find_elements(By.CSS_SELECTOR, ".accredible-own-badge"):
        assert page.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", badge) <= 0
    assert violations(page) == []
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_its_links_are_reached_by_keyboard_and_say_which_badge_they_are_about(
    page: Chrome, visit: Visit, learner: Any
) -> None:
    visit(PAGE)
    reached = []
    for _ in range(3):
        page.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(page.switch_to.active_element.accessible_name)

    assert reached == [
        "See it at Accredible Until last year",
        f"See it at Accredible {LONG}",
        f"Add it to LinkedIn {LONG}",
    ]
