"""Recipes and the courses of the catalogue, on the pages of groups and rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from credentials_accredible.models import AccredibleGroup, BadgeRequirement
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.admin.forms import GROUPS, group_form, text
from tests.factories import COURSE

pytestmark = pytest.mark.django_db

OTHER = "course-v1:edX+Other+1"
COURSES = f"{GROUPS}courses/"


def add_course(key: str, title: str, override: str | None = None) -> None:
    CourseRun.objects.create(course=Course.objects.create(title=title), key=key, title_override=override)


def follow(client: Client, group: AccredibleGroup, recipe: str, courses: str = "", **values: Any) -> Any:
    """Choose a recipe on the group's page, and save."""
    form = group_form(group, recipe=recipe, courses=courses, excluded=values.pop("excluded", ""), **values)
    return client.post(f"{GROUPS}{group.pk}/change/", form)


def rules(group: AccredibleGroup) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (item.blend, list(item.rules.values_list("data_path", "operator", "value")))
        for item in group.requirements.order_by("pk")
    ]


class TestRecipes:
    def test_a_recipe_becomes_requirements_and_the_group_is_active_with_the_same_save(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()

        response = follow(admin_client, group, "course", COURSE, is_active="on")

        assert response.status_code == 302, text(response)
        group.refresh_from_db()
        assert group.is_active
        assert rules(group) == [("", [("is_passing", "eq", "true"), ("course.course_key", "eq", COURSE)])]
        assert BadgeRequirement.history.filter(id=group.requirements.get().pk).count() == 1

    def test_alternatives_get_a_letter_that_nobody_has(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        stored = factories.make_requirement(group, blend="A")
        row = {"id": stored.pk, "group": group.pk, "event_type": stored.event_type, "description": "", "blend": "B"}
        kept = {"id": stored.rules.get().pk, "data_path": "is_passing", "operator": "eq", "value": "true"}

        form = group_form(group, {**row, "rules": [kept]}, recipe="one", courses=f"{COURSE}\n{OTHER}", excluded="")
        admin_client.post(f"{GROUPS}{group.pk}/change/", form)

        assert [letter for letter, _rules in rules(group)] == ["B", "C", "C"]

    def test_what_can_be_lost_gets_a_penalty(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        follow(admin_client, group, "course", COURSE, can_be_lost="on")

        penalty = group.penalties.get()
        assert list(penalty.requirements.all()) == list(group.requirements.all())
        assert list(penalty.rules.values_list("data_path", "value")) == [
            ("is_passing", "false"),
            ("course.course_key", COURSE),
        ]

    def test_a_refusal_stands_beside_the_courses_and_keeps_what_was_typed(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()

        page = text(follow(admin_client, group, "course", "Physics", is_active="on"))

        row = page.partition("field-courses")[2].partition("field-excluded")[0]
        assert "“Physics” is not a course key" in row
        assert ">\nPhysics</textarea>" in row
        assert 'value="course" id="id_recipe_1" checked' in page
        assert not BadgeRequirement.objects.exists()
        assert ">Inactive</span>" in page
        assert "The group has no requirement" not in page

    def test_a_group_is_not_activated_past_a_recipe_that_is_not_ones_own(self, client: Client, emulator: Any) -> None:
        group = factories.make_group()
        client.force_login(
            factories.make_staff("view_accrediblegroup", "change_accrediblegroup", "view_badgerequirement")
        )

        follow(client, group, "course", COURSE, is_active="on")

        group.refresh_from_db()
        assert not group.is_active

    def test_save_and_activate_does_both_and_stays_on_the_page(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        response = follow(admin_client, group, "any", _activate="1")

        group.refresh_from_db()
        assert group.is_active
        assert response.url == f"{GROUPS}{group.pk}/change/"
        assert "_activate" not in text(admin_client.get(response.url))

    @pytest.mark.parametrize(
        ("lacks", "offered"),
        [
            ("", True),
            ("add_badgerequirement", False),
            ("add_datarule", False),
            ("change_accrediblegroup", False),
        ],
    )
    def test_they_are_for_who_may_add_what_comes_of_them(
        self, client: Client, emulator: Any, lacks: str, offered: bool
    ) -> None:
        group = factories.make_group()
        rights = {"view_accrediblegroup", "change_accrediblegroup", "add_badgerequirement", "add_datarule"} - {lacks}
        client.force_login(factories.make_staff(*rights))

        page = text(client.get(f"{GROUPS}{group.pk}/change/"))
        follow(client, group, "course", COURSE, can_be_lost="on")

        assert ('name="recipe"' in page) == offered == group.requirements.exists()
        assert 'name="can_be_lost"' not in page
        assert not group.penalties.exists()


class TestCourses:
    def test_they_are_found_by_title_and_key(self, admin_client: Client) -> None:
        add_course(COURSE, "Physics for all")
        add_course(OTHER, "Chemistry", "Physics & more")
        add_course("course-v1:edX+None+1", "Latin")

        def found(term: str) -> list[tuple[str, str]]:
            answer = admin_client.get(COURSES, {"term": term}).json()["results"]
            return [(course["id"], course["text"]) for course in answer]

        assert found("physics") == [(OTHER, "Physics & more"), (COURSE, "Physics for all")]
        assert found("all phys") == [(COURSE, "Physics for all")]
        assert found("edX+Other") == [(OTHER, "Physics & more")]
        assert found("nowhere") == found("\x00nowhere") == []
        assert len(found("")) == 3

    def test_there_are_at_most_twenty_for_two_queries(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(30):
            add_course(f"course-v1:a+b+{number}", "Physics")

        with django_assert_max_num_queries(3):
            assert len(admin_client.get(COURSES, {"term": "Physics"}).json()["results"]) == 20

    def test_they_are_offered_where_course_keys_are_wanted(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)

        for page in (f"{GROUPS}{group.pk}/", f"/admin/credentials_accredible/badgerequirement/{requirement.pk}/"):
            assert f'data-courses="{COURSES}"' in text(admin_client.get(f"{page}change/"))

    def test_a_service_without_a_catalogue_has_keys_typed(
        self, admin_client: Client, emulator: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        get_model = apps.get_model

        def without_catalogue(label: str, name: str | None = None, **kwargs: Any) -> Any:
            if label == "catalog":
                raise LookupError(label)
            return get_model(label, name, **kwargs)

        monkeypatch.setattr(apps, "get_model", without_catalogue)
        group = factories.make_group()

        page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))
        follow(admin_client, group, "course", COURSE)

        assert "data-courses" not in page
        assert admin_client.get(COURSES).json() == {"results": []}
        assert group.requirements.count() == 1
