"""The pages of groups, and those that only show, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from credentials_accredible.models import AccredibleGroup, DataRule
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.admin.forms import GROUPS, REQUIREMENTS, group_form, text
from tests.factories import COURSE, PASSING

pytestmark = pytest.mark.django_db


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

    def test_a_site_is_chosen_and_not_deleted(self, admin_client: Client) -> None:
        page = text(admin_client.get(f"{GROUPS}{factories.make_group().pk}/change/"))
        assert 'name="site"' in page
        assert "/sites/site/" not in page.partition('id="content-main"')[2]

    def test_groups_are_searched_and_filtered(self, admin_client: Client) -> None:
        wanted = factories.make_group(name="Needle")
        factories.make_requirement(wanted)
        factories.make_group(name="Hay", internal_name="straw")

        assert "Hay" not in text(admin_client.get(GROUPS + "?q=needle"))
        assert "Needle" in text(admin_client.get(f"{GROUPS}?q={wanted.accredible_id}"))
        assert "Needle" not in text(admin_client.get(GROUPS + "?q=straw"))
        assert "Hay" not in text(admin_client.get(GROUPS + "?configured=yes"))
        assert "Needle" not in text(admin_client.get(GROUPS + "?configured=no"))

    def test_the_filter_leaves_counts_and_deletion_as_they_are(self, admin_client: Client) -> None:
        wanted = factories.make_group()
        for _number in range(3):
            factories.make_requirement(wanted)
        unconfigured = factories.make_group()

        listed = admin_client.get(GROUPS + "?configured=yes").context["cl"].result_list
        admin_client.post(
            GROUPS + "?configured=no",
            {"action": "delete_selected", "_selected_action": [unconfigured.pk], "post": "yes"},
        )

        assert [group.requirement_total for group in listed] == [3]
        assert list(AccredibleGroup.objects.all()) == [wanted]

    def test_the_list_costs_the_same_however_many_groups(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        config = factories.make_config()
        for _number in range(60):
            factories.make_group(config)

        with django_assert_max_num_queries(9):
            assert admin_client.get(GROUPS).status_code == 200


class TestTheHeadOfTheGroupsPage:
    def test_it_says_how_the_badge_is_earned_and_lost_with_the_titles_of_courses(
        self, admin_client: Client, emulator: Any
    ) -> None:
        CourseRun.objects.create(course=Course.objects.create(title="Physics <1>"), key=COURSE)
        group = factories.make_group(name="اسم", is_active=True)
        requirement = factories.make_requirement(group)
        DataRule.objects.create(requirement=requirement, data_path="course.course_key", operator="eq", value=COURSE)
        factories.make_penalty(group, requirement)

        page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))

        assert f'Earned by passing <bdi title="{COURSE}">Physics &lt;1&gt;</bdi>.' in page
        assert "Taken back when the learner does not pass any course any more." in page
        assert "<h2><bdi>اسم</bdi></h2>" in page
        assert ">Active</span>" in page

    def test_it_says_what_keeps_a_group_from_being_activated(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        factories.make_requirement(group, rule=False, description="Pass it")

        page = text(admin_client.get(f"{GROUPS}{group.pk}/change/"))

        assert "Requirement “Pass it”: It has no data rule" in page

    @pytest.mark.parametrize(
        ("permissions", "shown"),
        [
            ([], set()),
            (["view_badgerequirement"], {"Earned by"}),
            (["change_badgerequirement", "view_badgepenalty"], {"Earned by", "Taken back"}),
        ],
    )
    def test_it_tells_no_more_than_one_may_see(
        self, client: Client, emulator: Any, permissions: list[str], shown: set[str]
    ) -> None:
        group = factories.make_group()
        factories.make_penalty(group, factories.make_requirement(group))
        client.force_login(factories.make_staff("view_accrediblegroup", *permissions))

        page = text(client.get(f"{GROUPS}{group.pk}/change/"))

        assert {words for words in ("Earned by", "Taken back") if words in page} == shown


class TestActivation:
    def test_a_group_without_requirement_is_not_activated(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        response = admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, is_active="on"))

        assert "The group has no requirement" in text(response)
        group.refresh_from_db()
        assert not group.is_active

    def test_a_page_that_refuses_to_activate_a_group_does_not_say_that_it_is_active(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()

        page = text(admin_client.post(f"{GROUPS}{group.pk}/change/", group_form(group, is_active="on")))

        assert "This group is active" not in page
        assert ">Inactive</span>" in page

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

        assert "Nothing was changed, because nobody could earn the group" in text(response)
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
            assert "Nothing was changed, because nobody could earn the group" in text(response)
        assert group.requirements.count() == 1
        assert not LogEntry.objects.exists()


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


class TestDeletingALearner:
    def test_a_learner_is_deleted_with_their_progress_and_their_badge_stays_without_them(
        self, admin_client: Client
    ) -> None:
        group = factories.configure(factories.make_group())
        progress, badge = group.progresses.get(), group.badges.get()

        for learner in (progress.user, badge.user):
            response = admin_client.post(f"/admin/core/user/{learner.pk}/delete/", {"post": "yes"})
            assert response.status_code == 302, text(response)

        assert not group.progresses.exists()
        assert [badge.user for badge in group.badges.all()] == [None]
