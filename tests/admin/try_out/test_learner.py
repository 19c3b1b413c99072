"""The page "Try out" with a real learner, through Django's client."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from credentials_accredible.choices import BadgeStatus
from credentials_accredible.models import AccredibleGroup
from tests import factories
from tests.admin.forms import GROUPS, text
from tests.admin.try_out.trying_out import (
    HOSTILE,
    as_json,
    everything,
    fields,
    page_of,
    passes,
    rows_of,
    shown,
    steps_of,
)
from tests.badges.sending import DEMO, OTHER, course_status

pytestmark = pytest.mark.django_db


class TestARealLearner:
    @pytest.fixture(autouse=True)
    def learner(self, group: AccredibleGroup) -> None:
        """Somebody who has passed the first course."""
        course_status("ada", DEMO)

    def test_it_says_what_they_have_what_is_missing_and_what_comes_next(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        response = admin_client.get(page_of(group), {"learner": "ada"})

        # Who is logged in stays who they are.
        assert response.context["user"].get_username() == "admin"
        page = text(response).partition("accredible-standing")[2]
        assert page.index("Has no badge") < page.index("1 of 2 parts fulfilled") < page.index("Missing:")
        assert f"<li>Passing <bdi>{OTHER}</bdi></li>" in page.partition("Missing:")[2]
        assert shown(response) == [passes(OTHER)]
        assert steps_of(response) == [(2, True, False)]

    def test_it_is_what_really_happens(self, admin_client: Client, group: AccredibleGroup) -> None:
        events = [(OTHER, True), (DEMO, False), (DEMO, True)]
        sent = fields(*(passes(course, str(passing).lower()) for course, passing in events), learner="ADA@example.com")
        get_user_model().objects.filter(username="ada").update(email="ada@example.com")

        expected = [row.step.badge for row in rows_of(admin_client.post(page_of(group), sent))]
        happened = []
        for course, passing in events:
            course_status("ada", course, is_passing=passing)
            happened.append(group.badges.get().status)

        assert expected == happened == [BadgeStatus.AWARDED, BadgeStatus.REVOKED, BadgeStatus.REVOKED]

    def test_a_penalty_that_came_first_keeps_out_nothing_newer(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        course_status("grace", DEMO, is_passing=False)
        # What they have is of another group.
        factories.make_progress(factories.make_group(), user=factories.make_user("grace"))

        response = admin_client.get(page_of(group), {"learner": "grace"})

        assert steps_of(response)[0] == (1, False, False)

    def test_who_has_the_badge_keeps_it(self, admin_client: Client, group: AccredibleGroup) -> None:
        course_status("ada", OTHER)

        response = admin_client.post(page_of(group), fields(passes(DEMO), learner="ada"))

        assert "Has the badge" in text(response)
        assert "After these events, the learner still has the badge." in text(response)
        assert "Fulfils again" in text(response)

    @pytest.mark.parametrize("name", ["nobody", "nobody@example.com", HOSTILE, "x" * 300, "a\x00b"])
    def test_who_is_not_there_is_told(self, admin_client: Client, group: AccredibleGroup, name: str) -> None:
        response = admin_client.post(page_of(group), fields(passes(DEMO), learner=name))

        assert response.context["learner"].errors
        assert response.context["chosen"] is None

    def test_an_address_of_several_is_told(self, admin_client: Client, group: AccredibleGroup) -> None:
        for name in ("one", "two"):
            user = get_user_model().objects.create_user(name, "same@example.com")
            factories.make_progress(group, user=user)

        page = text(admin_client.get(page_of(group), {"learner": "same@example.com"}))

        assert "Several learners have the e-mail address “same@example.com”. Give the user name." in page

    @pytest.mark.parametrize("entry", ["grace", "hopper@example.com"])
    def test_an_account_without_progress_or_badge_is_no_learner(
        self, admin_client: Client, group: AccredibleGroup, entry: str
    ) -> None:
        nobody = text(admin_client.get(page_of(group), {"learner": entry}))
        get_user_model().objects.create_user("grace", "hopper@example.com")

        response = admin_client.get(page_of(group), {"learner": entry})

        assert response.context["chosen"] is None
        assert f"has the user name or e-mail address “{entry}”" in nobody
        assert f"has the user name or e-mail address “{entry}”" in text(response)

    def test_an_address_means_the_account_that_has_progress_or_a_badge(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        get_user_model().objects.filter(username="ada").update(email="ada@example.com")
        get_user_model().objects.create_user("other", "ada@example.com")

        response = admin_client.get(page_of(group), {"learner": "ada@example.com"})

        assert response.context["chosen"].get_username() == "ada"

    def test_who_has_left_gets_nothing_any_more(self, admin_client: Client, group: AccredibleGroup) -> None:
        get_user_model().objects.filter(username="ada").update(username="retired__user_1")

        page = text(admin_client.get(page_of(group), {"learner": "retired__user_1"}))

        assert "This learner has left" in page

    def test_it_writes_nothing_and_asks_accredible_nothing(
        self, admin_client: Client, group: AccredibleGroup, emulator: Any
    ) -> None:
        admin_client.get(page_of(group))
        before = everything()

        admin_client.get(page_of(group), {"learner": "ada"})
        admin_client.post(page_of(group), fields(passes(OTHER), passes(DEMO, "false"), learner="ada"))
        admin_client.post(page_of(group), {**as_json(passes(OTHER)), "learner": "ada"})
        admin_client.get(f"{GROUPS}learners/?term=ad")

        assert everything() == before
        assert emulator.requests == []

    @pytest.mark.parametrize("missing", ["view_badgeprogress", "view_accrediblebadge"])
    def test_who_may_not_see_learners_tries_without_them(
        self, client: Client, group: AccredibleGroup, missing: str
    ) -> None:
        permissions = {"view_accrediblegroup", "view_badgerequirement", "view_badgepenalty"}
        permissions |= {"view_badgeprogress", "view_accrediblebadge"}
        client.force_login(factories.make_staff(*permissions - {missing}))

        response = client.get(page_of(group), {"learner": "ada"})

        assert response.status_code == 200
        assert "ada" not in text(response).partition("<main")[2].replace("metadata", "")
        assert steps_of(response)[0] == (1, False, False)
        assert client.get(f"{GROUPS}learners/?term=ad").status_code == 403

    def test_learners_are_offered_by_the_beginning_of_their_names_and_by_address(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        factories.make_user("adam")
        get_user_model().objects.filter(username="ada").update(email="lovelace@example.com")

        def offered(term: str) -> list[str]:
            return [found["id"] for found in admin_client.get(f"{GROUPS}learners/", {"term": term}).json()["results"]]

        assert offered("ad") == offered("Lovelace@example.com") == ["ada"]
        for term in ("", "a", "x" * 300, HOSTILE, "a\x00", "zz"):
            assert offered(term) == []

    def test_a_beginning_of_a_name_or_an_address_leads_to_no_address(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        get_user_model().objects.filter(username="ada").update(email="ada@example.com")

        def offered(term: str) -> list[dict[str, str]]:
            found: list[dict[str, str]] = admin_client.get(f"{GROUPS}learners/", {"term": term}).json()["results"]
            return found

        assert offered("ad") == [{"id": "ada", "text": "ada"}]
        assert offered("ada@") == offered("ada@example") == []
        # Who knows all of it is told nothing new.
        assert offered("ADA@example.com") == [{"id": "ada", "text": "ada@example.com"}]

    def test_learners_whose_user_names_are_addresses_are_offered(
        self, admin_client: Client, group: AccredibleGroup
    ) -> None:
        get_user_model().objects.filter(username="ada").update(username="ada@corp", email="ada@example.com")

        got = admin_client.get(f"{GROUPS}learners/", {"term": "ada@c"}).json()["results"]

        assert got == [{"id": "ada@corp", "text": "ada@corp"}]

    @pytest.mark.skipif(connection.vendor == "postgresql", reason="its index of user names is for one case")
    def test_learners_are_offered_in_any_case(self, admin_client: Client, group: AccredibleGroup) -> None:
        got = admin_client.get(f"{GROUPS}learners/", {"term": "Ad"}).json()["results"]

        assert [learner["id"] for learner in got] == ["ada"]

    def test_the_page_of_their_progress_leads_there(self, admin_client: Client, group: AccredibleGroup) -> None:
        progress = group.progresses.get()

        page = text(admin_client.get(f"/admin/credentials_accredible/badgeprogress/{progress.pk}/change/"))

        assert f'href="{page_of(group)}?learner=ada"' in page
