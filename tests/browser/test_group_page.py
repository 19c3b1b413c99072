"""A group's rule on one page, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from credentials_accredible.models import AccredibleGroup
from demo.emulator.server import Emulator
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.browser.test_admin import press, text
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], None]


@pytest.fixture
def group(emulator: Emulator, visit: Visit) -> AccredibleGroup:
    """A group without rules, whose page is open."""
    made = factories.make_group(factories.make_config("Main"))
    visit(f"/admin/credentials_accredible/accrediblegroup/{made.pk}/change/")
    return made


def add(page: Chrome, kind: str) -> WebElement:
    """Press the button that adds a requirement or a penalty; the new card."""
    page.find_elements(By.CSS_SELECTOR, f"#{kind}-group .accredible-add [data-add]")[-1].click()
    return page.find_elements(By.CSS_SELECTOR, f"#{kind}-group .accredible-card")[-1]


def fill_rule(card: WebElement, number: int, path: str, value: str) -> list[str | None]:
    """Fill in a data rule of a card; the paths that it offers."""
    row = card.find_elements(By.CSS_SELECTOR, ".accredible-rule")[number]
    paths = Select(row.find_element(By.CSS_SELECTOR, "select[name$=data_path]"))
    offered = [option.get_attribute("value") for option in paths.options]
    paths.select_by_value(path)
    row.find_element(By.CSS_SELECTOR, "input[name$=value]").send_keys(value)
    return offered


def choose_type(card: WebElement, event_type: str) -> None:
    Select(card.find_element(By.CSS_SELECTOR, "select[name$=event_type]")).select_by_value(event_type)


def test_requirements_rules_and_a_penalty_are_made_with_one_save(page: Chrome, group: AccredibleGroup) -> None:
    first = add(page, "requirements")
    choose_type(first, PASSING)
    offered = fill_rule(first, 0, "is_passing", "true")
    first.find_element(By.CSS_SELECTOR, ".accredible-rules > [data-add]").click()
    fill_rule(first, 1, "course.display_name", "Physics")
    second = add(page, "requirements")
    choose_type(second, CCX_PASSING)
    fill_rule(second, 0, "is_passing", "true")
    penalty = add(page, "penalties")
    choose_type(penalty, PASSING)
    fill_rule(penalty, 0, "is_passing", "false")
    penalty.find_element(By.CSS_SELECTOR, "input[value='requirements-1']").click()
    press(page, By.NAME, "_continue")

    assert offered == ["", "is_passing", "course.course_key", "course.display_name", "course.start", "course.end"]
    assert "was changed successfully" in text(page, ".messagelist")
    assert [[str(rule) for rule in item.rules.all()] for item in group.requirements.order_by("pk")] == [
        ["passing is true", "name of the course is Physics"],
        ["passing is true"],
    ]
    assert [item.event_type for item in group.penalties.get().requirements.all()] == [CCX_PASSING]
    assert "passing any CCX course" in text(page, ".accredible-sentence")


def test_what_was_added_by_mistake_is_taken_away_again(page: Chrome, group: AccredibleGroup) -> None:
    mistake = add(page, "requirements")
    kept = add(page, "requirements")
    choose_type(kept, PASSING)
    fill_rule(kept, 0, "is_passing", "true")
    mistake.find_elements(By.CSS_SELECTOR, "input[name$=DELETE]")[-1].click()
    assert not mistake.is_displayed()
    press(page, By.NAME, "_save")

    assert "was changed successfully" in text(page, ".messagelist")
    assert group.requirements.count() == 1


def test_the_value_of_a_rule_about_a_course_is_offered_by_title(page: Chrome, group: AccredibleGroup) -> None:
    CourseRun.objects.create(course=Course.objects.create(title="Physics for all"), key=COURSE)
    card = add(page, "requirements")
    choose_type(card, PASSING)
    fill_rule(card, 0, "course.course_key", "phys")

    offered = (
        "return Array.from(document.querySelectorAll('datalist[id$=-offered] option')).map(o => [o.value, o.label])"
    )
    found = WebDriverWait(page, 15).until(lambda shown: shown.execute_script(offered))
    assert found == [[COURSE, "Physics for all"]]


def test_a_requirements_own_page_has_its_rules(page: Chrome, visit: Visit, group: AccredibleGroup) -> None:
    visit(f"/admin/credentials_accredible/badgerequirement/add/?group={group.pk}")
    choose_type(page.find_element(By.CSS_SELECTOR, "#badgerequirement_form"), PASSING)
    page.find_element(By.CSS_SELECTOR, "#rules-group [data-add]").click()
    offered = fill_rule(page.find_element(By.ID, "rules-group"), 0, "is_passing", "true")
    press(page, By.NAME, "_save")

    assert "was added successfully" in text(page, ".messagelist")
    assert "course.master_course_key" not in offered
    assert group.requirements.get().rules.get().value == "true"


def test_a_refusal_keeps_what_was_typed(page: Chrome, group: AccredibleGroup) -> None:
    card = add(page, "requirements")
    choose_type(card, PASSING)
    fill_rule(card, 0, "is_passing", "perhaps")
    press(page, By.NAME, "_save")

    row = page.find_element(By.CSS_SELECTOR, "#requirements-group .accredible-rule")
    assert "neither true nor false" in row.text
    assert row.find_element(By.CSS_SELECTOR, "input[name$=value]").get_attribute("value") == "perhaps"
    assert not group.requirements.exists()


def test_activation_says_at_the_top_why_not(page: Chrome, group: AccredibleGroup) -> None:
    page.find_element(By.ID, "id_is_active").click()
    press(page, By.NAME, "_save")

    assert "The group has no requirement" in text(page, ".accredible-head .errornote")
    assert text(page, ".accredible-head .accredible-badge") == "Inactive"


def test_a_recipe_offers_courses_by_title_and_is_followed_with_one_button(
    page: Chrome, visit: Visit, emulator: Emulator
) -> None:
    CourseRun.objects.create(course=Course.objects.create(title="Physics for all"), key=COURSE)
    group = factories.make_group(factories.make_config("Main"))
    visit(f"/admin/credentials_accredible/accrediblegroup/{group.pk}/change/")

    page.find_element(By.CSS_SELECTOR, "input[name=recipe][value=course]").click()
    page.switch_to.active_element.send_keys("Phys")
    page.find_element(By.XPATH, "//li[contains(@class, 'select2-results__option')]//bdi[.='Physics for all']").click()
    press(page, By.NAME, "_activate")

    assert text(page, ".accredible-head .accredible-badge") == "Active"
    assert text(page, ".accredible-sentence") == "Earned by passing Physics for all."


def test_a_course_that_the_catalogue_does_not_have_is_typed(page: Chrome, group: AccredibleGroup) -> None:
    page.find_element(By.CSS_SELECTOR, "input[name=recipe][value=one]").click()
    for key in (COURSE, "course-v1:edX+Other+1"):
        page.switch_to.active_element.send_keys(key + ",")
    press(page, By.NAME, "_continue")

    assert [item.rules.last().value for item in group.requirements.order_by("pk")] == [COURSE, "course-v1:edX+Other+1"]
    assert {item.blend for item in group.requirements.all()} == {"A"}
