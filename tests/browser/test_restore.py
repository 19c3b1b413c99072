"""A group is deleted by mistake and brought back, and one that was recreated is carried over, in a browser."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup, CustomAttribute, GroupSnapshot
from demo.emulator.server import Emulator
from tests import factories
from tests.browser.test_admin import Visit, press, run_sync, text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GROUPS = "/admin/credentials_accredible/accrediblegroup/"


def test_deleted_by_mistake_it_comes_back(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    group = factories.configure(factories.make_group(factories.make_config("Main"), name="Chemistry badge"))
    CustomAttribute.objects.create(group=group, name="grade", value="course.grade")
    api.deactivate_group(group)

    visit(f"{GROUPS}{group.pk}/delete/")
    assert "a snapshot keeps each group" in text(page, "#content")
    press(page, By.CSS_SELECTOR, "#content input[type=submit]")
    press(page, By.LINK_TEXT, "A snapshot can bring the group back.")
    assert "passing is true" in text(page, "#content")
    press(page, By.CSS_SELECTOR, "input.default")
    assert "2 requirements, 3 data rules, 1 penalty, 1 custom attribute" in text(page, "#content")
    press(page, By.NAME, "confirmed")

    back = AccredibleGroup.objects.get()
    assert "Restored: 2 requirements" in text(page, ".messagelist")
    assert (back.name, back.is_active, back.requirements.count()) == ("Chemistry badge", False, 2)


def test_what_was_configured_since_is_merged_by_choice(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    group = factories.configure(factories.make_group(name="Chemistry badge"))
    api.remove_groups([group])
    again = factories.make_group(group.api_config, accredible_id=group.accredible_id, name="Chemistry badge")
    factories.make_requirement(again, blend="Z")
    factories.make_group(group.api_config, name="Chemistry badge")

    visit(f"/admin/credentials_accredible/groupsnapshot/{GroupSnapshot.objects.get().pk}/change/")
    press(page, By.CSS_SELECTOR, "input.default")
    assert "has been configured since" in text(page, ".errornote")
    page.find_element(By.NAME, "merge").click()
    press(page, By.CSS_SELECTOR, "input[type=submit]:not(.default)")
    press(page, By.NAME, "confirmed")

    assert again.requirements.count() == 3


def test_recreated_at_accredible_it_is_carried_over(emulator: Emulator, page: Chrome, visit: Visit) -> None:
    account = emulator.add_account(key="main-key-0001")
    old = account.add_group(name="g", course_name="Chemistry badge")
    account.add_group(name="o", course_name="Another badge")
    config = factories.make_config("Main")
    api.sync(config)
    group = factories.configure(config.groups.get(accredible_id=old["id"]))
    account.remove_group(old["id"])
    new = account.add_group(name="g-2", course_name="Chemistry badge")

    run_sync(page, visit)
    page.find_element(By.NAME, f"carry-{config.pk}").click()
    press(page, By.CSS_SELECTOR, "input.default")

    group.refresh_from_db()
    assert (group.accredible_id, group.requirements.count()) == (new["id"], 2)
    assert not GroupSnapshot.objects.exists()
