"""The pages that say who changed what and when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.test import Client

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    history,
)
from tests import factories
from tests.admin.forms import GROUPS, PENALTIES, REQUIREMENTS, requirement_form, rule, text

pytestmark = pytest.mark.django_db

CONFIGS = "/admin/credentials_accredible/accredibleapiconfig/"
VIEW = ["view_accrediblegroup", "view_badgerequirement", "view_datarule", "view_badgepenalty", "view_penaltydatarule"]


def page(client: Client, address: str) -> str:
    """What is at ``address``, white space aside."""
    response = client.get(address)
    assert response.status_code == 200, response
    return " ".join(text(response).split())


def rows(client: Client, address: str) -> list[tuple[str, str, str]]:
    """The entries at ``address``, the oldest first: of which kind, about what, and what was done."""
    response = client.get(address)
    assert response.status_code == 200, response
    return [
        (str(row["kind"]), row["entry"].name, str(row["action"])) for row in reversed(list(response.context["rows"]))
    ]


class TestAGroup:
    def test_its_history_is_that_of_all_that_is_under_it(self, admin_client: Client, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = factories.make_config()
        api.sync(config)
        group = config.groups.get()
        requirement = factories.make_requirement(group, description="Pass")
        factories.make_penalty(group, requirement, description="Fail")
        CustomAttribute.objects.create(group=group, name="grade", value="percent")
        requirement.delete()
        factories.make_requirement(factories.make_group(), description="Of another group")

        shown = rows(admin_client, f"{GROUPS}{group.pk}/history/")

        assert shown == [
            ("Accredible group", "Group", "created by a sync"),
            ("badge requirement", "Pass", "added"),
            ("data rule", "passing is true", "added"),
            ("badge penalty", "Fail", "added"),
            ("badge penalty", "Fail", "changed"),
            ("penalty data rule", "passing is false", "added"),
            ("custom attribute", "grade: percent", "added"),
            ("data rule", "passing is true", "deleted"),
            ("badge requirement", "Pass", "deleted"),
        ]

    def test_the_log_of_the_admin_names_nothing_to_who_may_not_see_it(self, client: Client, admin_user: Any) -> None:
        group = factories.make_group()
        named = [{"added": {"name": "badge requirement", "object": "Pass the exam"}}]
        about = {"object_id": group.pk, "content_type": get_content_type_for_model(group), "action_flag": CHANGE}
        for message in (json.dumps(named), "Activated."):
            LogEntry.objects.create(user=admin_user, change_message=message, **about)
        every_part = ["view_customattribute", *VIEW]

        for seen, permissions in ((True, every_part), (False, ["view_accrediblegroup"]), (False, every_part[1:])):
            client.force_login(factories.make_staff(*permissions))
            shown = page(client, f"{GROUPS}{group.pk}/history/")
            assert ("Pass the exam" in shown, "Activated." in shown) == (seen, True), permissions

    def test_it_says_who_and_shows_what_was_and_what_is(self, client: Client) -> None:
        group = factories.make_group()
        staff = factories.make_staff("change_accrediblegroup", *VIEW, username="grace")
        factories.make_requirement(group)
        client.force_login(staff)
        client.post(GROUPS, {"action": "activate", "_selected_action": [group.pk]})

        shown = page(client, f"{GROUPS}{group.pk}/history/")

        assert ">grace</td>" in shown
        assert '<del>no</del> <span class="accredible-arrow" aria-hidden="true">→</span> <ins>yes</ins>' in shown

    def test_the_button_leads_there(self, admin_client: Client) -> None:
        group = factories.make_group()

        assert f'href="{GROUPS}{group.pk}/history/" class="historylink"' in page(
            admin_client, f"{GROUPS}{group.pk}/change/"
        )

    def test_hostile_text_is_only_text(self, admin_client: Client) -> None:
        group = factories.make_group(name="<script>alert(1)</script>")
        requirement = factories.make_requirement(group, description="<img src=x onerror=alert(2)>")
        requirement.description = "<svg onload=alert(3)>"
        with history.because("<b>reason</b>"):
            requirement.save()

        shown = page(admin_client, f"{GROUPS}{group.pk}/history/")

        for hostile in ("<script>alert(1)", "<img src=x", "<svg onload", "<b>reason", "&amp;lt;"):
            assert hostile not in shown
        assert "<del>&lt;img src=x onerror=alert(2)&gt;</del>" in shown
        assert "&lt;b&gt;reason&lt;/b&gt;" in shown

    def test_one_that_was_removed_and_came_back_has_one_history(self, admin_client: Client) -> None:
        group = factories.make_group(name="Comes and goes")
        place = {"accredible_id": group.accredible_id, "name": group.name}
        factories.make_requirement(group, description="Of the first time")
        former = group.pk
        api.remove_groups([group])
        again = factories.make_group(group.api_config, **place)

        assert rows(admin_client, f"{GROUPS}{again.pk}/history/") == rows(admin_client, f"{GROUPS}{former}/history/")
        assert ("badge requirement", "Of the first time", "deleted") in rows(
            admin_client, f"{GROUPS}{again.pk}/history/"
        )

    def test_one_that_was_carried_over_keeps_what_syncs_did_to_it_before(
        self, admin_client: Client, account: Any
    ) -> None:
        old = account.add_group(name="g", course_name="Group")["id"]
        account.add_group(name="o", course_name="Other")
        config = factories.make_config()
        api.sync(config)
        group = config.groups.get(accredible_id=old)
        api.activate_group(factories.configure(group))
        account.remove_group(old)
        new = account.add_group(name="g-2", course_name="Group")["id"]
        api.sync(config, consent=api.Consent(carry_over={old: new}))

        actions = [
            action for kind, _name, action in rows(admin_client, f"{GROUPS}{group.pk}/history/") if "gro" in kind
        ]

        assert {"created by a sync", "carried over by a sync"} <= set(actions)
        assert "Carried over by a sync" in page(admin_client, f"{GROUPS}{group.pk}/history/")

    def test_one_that_is_gone_is_still_told_of(self, admin_client: Client) -> None:
        group = factories.make_group(name="Gone")
        pk = group.pk
        api.remove_groups([group])

        shown = page(admin_client, f"{GROUPS}{pk}/history/")

        assert "was deleted. Its history stays." in shown
        assert f'href="{GROUPS}{pk}/history/">Gone</a>' in page(admin_client, f"{GROUPS}history/")

    def test_one_that_never_was_leads_away_as_everywhere(self, admin_client: Client) -> None:
        for key in ("999999", "abc", "1_2F", "9" * 30):
            assert admin_client.get(f"{GROUPS}{key}/history/").status_code == 302

    def test_what_the_admin_noted_is_there_too(self, admin_client: Client) -> None:
        group = factories.make_group()
        factories.make_requirement(group)
        api.activate_group(group)
        admin_client.post(f"{GROUPS}{group.pk}/re-evaluate/")

        assert "Re-evaluated: 0 badges awarded." in page(admin_client, f"{GROUPS}{group.pk}/history/")

    def test_a_long_history_is_paged_and_costs_the_same_on_each_page(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        factories.make_penalty(group, requirement)
        for number in range(120):
            requirement.description = f"Number {number}"
            requirement.save()

        with django_assert_max_num_queries(45):
            first = page(admin_client, f"{GROUPS}{group.pk}/history/")
        with django_assert_max_num_queries(45):
            last = page(admin_client, f"{GROUPS}{group.pk}/history/?p=3")

        assert "<ins>Number 119</ins>" in first
        assert "126 changes" in first
        assert "<ins>Number 0</ins>" in last
        assert "<del>Number 118</del>" not in last


class TestOthers:
    def test_a_requirement_with_its_rules(self, admin_client: Client) -> None:
        group = factories.make_group()
        admin_client.post(
            REQUIREMENTS + "add/", requirement_form(rule("is_passing", "true"), group=group.pk, description="Pass")
        )
        requirement = BadgeRequirement.objects.get()

        assert rows(admin_client, f"{REQUIREMENTS}{requirement.pk}/history/") == [
            ("badge requirement", "Pass", "added"),
            ("data rule", "passing is true", "added"),
        ]

    def test_a_penalty_names_the_requirements_that_it_takes_back(self, admin_client: Client) -> None:
        group = factories.make_group()
        first = factories.make_requirement(group, description="First")
        second = factories.make_requirement(group, description="Second")
        penalty = factories.make_penalty(group, first)
        penalty.requirements.set([second])
        second.delete()

        shown = page(admin_client, f"{PENALTIES}{penalty.pk}/history/")

        assert "<del>First</del>" in shown
        assert "<ins>Second</ins>" in shown

    def test_a_configuration_says_that_its_key_was_changed_and_not_to_what(self, admin_client: Client) -> None:
        config = factories.make_config("Main")
        config.api_key = "another-key-4711"
        config.save()

        shown = page(admin_client, f"{CONFIGS}{config.pk}/history/")

        assert "The API key was changed." in shown
        assert "4711" not in shown
        assert config.api_key.encrypted() not in shown

    def test_all_configurations_those_that_are_gone_included(self, admin_client: Client) -> None:
        factories.make_config("Stays")
        gone = factories.make_config("Gone")
        pk = gone.pk
        api.remove_configs([gone])

        assert f'href="{CONFIGS}history/"' in page(admin_client, CONFIGS)
        assert rows(admin_client, f"{CONFIGS}history/")[-1] == ("Accredible API configuration", "Gone", "deleted")
        assert "was deleted. Its history stays." in page(admin_client, f"{CONFIGS}{pk}/history/")

    def test_nothing_yet(self, admin_client: Client) -> None:
        assert "Nothing has been changed" in page(admin_client, f"{PENALTIES}history/")

    def test_there_is_no_way_back_past_the_checks(self, admin_client: Client) -> None:
        group = factories.make_group()
        factories.make_requirement(group)
        api.activate_group(group)
        row = AccredibleGroup.history.latest()

        admin_client.post(f"{GROUPS}{group.pk}/history/", {"_change_history": "1", "is_active": ""})
        found = admin_client.get(f"{GROUPS}{group.pk}/history/{row.pk}/")

        group.refresh_from_db()
        assert group.is_active
        assert found.status_code in {302, 404}


class TestPermissions:
    def test_nobody_sees_what_they_may_not_see_elsewhere(self, client: Client, account: Any) -> None:
        account.add_group(name="g", course_name="Group")
        config = factories.make_config()
        api.sync(config)
        group = config.groups.get()
        factories.make_requirement(group)
        api.activate_group(group)
        client.force_login(factories.make_staff("view_accrediblegroup"))

        for address in (f"{GROUPS}{group.pk}/history/", f"{GROUPS}history/"):
            assert {kind for kind, _name, _action in rows(client, address)} == {"Accredible group"}
            assert "created by a sync" not in page(client, address)

    def test_who_may_not_see_the_object_does_not_see_its_history(self, client: Client) -> None:
        config = factories.make_config()
        assert AccredibleAPIConfig.history.exists()
        client.force_login(factories.make_staff(*VIEW))

        assert client.get(f"{CONFIGS}{config.pk}/history/").status_code == 403
        assert client.get(f"{CONFIGS}history/").status_code == 403


def test_what_nobody_changes_leads_to_no_empty_history(admin_client: Client) -> None:
    group = factories.configure(factories.make_group())
    badge, progress = AccredibleBadge.objects.get(), BadgeProgress.objects.get()

    for at in (f"accrediblebadge/{badge.pk}", f"badgeprogress/{progress.pk}"):
        assert "historylink" not in page(admin_client, f"/admin/credentials_accredible/{at}/change/")
    assert "historylink" in page(admin_client, f"{GROUPS}{group.pk}/change/")
