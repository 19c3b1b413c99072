"""Lists that can have a million rows: what finds a learner's badge or progress, and how far one can turn pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.formats import number_format

from credentials_accredible.admin.base import CountedPages
from credentials_accredible.database import OrMore
from credentials_accredible.models import AccredibleBadge
from tests import factories

pytestmark = pytest.mark.django_db

PLUGIN = "/admin/credentials_accredible/"
PEOPLE = {
    "ada": ("ada.lovelace", "ada@example.com", "Python for Engines 1"),
    "bob": ("bob_the_builder", "Bob@Example.com", "Building 1"),
    "grace": ("grace", "grace@example.com", "Python in Use"),
}


@pytest.fixture
def people() -> None:
    """Each with a badge of their own group, and on the way to it."""
    for name, email, group_name in PEOPLE.values():
        group = factories.make_group(name=group_name)
        badge = factories.make_badge(group)
        get_user_model().objects.filter(pk=badge.user_id).update(username=name, email=email)
        progress = factories.make_progress(group, factories.make_requirement(group))
        type(progress).objects.filter(pk=progress.pk).update(user=badge.user_id)


@pytest.mark.parametrize("model", ["accrediblebadge", "badgeprogress"])
def test_a_user_name_can_have_the_sign_of_an_address(admin_client: Client, people: None, model: str) -> None:
    get_user_model().objects.filter(username="bob_the_builder").update(username="bob@corp")
    get_user_model().objects.filter(username="grace").update(email="bob@corp")

    def names(search: str) -> set[str]:
        listed = admin_client.get(f"{PLUGIN}{model}/", {"q": search}).context["cl"].result_list
        return {row.user.get_username() for row in listed}

    assert names("bob@c") == {"bob@corp"}
    assert names("bob@corp") == {"bob@corp", "grace"}


def found(client: Client, model: str, search: str = "", **query: Any) -> set[str]:
    """Who is on the list."""
    response = client.get(f"{PLUGIN}{model}/", {"q": search, **query})
    names = {row.user.get_username() for row in response.context["cl"].result_list}
    return {short for short, (name, *_rest) in PEOPLE.items() if name in names}


@pytest.mark.parametrize("model", ["accrediblebadge", "badgeprogress"])
@pytest.mark.parametrize(
    ("search", "who"),
    [
        ("", {"ada", "bob", "grace"}),
        ("ada.lovelace", {"ada"}),
        ("ada.l", {"ada"}),
        # Its end alone is nobody's.
        ("lovelace", set()),
        ("bob@example.com", {"bob"}),
        ("b@example.com", set()),
        ("example.com", set()),
        ("python", {"ada", "grace"}),
        ("engines python", {"ada"}),
        ("1", {"ada", "bob"}),
        ("grace python", {"grace"}),
        ("python grace", {"grace"}),
        ("ada building", set()),
        ("python for engines 1", {"ada"}),
        ("python for\u200b Engines  1 ", {"ada"}),
        ("nobody at all, anywhere, ever", set()),
        ("%", set()),
        ("_", set()),
        ("bob_", {"bob"}),
        ("žofie", set()),
        ("🐍", set()),
    ],
)
def test_learners_are_found_by_their_names_and_groups_by_parts_of_theirs(
    admin_client: Client, people: None, model: str, search: str, who: set[str]
) -> None:
    assert found(admin_client, model, search) == who


def test_a_badge_is_found_by_what_it_is_called_at_accredible_and_here(admin_client: Client, people: None) -> None:
    badge = AccredibleBadge.objects.get(group_name="Building 1")
    AccredibleBadge.objects.filter(pk=badge.pk).update(external_id="1")

    assert found(admin_client, "accrediblebadge", "1") == {"bob"}
    assert found(admin_client, "accrediblebadge", str(badge.uuid)) == {"bob"}
    assert found(admin_client, "accrediblebadge", badge.uuid.hex) == {"bob"}


def test_a_badge_whose_group_is_gone_is_found_by_its_name(admin_client: Client, people: None) -> None:
    AccredibleBadge.objects.filter(group_name="Python in Use").update(group=None)

    assert found(admin_client, "accrediblebadge", "use PYTHON") == {"grace"}


def test_what_is_found_is_also_filtered(admin_client: Client, people: None) -> None:
    AccredibleBadge.objects.filter(group_name="Python in Use").update(status="revoked")

    assert found(admin_client, "accrediblebadge", "python", status__exact="revoked") == {"grace"}
    assert found(admin_client, "accrediblebadge", "building", status__exact="revoked") == set()


def test_many_keys_stay_in_the_database(admin_client: Client, people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credentials_accredible.admin.people_search._MOST_KEYS", 1)

    assert found(admin_client, "accrediblebadge", "python") == {"ada", "grace"}
    assert found(admin_client, "badgeprogress", "ada python") == {"ada"}


@pytest.mark.parametrize("problem", ["taken", "refused"])
def test_what_has_a_problem_and_is_tried_again_is_not_among_what_failed(
    admin_client: Client, people: None, problem: str
) -> None:
    badges = AccredibleBadge.objects.filter
    badges(group_name="Building 1").update(problem="taken", state="error", next_attempt_at=None)
    badges(group_name="Python in Use").update(problem="taken", state="no_response")

    assert found(admin_client, "accrediblebadge", problem__exact=problem) == ({"bob"} if problem == "taken" else set())


@pytest.mark.parametrize("delivery", ["due", "waiting"])
def test_due_and_waiting_badges_are_those_of_the_delivery_page(
    admin_client: Client, people: None, delivery: str
) -> None:
    AccredibleBadge.objects.filter(group_name="Building 1").update(next_attempt_at="2100-01-01T00:00Z")

    assert found(admin_client, "accrediblebadge", delivery=delivery) == (
        {"bob"} if delivery == "waiting" else {"ada", "grace"}
    )


@pytest.mark.parametrize("model", ["accrediblebadge", "badgeprogress"])
def test_no_answer_of_a_filter_counts_its_rows(admin_client: Client, people: None, model: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        html = admin_client.get(f"{PLUGIN}{model}/", {"_facets": "True"}).content.decode()

    assert "Show counts" not in html
    assert len([query for query in captured if "COUNT(" in query["sql"] and "LIMIT 10001" not in query["sql"]]) <= 1


class TestMoreThanAnybodyTurns:
    @pytest.fixture(autouse=True)
    def _few(self, people: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(CountedPages, "most", 2)
        for model in ("badge", "progress"):
            monkeypatch.setattr(
                f"credentials_accredible.admin.{model}."
                + {"badge": "AccredibleBadgeAdmin", "progress": "BadgeProgressAdmin"}[model]
                + ".list_per_page",
                1,
            )

    def test_the_list_says_that_there_are_more(self, admin_client: Client) -> None:
        html = admin_client.get(f"{PLUGIN}accrediblebadge/").content.decode()

        assert re.search(r"2\+\s+Accredible badges", html)
        assert "These pages have the first 2 rows." in html

    def test_where_thousands_are_separated_the_number_is_none_the_less_one(self, settings: Any) -> None:
        settings.USE_THOUSAND_SEPARATOR = True

        assert number_format(OrMore(10_000)) == "10,000"

    @pytest.mark.parametrize("model", ["accrediblebadge", "badgeprogress"])
    def test_the_newest_are_on_its_pages(self, admin_client: Client, model: str) -> None:
        pages = [found(admin_client, model, p=number) for number in (1, 2)]

        assert pages == [{"grace"}, {"bob"}]

    def test_a_page_behind_them_is_none(self, admin_client: Client) -> None:
        assert admin_client.get(f"{PLUGIN}accrediblebadge/", {"p": 3}).status_code == 302

    def test_the_file_has_all_of_them(self, admin_client: Client) -> None:
        response = admin_client.get(f"{PLUGIN}accrediblebadge/export/")

        assert len(b"".join(response.streaming_content).splitlines()) == 1 + len(PEOPLE)

    def test_to_count_them_no_more_rows_are_read_than_that(self, admin_client: Client) -> None:
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(f"{PLUGIN}badgeprogress/")

        [counted] = [query["sql"] for query in captured if "COUNT(*)" in query["sql"]]
        assert "LIMIT 3" in counted
