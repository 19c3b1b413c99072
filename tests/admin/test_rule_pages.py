"""The pages of requirements and penalties with their data rules, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from credentials_accredible.models import BadgePenalty, BadgeRequirement, DataRule
from tests import factories
from tests.admin.forms import GROUPS, PENALTIES, REQUIREMENTS, requirement_form, rule, text
from tests.conftest import PluginSettings
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = pytest.mark.django_db


class TestRequirements:
    def test_a_requirement_is_made_with_its_rules(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        rules = [rule("is_passing", "Yes"), rule("course.course_key", f" {COURSE} ")]

        response = admin_client.post(REQUIREMENTS + "add/", requirement_form(*rules, group=group.pk, blend="A"))

        assert response.status_code == 302, text(response)
        made = BadgeRequirement.objects.get()
        assert (made.group, made.event_type, made.blend) == (group, PASSING, "A")
        assert list(made.rules.values_list("data_path", "operator", "value")) == [
            ("is_passing", "eq", "Yes"),
            ("course.course_key", "eq", COURSE),
        ]

    def test_paths_are_offered_per_event_type_without_the_ignored_ones(
        self, admin_client: Client, emulator: Any
    ) -> None:
        page = text(admin_client.get(REQUIREMENTS + "add/"))

        passing, ccx = page.split('<optgroup label="Course passing status">')[1].split(
            '<optgroup label="CCX course passing status">'
        )[:2]
        assert 'value="course.course_key"' in passing
        assert 'value="course.master_course_key"' not in passing
        assert 'value="course.master_course_key"' in ccx
        assert "user.pii" not in page

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (rule("is_passing", "perhaps"), "neither true nor false"),
            (rule("is_passing", "true", "gt"), "does not work for"),
            (rule("course.course_key", "DemoX"), "is not a course key"),
            (rule("course.start", "soon"), "is not a date or time"),
            (rule("course.master_course_key", COURSE), "have no “course.master_course_key”"),
            (rule("user.pii.email", "a@example.com"), "Select a valid choice"),
            (rule("is_passing", ""), "This field is required"),
        ],
        ids=lambda value: value["data_path"] + value["operator"] if isinstance(value, dict) else "",
    )
    def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(
        self, admin_client: Client, emulator: Any, row: dict[str, Any], reason: str
    ) -> None:
        group = factories.make_group()

        response = admin_client.post(REQUIREMENTS + "add/", requirement_form(row, group=group.pk))

        assert reason in text(response)
        assert not BadgeRequirement.objects.exists()

    def test_the_same_rule_twice_is_refused(self, admin_client: Client, emulator: Any) -> None:
        rules = [rule("is_passing", "true"), rule("is_passing", "true")]

        response = admin_client.post(REQUIREMENTS + "add/", requirement_form(*rules, group=factories.make_group().pk))

        assert "duplicate" in text(response)
        assert not BadgeRequirement.objects.exists()

    def test_any_event_and_rules_exclude_each_other(self, admin_client: Client, emulator: Any) -> None:
        response = admin_client.post(
            REQUIREMENTS + "add/",
            requirement_form(rule("is_passing", "true"), group=factories.make_group().pk, any_event="on"),
        )

        assert "data rules have no say" in text(response)

    def test_the_last_rule_of_an_active_groups_requirement_stays(self, admin_client: Client, emulator: Any) -> None:
        requirement = factories.make_requirement(factories.make_group(is_active=True))
        stored = requirement.rules.get()
        row = rule("is_passing", "true", id=stored.pk, requirement=requirement.pk, DELETE="on")

        response = admin_client.post(f"{REQUIREMENTS}{requirement.pk}/change/", requirement_form(row, stored=1))

        assert "Nobody could earn this group, so it cannot be active" in text(response)
        assert requirement.rules.count() == 1

    def test_who_may_not_change_data_rules_reads_them(self, client: Client, emulator: Any) -> None:
        requirement = factories.make_requirement(factories.make_group())
        stored = requirement.rules.get()
        client.force_login(factories.make_staff("change_badgerequirement", "view_datarule"))
        address = f"{REQUIREMENTS}{requirement.pk}/change/"
        row = rule("is_passing", "no", id=stored.pk, requirement=requirement.pk)

        page = text(client.get(address))
        client.post(address, requirement_form(row, stored=1, description="New"))

        requirement.refresh_from_db()
        stored.refresh_from_db()
        assert '<span title="is_passing"><bdi>passing is true</bdi></span>' in page
        assert 'name="rules-0-value"' not in page
        assert "data-add" not in page
        assert (requirement.description, stored.value) == ("New", "true")

    def test_an_event_type_that_is_not_configured_is_not_offered(self, admin_client: Client, emulator: Any) -> None:
        form = requirement_form(
            group=factories.make_group().pk, event_type="org.openedx.learning.course.unenrollment.completed.v1"
        )

        response = admin_client.post(REQUIREMENTS + "add/", form)

        assert "Select a valid choice" in text(response)

    def test_a_requirement_stays_with_its_group(self, admin_client: Client, emulator: Any) -> None:
        requirement = factories.make_requirement(factories.make_group())
        other = factories.make_group()

        admin_client.post(
            f"{REQUIREMENTS}{requirement.pk}/change/", requirement_form(group=other.pk, description="Changed")
        )

        requirement.refresh_from_db()
        assert requirement.description == "Changed"
        assert requirement.group != other


class TestPenalties:
    def test_a_penalty_is_made_for_requirements_of_its_group(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        foreign = factories.make_requirement(factories.make_group(), description="Foreign")

        page = text(admin_client.get(f"{PENALTIES}add/?group={group.pk}"))
        form = requirement_form(rule("is_passing", "no"), group=group.pk)
        refused = admin_client.post(f"{PENALTIES}add/?group={group.pk}", {**form, "requirements": [foreign.pk]})
        assert BadgePenalty.objects.count() == 0
        admin_client.post(f"{PENALTIES}add/?group={group.pk}", {**form, "requirements": [requirement.pk]})

        assert "Foreign" not in page
        assert "Select a valid choice" in text(refused)
        assert list(BadgePenalty.objects.get().requirements.all()) == [requirement]

    @pytest.mark.parametrize("query", ["", "?group=", "?group=x", "?group=1%27", "?group=%C2%B2", "?group=" + "9" * 30])
    def test_without_a_group_one_is_sent_to_the_groups(self, admin_client: Client, query: str) -> None:
        response = admin_client.get(f"{PENALTIES}add/{query}", follow=True)

        assert response.request["PATH_INFO"] == GROUPS
        assert "Add a penalty" in text(response)

    def test_penalties_are_changed_on_a_page_of_their_own(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        penalty = factories.make_penalty(group, requirement)
        stored = penalty.rules.get()
        row = rule("is_passing", "No", id=stored.pk, penalty=penalty.pk)

        admin_client.post(
            f"{PENALTIES}{penalty.pk}/change/",
            requirement_form(row, stored=1, description="Lost", requirements=[requirement.pk]),
        )

        penalty.refresh_from_db()
        stored.refresh_from_db()
        assert (penalty.description, stored.value) == ("Lost", "No")


class TestWhatBelongsTogether:
    def test_rules_have_to_fit_an_event_type_that_is_changed(self, admin_client: Client, emulator: Any) -> None:
        requirement = factories.make_requirement(factories.make_group(), rule=False, event_type=CCX_PASSING)
        stored = DataRule.objects.create(
            requirement=requirement, data_path="course.master_course_key", operator="eq", value=COURSE
        )
        row = rule("course.master_course_key", COURSE, id=stored.pk, requirement=requirement.pk)

        response = admin_client.post(f"{REQUIREMENTS}{requirement.pk}/change/", requirement_form(row, stored=1))

        assert "have no “course.master_course_key”" in text(response)
        requirement.refresh_from_db()
        assert requirement.event_type == CCX_PASSING

    def test_what_one_may_not_add_is_not_offered(self, client: Client, emulator: Any) -> None:
        group = factories.make_group()
        client.force_login(factories.make_staff("view_accrediblegroup"))

        page = text(client.get(f"{GROUPS}{group.pk}/change/"))

        for hidden in ("Try out", "Add a requirement", "Add a penalty", "Re-evaluate"):
            assert hidden not in page

    @pytest.mark.parametrize("path", ["accrediblegroup/{}/change/", "badgerequirement/add/"])
    def test_settings_that_cannot_be_used_are_told(
        self, admin_client: Client, emulator: Any, plugin_settings: PluginSettings, path: str
    ) -> None:
        group = factories.make_group()
        factories.make_requirement(group)
        plugin_settings(EVENTS="nonsense")

        response = admin_client.get("/admin/credentials_accredible/" + path.format(group.pk), follow=True)

        assert "['EVENTS'] must be a list" in text(response).replace("&#x27;", "'")


@pytest.mark.parametrize("pages", [GROUPS, REQUIREMENTS, PENALTIES])
@pytest.mark.parametrize("form", ["0_5F{}", "{}_0A", "_2B{}", "0_{}", "+{}", " {}", "²", "9" * 3000])
def test_what_python_takes_for_a_number_is_no_key_of_an_object(admin_client: Client, form: str, pages: str) -> None:
    group = factories.make_group()
    requirement = factories.make_requirement(group)
    key = {GROUPS: group.pk, REQUIREMENTS: requirement.pk, PENALTIES: factories.make_penalty(group, requirement).pk}

    page = admin_client.get(f"{pages}{form.format(key[pages])}/change/", follow=True)

    assert page.redirect_chain
    assert "doesn’t exist" in text(page)


@pytest.mark.parametrize("group", ["abc", "²", "9" * 30])
def test_a_group_that_is_no_number_in_the_address_is_not_chosen(admin_client: Client, group: str) -> None:
    assert admin_client.get(f"{REQUIREMENTS}add/?group={group}").status_code == 200


def test_a_page_that_cannot_be_read_is_an_error_and_does_not_lead_to_itself(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("no such column: blend")

    monkeypatch.setattr("django.contrib.admin.ModelAdmin.changelist_view", unreadable)

    with pytest.raises(OperationalError):
        admin_client.get(REQUIREMENTS)
