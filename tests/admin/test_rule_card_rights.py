"""Who may do what with requirements, penalties and their data rules on the page of their group."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleGroup, BadgeRequirement, DataRule
from tests import factories
from tests.admin.forms import card, group_form, page_of, rule, stored, stored_rule, text
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = pytest.mark.django_db

ALL = [
    f"{right}_{model}"
    for right in ("view", "add", "change", "delete")
    for model in ("badgerequirement", "datarule", "badgepenalty", "penaltydatarule")
]


class TestWhoMayDoWhat:
    def fill(self) -> tuple[AccredibleGroup, BadgeRequirement, DataRule]:
        group = factories.make_group()
        requirement = factories.make_requirement(group, description="Pass it")
        return group, requirement, requirement.rules.get()

    def test_who_may_only_look_sees_all_and_changes_nothing(self, client: Client, emulator: Any) -> None:
        group, requirement, kept = self.fill()
        factories.make_penalty(group, requirement)
        client.force_login(factories.make_staff("view_accrediblegroup", "view_badgerequirement", "view_badgepenalty"))

        page = text(client.get(page_of(group)))
        sent = client.post(page_of(group), group_form(group, stored(requirement, stored_rule(kept, value="no"))))

        assert "passing is true" in page
        assert "passing is false" in page
        assert 'name="requirements-0-description"' not in page
        assert "data-add" not in page
        assert sent.status_code == 403

    def test_who_may_change_rules_and_not_the_group_is_led_to_the_requirements_own_page(
        self, client: Client, emulator: Any
    ) -> None:
        group, requirement, kept = self.fill()
        client.force_login(factories.make_staff("view_accrediblegroup", *ALL))
        own = f"/admin/credentials_accredible/badgerequirement/{requirement.pk}/change/"

        page = text(client.get(page_of(group)))
        sent = client.post(page_of(group), group_form(group, stored(requirement, stored_rule(kept, value="no"))))

        assert f'href="{own}"' in page
        assert f"badgerequirement/add/?group={group.pk}" in page
        assert 'name="requirements-0-description"' not in page
        assert sent.status_code == 403
        assert client.get(own).status_code == 200

    def test_who_may_change_requirements_and_no_data_rules_leaves_these_alone(
        self, client: Client, emulator: Any
    ) -> None:
        group, requirement, kept = self.fill()
        client.force_login(
            factories.make_staff("view_accrediblegroup", "change_accrediblegroup", "change_badgerequirement")
        )

        page = text(client.get(page_of(group)))
        row = {**stored(requirement, stored_rule(kept, value="no"), description="New"), "event_type": CCX_PASSING}
        client.post(page_of(group), group_form(group, row))

        requirement.refresh_from_db()
        kept.refresh_from_db()
        assert "passing is true" in page
        assert (requirement.description, requirement.event_type, kept.value) == ("New", PASSING, "true")

    @pytest.mark.parametrize(
        ("right", "after"),
        [
            ("add", [("course.course_key", COURSE), ("is_passing", "true")]),
            ("change", [("is_passing", "no")]),
            ("delete", []),
        ],
    )
    def test_each_right_about_data_rules_is_one_of_its_own(
        self, client: Client, emulator: Any, right: str, after: list[tuple[str, str]]
    ) -> None:
        group, requirement, kept = self.fill()
        client.force_login(
            factories.make_staff(
                "view_accrediblegroup", "change_accrediblegroup", "change_badgerequirement", f"{right}_datarule"
            )
        )
        rules = [stored_rule(kept, value="no"), rule("course.course_key", COURSE)]
        if right == "delete":
            rules = [stored_rule(kept, DELETE="on")]

        client.post(page_of(group), group_form(group, stored(requirement, *rules)))

        assert sorted(requirement.rules.values_list("data_path", "value")) == after

    def test_who_may_not_add_or_delete_requirements_does_neither(self, client: Client, emulator: Any) -> None:
        group, requirement, kept = self.fill()
        client.force_login(
            factories.make_staff(
                "view_accrediblegroup", "change_accrediblegroup", "change_badgerequirement", "change_datarule"
            )
        )

        client.post(
            page_of(group),
            group_form(group, stored(requirement, stored_rule(kept), DELETE="on"), card(rule("is_passing", "true"))),
        )

        assert list(BadgeRequirement.objects.all()) == [requirement]
