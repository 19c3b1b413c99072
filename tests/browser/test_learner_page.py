"""Learners' own badges, in windows of every width, from left and from right, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from credentials_accredible.models import AccredibleBadge
from tests import factories
from tests.browser.looking import OF_COLOURS, dark, violations
from tests.browser.test_admin import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/accredible/badges/"
LONG = "قسم " + "A_name_without_a_space" * 5 + " and some words" * 6


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


@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_fits_its_window_and_everybody_can_use_it(
    page: Chrome, visit: Visit, learner: Any, width: int, language: str
) -> None:
    page.add_cookie({"name": "django_language", "value": language, "path": "/"})

    visit(PAGE)

    assert page.find_element(By.TAG_NAME, "html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    badges = page.find_elements(By.CSS_SELECTOR, ".accredible-own-badge")
    assert len(badges) == 4
    for part in (page.find_element(By.TAG_NAME, "html"), *badges):
        assert page.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", part) <= 0
    assert violations(page) == []
    with dark(page):
        assert violations(page, rules=OF_COLOURS) == []
    assert page.get_log("browser") == []


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
