"""The main job in a browser, as the host's documentation tells it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import Select, WebDriverWait

from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from demo.emulator.server import Emulator
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], None]


def run_sync(page: Chrome, visit: Visit) -> None:
    """Tick every configuration and run "Sync groups"."""
    visit("/admin/badges/accredibleapiconfig/")
    page.find_element(By.ID, "action-toggle").click()
    Select(page.find_element(By.NAME, "action")).select_by_visible_text("Sync groups")
    press(page, By.CSS_SELECTOR, "button[name=index]")


def press(page: Chrome, by: str, value: str) -> None:
    """Press what leads to another page, and wait until this one is gone."""
    button = page.find_element(by, value)
    button.click()
    wait_until_gone(page, button)


def wait_until_gone(page: Chrome, element: WebElement) -> None:
    """Return once another page has taken the place of the one with ``element``."""
    # Between the two pages, the driver can have other errors than that the element is stale: it is asked again.
    WebDriverWait(page, 30, ignored_exceptions=[WebDriverException]).until(staleness_of(element))


def text(page: Chrome, selector: str) -> str:
    """What a person reads there."""
    return page.find_element(By.CSS_SELECTOR, selector).text


def test_an_account_is_configured_and_its_groups_are_imported(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    emulator.add_account(key="main-key-0001", seed=135)

    visit("/admin/badges/accredibleapiconfig/")
    press(page, By.CSS_SELECTOR, ".object-tools .addlink")
    page.find_element(By.ID, "id_name").send_keys("Main")
    Select(page.find_element(By.ID, "id_environment")).select_by_visible_text("Emulator")
    page.find_element(By.ID, "id_new_api_key").send_keys("main-key-0001")
    press(page, By.NAME, "_save")
    assert "was added successfully" in text(page, ".messagelist")

    run_sync(page, visit)
    assert "Main was synced: 135 created" in text(page, ".messagelist")

    visit("/admin/badges/accrediblegroup/")
    assert "135 Accredible groups" in text(page, "#changelist")
    icons = page.find_elements(By.CSS_SELECTOR, "img.accredible-icon")
    assert any(int(icon.get_property("naturalWidth") or 0) for icon in icons[:3])
    assert not AccredibleGroup.objects.filter(is_active=True).exists()


def test_removing_groups_is_confirmed_on_a_page(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    account = emulator.add_account(key="main-key-0001")
    known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(3)]
    factories.make_config("Main")
    run_sync(page, visit)
    factories.configure(AccredibleGroup.objects.get(accredible_id=known[0]))
    account.remove_group(known[0])

    run_sync(page, visit)
    assert text(page, "#content h1") == "Remove groups?"
    assert "Group 0" in text(page, ".accredible-plan table")
    assert AccredibleGroup.objects.count() == 3
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")

    assert "1 removed" in text(page, ".messagelist")
    assert AccredibleGroup.objects.count() == 2


def test_a_refused_key_is_told_beside_its_field(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    visit("/admin/badges/accredibleapiconfig/add/")
    page.find_element(By.ID, "id_name").send_keys("Main")
    Select(page.find_element(By.ID, "id_environment")).select_by_visible_text("Emulator")
    page.find_element(By.ID, "id_new_api_key").send_keys("a-key-nobody-knows")
    press(page, By.NAME, "_save")

    told = text(page, ".field-new_api_key .errorlist")
    assert "Accredible refused the entered key ••••nows in the environment “Emulator”" in told
    assert page.find_element(By.ID, "id_new_api_key").get_attribute("value") == ""
    assert not AccredibleAPIConfig.objects.exists()


def test_text_of_the_provider_runs_no_script(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    account = emulator.add_account(key="main-key-0001")
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    gone = account.add_group(name=hostile, course_name=hostile, course_description=hostile)["id"]
    account.add_group(name="other", course_name="Other")
    factories.make_config("Main")
    run_sync(page, visit)
    group = AccredibleGroup.objects.get(accredible_id=gone)

    visit("/admin/badges/accrediblegroup/")
    assert "owned" not in page.title
    visit(f"/admin/badges/accrediblegroup/{group.pk}/change/")
    assert page.title != "owned"
    account.remove_group(gone)
    run_sync(page, visit)
    assert text(page, "#content h1") == "Remove groups?"
    assert page.title != "owned"
    assert hostile in text(page, ".accredible-plan table")
