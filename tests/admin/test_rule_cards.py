"""Requirements, penalties and their data rules on the page of their group."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credentials_accredible.models import BadgePenalty, BadgeRequirement, DataRule, RulesVersion
from tests import factories
from tests.admin.forms import card, group_form, page_of, rule, stored, stored_rule, text
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = pytest.mark.django_db


class TestOneSave:
    def test_a_group_gets_requirements_rules_and_a_penalty_and_is_active(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        first = card(rule("is_passing", "Yes"), rule("course.course_key", f" {COURSE} "), blend="A")
        second = card(rule("is_passing", "true"), event_type=CCX_PASSING, blend="A")
        penalty = card(rule("is_passing", "no"), requirements=["requirements-1"])

        response = admin_client.post(
            page_of(group), group_form(group, first, second, penalties=[penalty], is_active="on")
        )

        assert response.status_code == 302, text(response)
        group.refresh_from_db()
        made = [(item.event_type, item.blend, item.rules.count()) for item in group.requirements.order_by("pk")]
        assert group.is_active
        assert made == [(PASSING, "A", 2), (CCX_PASSING, "A", 1)]
        assert DataRule.objects.get(data_path="course.course_key").value == COURSE
        taken = group.penalties.get()
        assert [item.event_type for item in taken.requirements.all()] == [CCX_PASSING]
        assert taken.rules.get().value == "no"

    def test_rules_are_added_changed_and_removed(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        goes = DataRule.objects.create(requirement=requirement, data_path="course.course_key", value=COURSE)
        stays = requirement.rules.exclude(pk=goes.pk).get()
        rules = [
            stored_rule(stays, value="no"),
            stored_rule(goes, DELETE="on"),
            rule("course.display_name", "Physics", "contains"),
        ]

        admin_client.post(page_of(group), group_form(group, stored(requirement, *rules)))

        assert sorted(requirement.rules.values_list("data_path", "value")) == [
            ("course.display_name", "Physics"),
            ("is_passing", "no"),
        ]
        message = LogEntry.objects.get().get_change_message()
        assert "Changed data rules for badge requirement" in message

    def test_an_event_type_is_changed_together_with_its_rules(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        kept = requirement.rules.get()
        key = rule("course.master_course_key", COURSE)

        admin_client.post(
            page_of(group),
            group_form(group, {**stored(requirement, stored_rule(kept), key), "event_type": CCX_PASSING}),
        )

        requirement.refresh_from_db()
        assert requirement.event_type == CCX_PASSING
        assert requirement.rules.count() == 2

    def test_requirements_and_penalties_are_removed(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        first, second = factories.make_requirement(group), factories.make_requirement(group)
        penalty = factories.make_penalty(group, first)

        admin_client.post(
            page_of(group),
            group_form(
                group,
                stored(first, stored_rule(first.rules.get()), DELETE="on"),
                stored(second, stored_rule(second.rules.get())),
                penalties=[stored(penalty, stored_rule(penalty.rules.get()), requirements=[], DELETE="on")],
            ),
        )

        assert list(group.requirements.all()) == [second]
        assert not BadgePenalty.objects.exists()

    def test_every_process_learns_of_it_and_history_has_what_was_changed_alone(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group(is_active=True)
        first, second = factories.make_requirement(group), factories.make_requirement(group)
        before = dict(RulesVersion.objects.values_list("pk", "token"))
        kept, changed = first.rules.get(), second.rules.get()

        admin_client.post(
            page_of(group),
            group_form(
                group,
                stored(first, stored_rule(kept)),
                stored(second, stored_rule(changed, value="no")),
                is_active="on",
            ),
        )

        assert dict(RulesVersion.objects.values_list("pk", "token"))[group.api_config_id] != before.get(
            group.api_config_id
        )
        assert [row.value for row in DataRule.history.filter(id=changed.pk)] == ["no", "true"]
        assert kept.history.count() == first.history.count() == second.history.count() == 1


class TestWhatIsRefused:
    def test_a_refusal_keeps_all_that_was_typed_and_stands_beside_what_it_is_about(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group()
        good = card(rule("is_passing", "true"), description="All is well")
        bad = card(rule("is_passing", "perhaps"), description="Typed at length")

        page = text(admin_client.post(page_of(group), group_form(group, good, bad)))

        assert not BadgeRequirement.objects.exists()
        assert "Please correct the error" in page
        for typed in ("All is well", "Typed at length", 'value="perhaps"'):
            assert typed in page
        parts = page.split('data-form="')
        assert [part.partition('"')[0] for part in parts if "neither true nor false" in part] == [
            "requirements-1-rules-0"
        ]

    def test_any_event_beside_rules_is_refused(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        response = admin_client.post(
            page_of(group), group_form(group, card(rule("is_passing", "true"), any_event="on"))
        )

        assert "data rules have no say" in text(response)
        assert not BadgeRequirement.objects.exists()

    def test_the_same_rule_twice_is_refused(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()

        response = admin_client.post(
            page_of(group), group_form(group, card(rule("is_passing", "true"), rule("is_passing", "true")))
        )

        assert "duplicate" in text(response)
        assert not BadgeRequirement.objects.exists()

    def test_rules_have_to_fit_an_event_type_that_is_changed(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group, rule=False, event_type=CCX_PASSING)
        kept = DataRule.objects.create(requirement=requirement, data_path="course.master_course_key", value=COURSE)

        response = admin_client.post(
            page_of(group), group_form(group, {**stored(requirement, stored_rule(kept)), "event_type": PASSING})
        )

        assert "have no “course.master_course_key”" in text(response)

    def test_an_active_group_does_not_lose_its_last_rule_and_the_page_says_so_at_its_top(
        self, admin_client: Client, emulator: Any
    ) -> None:
        group = factories.make_group(is_active=True)
        requirement = factories.make_requirement(group, description="Pass it")
        kept = requirement.rules.get()

        page = text(
            admin_client.post(
                page_of(group),
                group_form(
                    group,
                    stored(requirement, stored_rule(kept, DELETE="on"), description="Pass it"),
                    is_active="on",
                ),
            )
        )

        head = page.partition('class="object-tools"')[0]
        assert "Nothing was saved: nobody could earn the group" in head
        assert "Requirement “Pass it”: It has no data rule" in head
        assert requirement.rules.count() == 1

    @pytest.mark.parametrize("chosen", ["requirements-0", "requirements-7", "999999", "x"])
    def test_a_penalty_takes_back_nothing_that_is_not_there(
        self, admin_client: Client, emulator: Any, chosen: str
    ) -> None:
        group = factories.make_group()
        foreign = factories.make_requirement(factories.make_group())
        going = card(rule("is_passing", "true"), DELETE="on")

        for value in (chosen, str(foreign.pk)):
            penalty = card(rule("is_passing", "no"), requirements=[value])
            response = admin_client.post(page_of(group), group_form(group, going, penalties=[penalty]))
            assert "is not there any more" in text(response)

        assert not BadgePenalty.objects.exists()

    @pytest.mark.parametrize("gone", ["requirement", "rule"])
    def test_what_somebody_else_has_deleted_meanwhile_is_told_and_changes_nothing(
        self, admin_client: Client, emulator: Any, gone: str
    ) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group)
        other = factories.make_requirement(group)
        sent = group_form(
            group,
            stored(other, stored_rule(other.rules.get(), value="no")),
            stored(requirement, stored_rule(requirement.rules.get())),
            penalties=[card(rule("is_passing", "no"), requirements=[requirement.pk])],
        )
        (requirement if gone == "requirement" else requirement.rules.get()).delete()

        page = text(admin_client.post(page_of(group), sent))

        assert "Select a valid choice" in page
        assert other.rules.get().value == "true"
        assert not BadgePenalty.objects.exists()

    def test_a_rule_of_another_requirement_is_not_reached(self, admin_client: Client, emulator: Any) -> None:
        group = factories.make_group()
        requirement = factories.make_requirement(group, rule=False)
        foreign = factories.make_requirement(factories.make_group()).rules.get()

        admin_client.post(
            page_of(group), group_form(group, stored(requirement, stored_rule(foreign, value="no", DELETE="")))
        )
        admin_client.post(page_of(group), group_form(group, stored(requirement, stored_rule(foreign, DELETE="on"))))

        foreign.refresh_from_db()
        assert foreign.value == "true"
        assert not requirement.rules.exists()


def test_the_page_costs_the_same_however_many_rules(admin_client: Client, emulator: Any) -> None:
    group = factories.make_group()

    def cost(more: int) -> int:
        for _number in range(more):
            requirement = factories.make_requirement(group)
            DataRule.objects.create(requirement=requirement, data_path="course.course_key", value=COURSE)
            factories.make_penalty(group, requirement)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(page_of(group)).status_code == 200
        return len(queries)

    cost(1)
    assert cost(1) == cost(10) < 25
