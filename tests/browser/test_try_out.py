"""A group is tried out in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER, course_status
from tests.browser.test_admin import press, text, wait_until_gone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], None]


@pytest.fixture
def group(visit: Visit) -> AccredibleGroup:
    """A group that takes two courses; its try-out is open."""
    made = active_group()
    first = require(made, *in_course(DEMO, PASSES), blend="A")
    require(made, *in_course(OTHER, PASSES), blend="B")
    penalise(made, *in_course(DEMO, FAILS), takes=[first])
    CourseRun.objects.create(course=Course.objects.create(title="Physics for all"), key=DEMO)
    visit(f"/admin/credentials_accredible/accrediblegroup/{made.pk}/try-out/")
    return made


def events(page: Chrome) -> list[str]:
    """The events of the page, in words."""
    return [found.text for found in page.find_elements(By.CSS_SELECTOR, ".accredible-events h3")]


def progress(page: Chrome) -> list[str]:
    """What each event leads to."""
    return [found.text for found in page.find_elements(By.CSS_SELECTOR, ".accredible-step .accredible-reached")]


def test_it_is_filled_changed_and_tried(page: Chrome, group: AccredibleGroup) -> None:
    assert events(page) == [
        "1. The learner passes Physics for all",
        f"2. The learner passes {OTHER}",
        "3. The learner does not pass Physics for all any more",
    ]
    assert progress(page) == ["1 of 2 parts fulfilled", "2 of 2 parts fulfilled", "1 of 2 parts fulfilled"]
    assert text(page, "#accredible-outcome h2") == "These events earn the badge, and take it away again."
    press(page, By.CSS_SELECTOR, "button[name=remove][value='3']")
    passing = page.find_element(By.CSS_SELECTOR, "select[name='events-1-says-is_passing']")
    Select(passing).select_by_visible_text("no")
    # The Enter key tries, and rearranges nothing.
    page.find_element(By.CSS_SELECTOR, "input[name='events-2-says-course.course_key']").send_keys(Keys.ENTER)
    wait_until_gone(page, passing)

    assert events(page) == ["1. The learner does not pass Physics for all any more", f"2. The learner passes {OTHER}"]
    assert progress(page) == ["0 of 2 parts fulfilled", "1 of 2 parts fulfilled"]
    assert text(page, "#accredible-outcome h2") == "These events do not earn the badge."
    Select(page.find_element(By.ID, "id_add_event")).select_by_visible_text("Passing Physics for all")
    press(page, By.NAME, "add")
    assert progress(page)[-1] == "2 of 2 parts fulfilled"
    assert text(page, "#accredible-outcome h2") == "These events earn the badge."
    assert page.find_element(By.CSS_SELECTOR, "#accredible-last input.vTextField").get_attribute("value") == DEMO
    press(page, By.CSS_SELECTOR, "button[name=earlier][value='3']")
    assert events(page)[1:] == ["2. The learner passes Physics for all", f"3. The learner passes {OTHER}"]
    assert not BadgeProgress.objects.exists()


def test_courses_are_offered_by_title(page: Chrome, group: AccredibleGroup) -> None:
    field = page.find_element(By.CSS_SELECTOR, "input[name='events-2-says-course.course_key']")
    field.clear()
    field.send_keys("phys")

    offered = (
        "return Array.from(document.querySelectorAll('datalist[id$=-offered] option')).map(o => [o.value, o.label])"
    )
    found = WebDriverWait(page, 15).until(lambda shown: shown.execute_script(offered))
    assert found == [[DEMO, "Physics for all"]]


def test_a_real_learner_is_offered_and_tried(page: Chrome, group: AccredibleGroup) -> None:
    course_status("ada", OTHER)
    page.find_element(By.ID, "id_learner").send_keys("ad")
    offered = "return Array.from(document.querySelectorAll('#id_learner-offered option')).map(o => o.value)"
    found = WebDriverWait(page, 15).until(lambda shown: shown.execute_script(offered))
    page.find_element(By.ID, "id_learner").send_keys("a")
    press(page, By.CSS_SELECTOR, ".accredible-answer [type=submit]")

    assert found == ["ada"]
    standing = text(page, "#accredible-standing")
    assert "Has no badge" in standing
    assert "1 of 2 parts fulfilled" in standing
    assert standing.partition("Missing:")[2].strip().startswith("Passing Physics for all")
    assert progress(page)[0] == "2 of 2 parts fulfilled"
    assert not AccredibleBadge.objects.exists()


def test_nothing_scrolls_sideways(page: Chrome, visit: Visit, group: AccredibleGroup, width: int) -> None:
    long = "course-v1:" + "Organisation" * 5 + "+" + "Course" * 10 + "+" + "Run" * 5
    require(group, *in_course(long, PASSES))
    factories.make_requirement(group, description="Description" * 20)
    group.custom_attributes.create(name="Attribute" * 20, value="course.display_name")
    visit(f"/admin/credentials_accredible/accrediblegroup/{group.pk}/try-out/")
    for folded in page.find_elements(By.CSS_SELECTOR, "#accredible-try-out summary"):
        folded.click()

    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.execute_script(wide) == 0
