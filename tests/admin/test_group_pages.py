"""The pages of groups, requirements and penalties, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleGroup, BadgePenalty, BadgeRequirement, DataRule
from tests import factories
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = pytest.mark.django_db

GROUPS = "/admin/credentials_accredible/accrediblegroup/"
REQUIREMENTS = "/admin/credentials_accredible/badgerequirement/"
PENALTIES = "/admin/credentials_accredible/badgepenalty/"


def formset(prefix: str, *rows: dict[str, Any], stored: int = 0) -> dict[str, Any]:
    """What a browser sends of an inline."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": stored,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(rows):
        data.update({f"{prefix}-{number}-{name}": value for name, value in row.items()})
    return data


def group_form(group: AccredibleGroup, *requirements: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What a browser sends of a group's page."""
    stored = [row for row in requirements if row.get("id")]
    data = {
        "site": "",
        **formset("requirements", *requirements, stored=len(stored)),
        **formset("penalties"),
        **values,
    }
    return {name: value for name, value in data.items() if value is not None}


def requirement_form(*rules: dict[str, Any], stored: int = 0, **values: Any) -> dict[str, Any]:
    """What a browser sends of a requirement's page."""
    return {"event_type": PASSING, "description": "", "blend": "", **formset("rules", *rules, stored=stored), **values}


def rule(path: str, value: str, operator: str = "eq", **more: Any) -> dict[str, Any]:
    """A row of the data rules."""
    return {"data_path": path, "operator": operator, "value": value, **more}


def text(response: Any) -> str:
    """The page."""
    return str(response.content.decode())


class TestGroups:
    def test_no_group_is_added_by_hand(self, admin_client: Client) -> None:
        assert admin_client.get(GROUPS + "add/").status_code == 403
        assert "Add Accredible group" not in text(admin_client.get(GROUPS))

    def test_what_accredible_owns_is_shown_and_cannot_be_changed(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group(
            name="Title", description="<script>alert(1)</script>", icon_url="https://example.com/icon.png?a=1&b=2"
        )

        page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))
        admin_client.post(
            f"{GROUPS}{group.pk}/change/", group_form(group, name="Mine", description="x", accredible_id=1)
        )

        group.refresh_from_db()
        assert (group.name, group.description) == ("Title", "<script>alert(1)</script>")
        assert "<script>alert(1)" not in page
        assert 'src="https://example.com/icon.png?a=1&amp;b=2"' in page
        assert f"/issuer/dashboard/group/{group.accredible_id}/information-and-appearance" in page

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:image/png;base64,AAAA", ""])
    def test_an_icon_that_is_no_web_address_is_not_shown(self, admin_client: Client, emulator: Any, url: str) -> None:
        group = factories.make_group(icon_url=url)

        page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))

        assert "accredible-icon-large" not in page

    def test_groups_are_searched_and_filtered(self, admin_client: Client) -> None:
        wanted = factories.make_group(name="Needle")
        factories.make_requirement(wanted)
        factories.make_group(name="Hay", internal_name="straw")

        assert "Hay" not in text(admin_client.get(GROUPS + "?q=needle"))
        assert "Needle" in text(admin_client.get(f"{GROUPS}?q={wanted.accredible_id}"))
        assert "Needle" not in text(admin_client.get(GROUPS + "?q=straw"))
        assert "Hay" not in text(admin_client.get(GROUPS + "?configured=yes"))
        assert "Needle" not in text(admin_client.get(GROUPS + "?configured=no"))

    def test_the_list_costs_the_same_however_many_groups(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        config = factories.make_config()
        for _number in range(60):
            factories.make_group(config)

        with django_assert_max_num_queries(9):
            assert admin_client.get(GROUPS).status_code == 200


class TestActivation:
    def test_a_group_without_requirement_is_not_activated(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        response = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, is_active="on"))

        assert "The group has no requirement" in text(response)
        group.refresh_from_db()
        assert not group.is_active

    def test_a_group_is_activated_together_with_its_first_requirement(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        row = {"event_type": PASSING, "description": "", "blend": "", "any_event": "on"}

        admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, row, is_active="on"))

        group.refresh_from_db()
        assert group.is_active
        assert group.requirements.get().any_event

    def test_a_new_requirement_without_rules_keeps_the_group_from_being_active(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        row = {"event_type": PASSING, "description": "Pass", "blend": ""}

        response = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, row, is_active="on"))

        assert "It has no data rule, so no event fulfils it" in text(response)
        assert not group.requirements.exists()

    def test_a_requirement_that_contradicts_itself_keeps_the_group_from_being_active(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group(name="Odd")
        requirement = factories.make_requirement(group)
        DataRule.objects.create(requirement=requirement, data_path="is_passing", operator="eq", value="false")

        response = admin_client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]}, follow=True)

        assert "Odd was not activated" in text(response)
        assert "at once" in text(response)
        group.refresh_from_db()
        assert not group.is_active

    def test_groups_are_activated_and_deactivated_from_the_list(self, admin_client: Client, emulator: Any) -> None:
        good, bad = factories.make_group(), factories.make_group()
        factories.make_requirement(good)

        response = admin_client.post(GROUPS, {"action": "activate", "_selected_action": [good.pk, bad.pk]}, follow=True)
        assert "1 group activated" in text(response)
        assert set(AccredibleGroup.objects.filter(is_active=True)) == {good}

        admin_client.post(GROUPS, {"action": "deactivate", "_selected_action": [good.pk, bad.pk]})
        assert not AccredibleGroup.objects.filter(is_active=True).exists()

    def test_who_may_only_look_activates_nothing(self, client: Client, emulator: Any) -> None:
        group = factories.make_group()
        factories.make_requirement(group)
        client.force_login(factories.make_staff("view_accrediblegroup"))

        client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]})
        assert client.post(f"{GROUPS}{group.pk}/change/", group_form(group, is_active="on")).status_code == 403

        group.refresh_from_db()
        assert not group.is_active

    def test_who_may_not_see_requirements_cannot_activate_what_nobody_could_earn(
        self, client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        client.force_login(factories.make_staff("view_accrediblegroup", "change_accrediblegroup"))

        response = client.post(f"{GROUPS}{group.pk}/change/", {"site": "", "is_active": "on"}, follow=True)

        assert "Nothing was changed, because the group is active and could not be earned" in text(response)
        group.refresh_from_db()
        assert not group.is_active


class TestDeleting:
    def test_an_active_group_is_not_deleted(self, admin_client: Client, emulator: Any) -> None:
        group = factories.configure(factories.make_group(name="Busy"))

        assert admin_client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
        data = {"action": "delete_selected", "_selected_action": [group.pk]}
        page = text(admin_client.post(GROUPS, data))
        admin_client.post(GROUPS, {**data, "post": "yes"})

        assert "Busy is active: deactivate it first" in page
        assert AccredibleGroup.objects.filter(pk=group.pk).exists()

    def test_an_inactive_group_is_deleted_with_what_hangs_on_it(self, client: Client, emulator: Any) -> None:
        group = factories.configure(factories.make_group())
        badge = group.badges.get()
        AccredibleGroup.objects.update(is_active=False)
        client.force_login(
            factories.make_staff(
                "view_accrediblegroup", "delete_accrediblegroup", "delete_badgerequirement", "delete_badgepenalty"
            )
        )

        response = client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

        assert response.status_code == 302, text(response)
        assert not AccredibleGroup.objects.filter(pk=group.pk).exists()
        badge.refresh_from_db()
        assert badge.group is None

    def test_the_last_requirement_of_an_active_group_is_not_deleted(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group(is_active=True)
        requirement = factories.make_requirement(group)

        one = admin_client.post(f"{REQUIREMENTS}{requirement.pk}/delete/", {"post": "yes"}, follow=True)
        several = admin_client.post(
            REQUIREMENTS,
            {"action": "delete_selected", "_selected_action": [requirement.pk], "post": "yes"},
            follow=True,
        )

        for response in (one, several):
            assert "Nothing was changed, because the group is active" in text(response)
        assert group.requirements.count() == 1


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

        passing, ccx = page.split(f'<optgroup label="{PASSING}">')[1].split(f'<optgroup label="{CCX_PASSING}">')[:2]
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

    @pytest.mark.parametrize("query", ["", "?group=", "?group=x", "?group=1%27"])
    def test_without_a_group_one_is_sent_to_the_groups(self, admin_client: Client, query: str) -> None:
        response = admin_client.get(f"{PENALTIES}add/{query}", follow=True)

        assert response.request["PATH_INFO"] == GROUPS
        assert "Add penalty" in text(response)

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


class TestWhatOnlyShows:
    @pytest.mark.parametrize("name", ["syncrun", "badgeprogress", "accrediblebadge"])
    def test_it_is_shown_and_neither_added_nor_changed_nor_deleted(
        self, admin_client: Client, account: Any, name: str
    ) -> None:
        from credentials_accredible import api

        group = factories.configure(factories.make_group())
        api.sync(group.api_config)
        model = {
            "syncrun": group.api_config.runs,
            "badgeprogress": group.progresses,
            "accrediblebadge": group.badges,
        }[name]
        pk = model.get().pk
        base = f"/admin/credentials_accredible/{name}/"

        assert admin_client.get(base).status_code == 200
        assert admin_client.get(f"{base}{pk}/change/").status_code == 200
        assert admin_client.get(f"{base}add/").status_code == 403
        assert admin_client.post(f"{base}{pk}/change/", {}).status_code == 403
        assert admin_client.post(f"{base}{pk}/delete/", {"post": "yes"}).status_code == 403


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

    def test_on_a_groups_page_the_event_type_of_a_stored_requirement_is_fixed(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        row = {"id": requirement.pk, "group": group.pk, "event_type": CCX_PASSING, "description": "New", "blend": ""}

        admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, row))

        requirement.refresh_from_db()
        assert (requirement.event_type, requirement.description) == (PASSING, "New")

    def test_any_event_beside_rules_is_refused_on_a_groups_page_too(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        row = {"id": requirement.pk, "group": group.pk, "description": "", "blend": "", "any_event": "on"}

        response = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, row))

        assert "data rules have no say" in text(response)
        requirement.refresh_from_db()
        assert not requirement.any_event

    def test_what_one_may_not_add_is_not_offered(self, client: Client, emulator: Any) -> None:
        group = factories.make_group()
        client.force_login(factories.make_staff("view_accrediblegroup"))

        page = text(client.get(f"{GROUPS}{group.pk}/change/"))

        assert "Try out" in page
        for hidden in ("Add requirement", "Add penalty", "Re-evaluate"):
            assert hidden not in page

    @pytest.mark.parametrize("path", ["accrediblegroup/{}/change/", "badgerequirement/add/"])
    def test_settings_that_cannot_be_used_are_told(
        self, admin_client: Client, emulator: Any, settings: Any, path: str
    ) -> None:
        group = factories.make_group()
        factories.make_requirement(group)
        settings.CREDENTIALS_ACCREDIBLE["EVENTS"] = "nonsense"

        response = admin_client.get("/admin/credentials_accredible/" + path.format(group.pk), follow=True)

        assert "['EVENTS'] must be a list" in text(response).replace("&#x27;", "'")


class TestDeletingALearner:
    def test_a_learner_with_progress_and_a_badge_is_deleted_with_them(self, admin_client: Client) -> None:
        group = factories.configure(factories.make_group())
        progress, badge = group.progresses.get(), group.badges.get()

        for learner in (progress.user, badge.user):
            response = admin_client.post(f"/admin/core/user/{learner.pk}/delete/", {"post": "yes"})
            assert response.status_code == 302, text(response)

        assert not group.progresses.exists()
        assert not group.badges.exists()
