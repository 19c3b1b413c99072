"""Every page of the plugin, in both themes and in a wide and a narrow window: everybody can use it, and it fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.admin.doors import ACTIONS, DOORS, Door, address
from tests.browser.looking import OF_COLOURS, dark, hidden, violations, window
from tests.browser.rows import one_of_each
from tests.browser.test_admin import Visit, wait_until_gone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLUGIN = "/admin/credentials_accredible/"
# What answers with something other than a page.
DATA = ("_export", "_state", "_courses", "_learners", "_attribute_keys")
# A form that was sent, past what the browser would have said of it.
SEND = """
const form = document.createElement("form");
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
[form.method, form.action, form.hidden] = ["post", arguments[0], true];
for (const [name, value] of Object.entries({...arguments[1], csrfmiddlewaretoken: token})) {
    const input = document.createElement("input");
    [input.name, input.value] = [name, value];
    form.append(input);
}
document.body.append(form);
form.submit();
"""


@pytest.fixture
def rows(account: Any, page: Chrome) -> Iterator[dict[str, Any]]:
    page.implicitly_wait(0)
    yield one_of_each(account)
    page.implicitly_wait(15)


def opened(method: str) -> list[Door]:
    """The doors with a page behind them, for who may do everything."""
    doors = [door for door in DOORS if (door.method, door.status) == (method, 200) and () not in door.needs]
    return [door for door in doors if not door.name.endswith(DATA)]


def send(page: Chrome, path: str, data: dict[str, Any]) -> None:
    body = page.find_element(By.TAG_NAME, "body")
    page.execute_script(SEND, path, data)
    wait_until_gone(page, body)


def look(page: Chrome) -> list[str]:
    """What is wrong with the page that is open, all of which is unfolded."""
    page.execute_script("for (const part of document.querySelectorAll('#content details')) part.open = true;")
    found = []
    for width in (390, 1280):
        with window(page, width):
            found += [f"{sideways} pixels to the side of {width}"] if (sideways := hidden(page)) > 0 else []
    found += [f"light: {violation}" for violation in violations(page)]
    with dark(page):
        found += [f"dark: {violation}" for violation in violations(page, rules=OF_COLOURS)]
    return found


def test_everybody_can_use_each_page(page: Chrome, visit: Visit, rows: dict[str, Any]) -> None:
    wrong = {}
    for door in opened("get"):
        visit(address(door, rows))
        wrong[str(door)] = look(page)

    assert len(wrong) > 50
    assert {name: found for name, found in wrong.items() if found} == {}


def test_everybody_can_use_what_answers_a_form(page: Chrome, visit: Visit, rows: dict[str, Any]) -> None:
    """Pages that ask first, previews, and what stands beside the fields of a form that was sent empty."""
    wrong = {}
    for action in ACTIONS:
        send(page, f"{PLUGIN}{action.model}/", {"_selected_action": rows[action.model], "action": action.name})
        wrong[str(action)] = look(page)
    for door in opened("post"):
        # Sent without its answer, the form of a deletion would be that answer: its page was looked at above.
        if not door.name.endswith("_delete"):
            send(page, address(door, rows), door.data)
            wrong[str(door)] = look(page)

    assert len(wrong) > 20
    assert {name: found for name, found in wrong.items() if found} == {}


def test_each_cell_of_a_list_says_what_it_is_about(page: Chrome, visit: Visit, rows: dict[str, Any]) -> None:
    for name in rows:
        visit(f"{PLUGIN}{name}/")
        labels = {cell.get_attribute("data-label") for cell in page.find_elements(By.CSS_SELECTOR, "#result_list td")}
        assert labels - {""}, name
