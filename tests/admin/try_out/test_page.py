"""The page "Try out", through Django's client: events as fields and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credentials_accredible import api
from credentials_accredible.models import AccredibleGroup, CustomAttribute
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.admin.forms import GROUPS, text
from tests.admin.try_out.trying_out import (
    HOSTILE,
    as_json,
    fields,
    json_of,
    page_of,
    passes,
    rows_of,
    shown,
    steps_of,
)
from tests.badges.configuring import FAILS, PASSES, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER
from tests.factories import CCX_PASSING, COURSE, PASSING

pytestmark = pytest.mark.django_db


class TestFields:
    def test_they_are_filled_from_the_rules_of_the_group(self, admin_client: Client, group: AccredibleGroup) -> None:
        response = admin_client.get(page_of(group))

        assert shown(response) == [passes(DEMO), passes(OTHER), passes(DEMO, "false")]
        assert steps_of(response) == [(1, False, False), (2, True, False), (1, False, True)]
        assert "Group &lt;b&gt;" in text(response)

    def test_events_are_told_in_words_with_the_titles_of_courses(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        CourseRun.objects.create(course=Course.objects.create(title="Physics <1>"), key=DEMO)

        page = text(admin_client.get(page_of(group)))

        assert f'1. The learner passes <bdi title="{DEMO}">Physics &lt;1&gt;</bdi>' in page
        assert "3. The learner does not pass" in page
        assert "Fulfils: passing" in page
        assert "Takes back: passing" in page

    def test_what_is_changed_is_tried(self, admin_client: Client, group: AccredibleGroup) -> None:
        response = admin_client.post(page_of(group), fields(passes(OTHER), passes(DEMO, "false")))

        assert steps_of(response) == [(1, False, False), (1, False, False)]
        assert shown(response) == [passes(OTHER), passes(DEMO, "false")]
        assert "These events do not earn the badge." in text(response)
        assert f"<li>Passing <bdi>{DEMO}</bdi></li>" in text(response)

    def test_events_of_the_same_kind_can_be_tried_again_later(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        response = admin_client.post(
            page_of(group), fields(passes(DEMO), passes(DEMO, "false"), passes(OTHER), passes(DEMO))
        )

        assert steps_of(response)[-2:] == [(1, False, False), (2, True, False)]

    def test_events_do_not_award_a_badge_again(self, admin_client: Client, group: AccredibleGroup) -> None:
        events = [passes(DEMO), passes(OTHER), passes(DEMO, "false"), passes(DEMO)]

        response = admin_client.post(page_of(group), fields(*events))

        assert steps_of(response)[-1] == (2, False, False)
        assert "Events do not award a badge again that was revoked" in text(response)

    @pytest.mark.parametrize(
        ("button", "order"),
        [
            ({"earlier": "2"}, [OTHER, DEMO, COURSE]),
            ({"later": "2"}, [DEMO, COURSE, OTHER]),
            ({"remove": "2"}, [DEMO, COURSE]),
            ({"earlier": "1"}, [DEMO, OTHER, COURSE]),
            ({"later": "3"}, [DEMO, OTHER, COURSE]),
            ({"remove": "0"}, [DEMO, OTHER, COURSE]),
            ({"remove": "9" * 40}, [DEMO, OTHER, COURSE]),
            ({"earlier": "x"}, [DEMO, OTHER, COURSE]),
        ],
    )
    def test_buttons_rearrange_them(
        self, admin_client: Client, group: AccredibleGroup, button: dict[str, str], order: list[str]
    ) -> None:
        sent = fields(passes(DEMO), passes(OTHER), passes(COURSE), **button)

        response = admin_client.post(page_of(group), sent)

        assert [event["course.course_key"] for event in shown(response)] == order

    def test_more_events_are_added_by_requirement_penalty_or_type(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        for choice in (
            f"requirement-{group.requirements.last().pk}",
            f"penalty-{group.penalties.get().pk}",
            CCX_PASSING,
        ):
            response = admin_client.post(page_of(group), fields(passes(DEMO), add="1", add_event=choice))
            assert len(shown(response)) == 2
            assert rows_of(response)[1].form["type"].value() == (CCX_PASSING if choice == CCX_PASSING else PASSING)
        assert "course.master_course_key" in shown(response)[1]

    @pytest.mark.parametrize(
        ("button", "order"),
        [
            ({"earlier": "2"}, [OTHER, DEMO]),
            ({"later": "1"}, [OTHER, DEMO]),
            ({"remove": "1"}, [OTHER]),
            ({"add": "1"}, [DEMO, OTHER, COURSE]),
        ],
    )
    def test_buttons_rearrange_what_was_changed_as_json(
        self, admin_client: Client, group: AccredibleGroup, button: dict[str, str], order: list[str]
    ) -> None:
        require(group, *in_course(COURSE, PASSES), blend="C")
        sent = {**fields(passes(COURSE), **button), **as_json(passes(DEMO), {**passes(OTHER), "is_pasing": 1})}
        sent |= {"add_event": f"requirement-{group.requirements.last().pk}"} if "add" in button else {}

        response = admin_client.post(page_of(group), sent)

        assert [event["course.course_key"] for event in shown(response)] == order
        assert [event["event"]["course.course_key"] for event in json.loads(json_of(response))] == order
        assert "Events of this type have no such paths: <bdi>is_pasing</bdi>" in text(response)

    @pytest.mark.parametrize("choice", ["", "requirement-999999", HOSTILE])
    def test_what_is_not_offered_is_not_added(self, admin_client: Client, group: AccredibleGroup, choice: str) -> None:
        response = admin_client.post(page_of(group), fields(passes(DEMO), add="1", add_event=choice))

        assert len(shown(response)) == 1
        assert response.context["add_form"].errors

    def test_what_cannot_stand_there_is_told_and_tried(self, admin_client: Client, group: AccredibleGroup) -> None:
        response = admin_client.post(page_of(group), fields(passes("DemoX")))

        assert "“DemoX” is not a course key" in text(response)
        assert steps_of(response) == [(0, False, False)]

    @pytest.mark.parametrize("event_type", [HOSTILE, "", "x" * 1000])
    def test_hostile_values_are_only_text(self, admin_client: Client, group: AccredibleGroup, event_type: str) -> None:
        group.custom_attributes.create(name=HOSTILE, value="course.display_name")
        event = {"is_passing": HOSTILE, "course.course_key": HOSTILE, "course.display_name": HOSTILE}
        sent = fields(event, event_type=event_type or PASSING, learner=HOSTILE, json=HOSTILE, add_event=HOSTILE)

        response = admin_client.post(page_of(group), sent)

        assert response.status_code == 200
        assert "<script>alert" not in text(response)

    def test_there_are_no_more_events_than_a_page_can_send(self, admin_client: Client, group: AccredibleGroup) -> None:
        sent = fields(*[passes(DEMO)] * 300, add="1", add_event=CCX_PASSING)

        response = admin_client.post(page_of(group), sent)

        assert len(rows_of(response)) == 300
        assert "There is no room" in text(response)

    def test_an_empty_page_asks_for_an_event(self, admin_client: Client) -> None:
        page = text(admin_client.get(page_of(factories.make_group())))

        assert "No event yet: add one below." in page
        assert "Nobody can earn it yet" in page


class TestWhatIsTold:
    def test_which_data_rules_hold(self, admin_client: Client, group: AccredibleGroup) -> None:
        page = text(admin_client.post(page_of(group), fields(passes(DEMO))))

        assert re.search(r"holds</span>: <bdi>passing is true</bdi>. The event says: <bdi>True</bdi>", page)
        assert re.search(rf"does not hold</span>: <bdi>course is {re.escape(OTHER)}</bdi>", page)

    def test_what_the_credential_would_tell_when_the_badge_is_awarded(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        group.custom_attributes.create(name="Course <b>", value="course.display_name")
        group.custom_attributes.create(name="End", value="course.end")

        response = admin_client.get(page_of(group))
        told = text(response).split("accredible-attributes")[1]

        assert shown(response)[0]["course.display_name"] == "example"
        assert "<bdi>Course &lt;b&gt;</bdi></dt><dd><bdi>example</bdi>" in told

    def test_an_inactive_group_can_be_tried(self, admin_client: Client, group: AccredibleGroup) -> None:
        AccredibleGroup.objects.update(is_active=False)

        response = admin_client.get(page_of(group))

        assert steps_of(response)[1] == (2, True, False)
        assert "The group is inactive" in text(response)
        assert "What is saved is tried" in text(response)

    @pytest.mark.parametrize(
        ("permissions", "shown"),
        [
            (["view_badgerequirement", "view_badgepenalty"], {"true", "false"}),
            (["change_badgerequirement", "change_badgepenalty"], {"true", "false"}),
            (["view_badgerequirement", "view_badgepenalty", "view_customattribute"], {"true", "false", "Grade"}),
        ],
    )
    def test_it_shows_what_the_groups_page_would(self, client: Client, permissions: list[str], shown: set[str]) -> None:
        group = factories.make_group()
        factories.make_penalty(group, factories.make_requirement(group))
        CustomAttribute.objects.create(group=group, name="Grade", source="constant", value="best")
        client.force_login(factories.make_staff("view_accrediblegroup", *permissions))

        page = text(client.post(page_of(group), fields({"is_passing": "true"})))
        outcome = page.partition("accredible-outcome")[2]

        parts = {"true": "passing is true", "false": "passing is false", "Grade": "Grade"}
        assert {part for part, words in parts.items() if words in outcome} == shown


class TestJson:
    def test_it_says_the_same_as_the_fields(self, admin_client: Client, group: AccredibleGroup) -> None:
        response = admin_client.post(page_of(group), fields(passes(OTHER)))

        assert json.loads(response.context["json_form"]["json"].value()) == [
            {"event_type": PASSING, "event": passes(OTHER)}
        ]

    def test_the_fields_follow_it(self, admin_client: Client, group: AccredibleGroup) -> None:
        nested = {"is_passing": True, "course": {"course_key": OTHER}}
        sent = as_json(nested)

        response = admin_client.post(page_of(group), {**fields(passes(DEMO)), **sent})
        again = admin_client.post(page_of(group), {**fields(passes(DEMO)), **sent, "initial-json": sent["json"]})

        assert (shown(response), steps_of(response)) == ([passes(OTHER)], [(1, False, False)])
        assert response.context["json_form"]["json"].value() == sent["json"]
        # Unchanged since the page was made: the fields count.
        assert shown(again) == [passes(DEMO)]

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            ("{", "This is not JSON"),
            ('{"\\ud800": 1}', "This is not JSON"),
            ("[1]", "Each event has to be a JSON object"),
            ('{"event_type": 1, "event": {}}', "Each event has to be a JSON object"),
            (json.dumps([{"event_type": "x", "event": {}}] * 201), "201 events; 200 at once"),
            ("9" * 5000, "This is not JSON"),
            ("[" * 50_000, "This is not JSON"),
            ('[{"event_type": "x", "event": ' + '{"a":' * 100 + "1" + "}" * 100 + "}]", "nested more than 50 levels"),
            ("[" * 100 + "]" * 100, "nested more than 50 levels"),
        ],
    )
    def test_what_is_none_is_told_and_the_fields_stay(
        self, admin_client: Client, group: AccredibleGroup, sent: str, reason: str
    ) -> None:
        response = admin_client.post(page_of(group), fields(passes(OTHER), json=sent))

        assert reason in text(response)
        assert response.context["json_form"]["json"].value() == sent
        assert shown(response) == [passes(OTHER)]

    def test_paths_that_the_event_does_not_have_are_told(self, admin_client: Client, group: AccredibleGroup) -> None:
        page = text(admin_client.post(page_of(group), as_json({"is_pasing": "true"})))

        assert "Events of this type have no such paths: <bdi>is_pasing</bdi>" in page

    def test_more_than_a_page_can_send_is_refused(self, admin_client: Client, group: AccredibleGroup) -> None:
        many = as_json(*[api.sample_of(CCX_PASSING).says] * 150, event_type=CCX_PASSING)

        response = admin_client.post(page_of(group), many)

        assert "more events than there can be on one page" in text(response)
        assert rows_of(response) == []


class TestManyRequirements:
    def test_they_cost_no_more_queries(self, admin_client: Client) -> None:
        few, many = (self.cost(admin_client, number) for number in (2, 200))

        assert many == few

    def cost(self, client: Client, number: int) -> int:
        group = factories.make_group(is_active=True)
        for index in range(number):
            item = require(group, *in_course(f"course-v1:edX+Demo+{index}", PASSES))
            penalise(group, *in_course(f"course-v1:edX+Demo+{index}", FAILS), takes=[item])
        factories.make_progress(group, group.requirements.first(), user=factories.make_user(f"learner-{number}"))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page_of(group), {"learner": f"learner-{number}"})
        assert response.status_code == 200
        return len(queries)

    def test_some_are_filled_in_and_the_others_offered(self, admin_client: Client) -> None:
        group = factories.make_group()
        for index in range(60):
            require(group, *in_course(f"course-v1:edX+Demo+{index}", PASSES))

        response = admin_client.get(page_of(group))

        assert len(rows_of(response)) == 50
        assert "10 more events are not filled in" in text(response)
        assert "50 more are about such events" in text(response)


class TestWhoMay:
    def test_who_may_not_see_groups_tries_nothing(self, client: Client, group: AccredibleGroup) -> None:
        client.force_login(factories.make_staff("view_badgerequirement"))

        assert client.get(page_of(group)).status_code == 403

    @pytest.mark.parametrize("unseen", ["view_badgerequirement", "view_badgepenalty"])
    def test_who_does_not_see_what_a_group_asks_for_cannot_find_it_out(
        self, client: Client, group: AccredibleGroup, unseen: str
    ) -> None:
        permissions = {"view_badgerequirement", "view_badgepenalty", "view_badgeprogress", "view_accrediblebadge"}
        permissions |= {"view_accrediblegroup", "view_customattribute"}
        client.force_login(factories.make_staff(*permissions - {unseen}))
        progress = factories.make_progress(group)

        page = text(client.get(f"/admin/credentials_accredible/badgeprogress/{progress.pk}/change/"))

        assert client.post(page_of(group), fields(passes(DEMO))).status_code == 403
        # Nothing leads there either.
        assert page_of(group) not in page
        assert page_of(group) not in text(client.get(f"{GROUPS}{group.pk}/change/"))

    @pytest.mark.parametrize("page", ["try-out", "re-evaluate", "attribute-keys"])
    def test_who_may_not_open_a_page_does_not_learn_which_groups_exist(
        self, client: Client, group: AccredibleGroup, page: str
    ) -> None:
        client.force_login(factories.make_staff())

        got = [client.get(f"{GROUPS}{key}/{page}/").status_code for key in (group.pk, group.pk + 1)]

        assert got == [403, 403]

    @pytest.mark.parametrize("name", ["try-out", "re-evaluate"])
    @pytest.mark.parametrize("pk", ["0", "999999", "x", "1%00", "9" * 40])
    def test_a_group_that_is_not_there_is_not_found(self, admin_client: Client, name: str, pk: str) -> None:
        assert admin_client.get(f"{GROUPS}{pk}/{name}/").status_code == 404
