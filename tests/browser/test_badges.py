"""What staff do about badges, in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import text_to_be_present_in_element
from selenium.webdriver.support.ui import Select, WebDriverWait

from credentials_accredible.models import AccredibleBadge, AccredibleGroup, CustomAttribute
from demo.emulator.server import Emulator
from tests import factories
from tests.browser.test_admin import Visit, press, text
from tests.delivery.outbox import make_remote_group

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BADGES = "/admin/credentials_accredible/accrediblebadge/"
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture
def group(account: Any) -> AccredibleGroup:
    """An active group that is at Accredible, too."""
    group = make_remote_group(account)
    factories.make_requirement(group)
    AccredibleGroup.objects.update(is_active=True)
    return group


def run(page: Chrome, action: str) -> None:
    """Tick all badges of the list and run an action."""
    page.find_element(By.ID, "action-toggle").click()
    Select(page.find_element(By.NAME, "action")).select_by_visible_text(action)
    press(page, By.CSS_SELECTOR, "button[name=index]")


def test_badges_are_awarded_delivered_and_revoked(
    emulator: Emulator, account: Any, page: Chrome, visit: Visit, group: AccredibleGroup
) -> None:
    factories.make_user("ada")
    visit(BADGES)
    press(page, By.LINK_TEXT, "AWARD A BADGE")
    page.find_element(By.CSS_SELECTOR, ".select2-selection").click()
    page.find_element(By.CSS_SELECTOR, ".select2-search__field").send_keys(group.name, Keys.ENTER)
    page.find_element(By.ID, "id_learners").send_keys("nobody")
    page.find_element(By.ID, "id_reason").send_keys("Prior learning")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    assert text(page, ".field-learners .errorlist").startswith("Line 1: there is no learner")
    assert group.name in text(page, ".select2-selection")
    page.find_element(By.ID, "id_learners").clear()
    page.find_element(By.ID, "id_learners").send_keys("ada")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    assert "1 badge awarded" in text(page, ".messagelist")

    run(page, "Deliver now")
    assert "Delivered: ada" in text(page, ".messagelist")
    run(page, "Revoke")
    assert "marked as expired" in text(page, "#content")
    page.find_element(By.ID, "id_reason").send_keys("A mistake")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")
    assert "1 badge revoked" in text(page, ".messagelist")

    press(page, By.LINK_TEXT, "ada")
    press(page, By.XPATH, "//button[text()='Deliver now']")
    assert "Delivered: ada" in text(page, ".messagelist")
    assert "A mistake" in text(page, "#log-group")
    badge = AccredibleBadge.objects.get()
    assert badge.state == "expired"
    page.get(badge.url)
    assert "This credential expired" in text(page, "body")


def test_a_delivery_that_failed_is_mended_and_tried_again(account: Any, page: Chrome, visit: Visit) -> None:
    group = factories.make_group(factories.make_config())
    badge = factories.make_badge(group)
    visit(f"{BADGES}{badge.pk}/change/")
    press(page, By.XPATH, "//button[text()='Deliver now']")
    assert "Failed, and needs a person" in text(page, ".messagelist")
    assert "refused by Accredible" in text(page, ".field-problem")

    account.add_group(id=group.accredible_id, name="g", course_name=group.name)
    press(page, By.XPATH, "//button[text()='Retry the delivery']")
    assert "1 badge is due for delivery." in text(page, ".messagelist")
    press(page, By.XPATH, "//button[text()='Deliver now']")

    assert "Delivered: " in text(page, ".messagelist")
    badge.refresh_from_db()
    assert (badge.state, badge.problem, badge.last_error) == ("accepted", "", "")


def test_attribute_keys_are_looked_up_and_offered(
    emulator: Emulator, account: Any, page: Chrome, visit: Visit, group: AccredibleGroup
) -> None:
    account.add_attribute_key("Course")
    account.add_attribute_key(HOSTILE)
    visit(f"/admin/credentials_accredible/accrediblegroup/{group.pk}/change/")
    assert emulator.requests == []
    for _row in range(2):
        page.find_element(By.CSS_SELECTOR, "#custom_attributes-group .add-row a").click()
    for row, (name, source, value) in enumerate([("Course", "path", "course.course_key"), ("Mine", "constant", "x")]):
        page.find_element(By.ID, f"id_custom_attributes-{row}-name").send_keys(name)
        Select(page.find_element(By.ID, f"id_custom_attributes-{row}-source")).select_by_value(source)
        page.find_element(By.ID, f"id_custom_attributes-{row}-value").send_keys(value)
    lists = [
        page.find_element(By.ID, f"id_custom_attributes-{row}-value").get_dom_attribute("list") for row in range(2)
    ]
    assert lists == ["accredible-attribute-paths", None]

    page.find_element(By.CSS_SELECTOR, ".accredible-attribute-keys button").click()
    status = (By.CSS_SELECTOR, ".accredible-attribute-keys [role=status]")
    WebDriverWait(page, 30).until(text_to_be_present_in_element(status, "Course"))
    options = page.find_elements(By.CSS_SELECTOR, "#accredible-attribute-keys option")
    assert [option.get_attribute("value") for option in options] == ["Course", HOSTILE]
    assert [note.text for note in page.find_elements(By.CSS_SELECTOR, ".accredible-unknown")] == [
        "The account has no such attribute key."
    ]
    assert page.title != "owned"

    press(page, By.NAME, "_save")
    assert "no such attribute keys, so no credential shows them: “Mine”" in text(page, ".messagelist")
    assert CustomAttribute.objects.count() == 2


def test_a_lookup_that_fails_says_why(
    emulator: Emulator, account: Any, page: Chrome, visit: Visit, group: AccredibleGroup
) -> None:
    emulator.fault("status", status=503, times=None)
    visit(f"/admin/credentials_accredible/accrediblegroup/{group.pk}/change/")
    page.find_element(By.CSS_SELECTOR, ".accredible-attribute-keys button").click()
    status = (By.CSS_SELECTOR, ".accredible-attribute-keys [role=status]")
    WebDriverWait(page, 30).until(text_to_be_present_in_element(status, "Accredible is not available"))
    # The browser complains of the answer, too.
    assert "502" in "".join(entry["message"] for entry in page.get_log("browser"))
