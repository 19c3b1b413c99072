"""Staff with few permissions, in a browser: the roles of docs/operations.rst."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests import factories
from tests.admin.doors import address
from tests.admin.test_doors import ROLES
from tests.browser.looking import hidden, violations
from tests.browser.rows import one_of_each
from tests.browser.test_admin import Visit, press, text
from tests.browser.test_every_page import opened
from tests.factories import COURSE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LogIn = Callable[[Any], None]
# What changes something; the rest of what can be pressed searches, or logs out.
CHANGES = "#content form[method=post]:not(#changelist-form) [type=submit]"


def test_an_auditor_sees_everything_and_can_press_nothing(
    page: Chrome, visit: Visit, account: Any, log_in: LogIn
) -> None:
    rows = one_of_each(account)
    may = set(ROLES["Auditor"])
    log_in(factories.make_staff(*may))

    wrong, seen = {}, 0
    for door in opened("get"):
        if all(may & set(alternatives) for alternatives in door.needs):
            visit(address(door, rows))
            pressed = page.execute_script("return document.querySelectorAll(arguments[0]).length", CHANGES)
            if door.name.endswith("try_out"):  # which writes nothing
                pressed = 0
            found = [*violations(page), *(["cut"] if hidden(page) > 0 else []), *(["can be pressed"] * pressed)]
            wrong[str(door)] = found
            seen += 1

    assert seen > 25
    assert {name: found for name, found in wrong.items() if found} == {}


def test_a_course_team_says_what_a_group_asks_for_and_sees_no_learners(
    page: Chrome, visit: Visit, account: Any, log_in: LogIn
) -> None:
    group = factories.make_group(factories.make_config("Main"), name="Physics")
    log_in(factories.make_staff(*ROLES["Course team"]))
    visit("/admin/")
    offered = text(page, ".app-credentials_accredible")
    assert "Accredible groups" in offered
    assert "API configurations" not in offered
    assert "Accredible badges\n" not in offered.partition("\n")[2]

    press(page, By.LINK_TEXT, "Accredible groups")
    press(page, By.LINK_TEXT, "Physics")
    page.find_element(By.CSS_SELECTOR, "input[name=recipe][value=course]").click()
    page.switch_to.active_element.send_keys(COURSE + ",")
    press(page, By.NAME, "_activate")

    assert text(page, ".accredible-head .accredible-badge") == "Active"
    group.refresh_from_db()
    assert group.is_active
