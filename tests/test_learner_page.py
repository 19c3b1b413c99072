"""``/accredible/badges/``: learners see their own badges, in the theme of the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credentials_accredible.choices import NO_END, BadgeState, BadgeStatus
from credentials_accredible.models import AccredibleBadge
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/accredible/badges/"
URL = "https://credential.example.com/1"
HOSTILE = "<script>alert(1)</script>\"'>"


@pytest.fixture
def learner() -> Any:
    return factories.make_user("ada")


@pytest.fixture
def client(learner: Any) -> Client:
    client = Client()
    client.force_login(learner)
    return client


def make_badge(user: Any, name: str = "Badge", icon: str = "https://example.com/i.png", **values: Any) -> None:
    group = factories.make_group(name=name, icon_url=icon)
    group.api_config.issuer_name = "The Academy"
    group.api_config.save()
    badge = factories.make_badge(group)
    delivered = {"state": BadgeState.ACCEPTED, "url": URL, "external_id": "77", "issued_on": date(2026, 1, 2)}
    AccredibleBadge.objects.filter(pk=badge.pk).update(user=user, next_attempt_at=None, **{**delivered, **values})


def read(client: Client, **query: Any) -> str:
    """What the page says, without its tags, in one line."""
    html = html_of(client, **query)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2])).split())


def html_of(client: Client, **query: Any) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return answer.content.decode()


def links(html: str) -> list[str]:
    return [unescape(address) for address in re.findall(r'<a [^>]*href="([^"]+)"', html)]


def test_who_is_not_logged_in_is_sent_to_the_log_in_and_back() -> None:
    answer = Client().get(PAGE)

    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={PAGE}")


def test_learners_see_their_own_badges_and_no_others(client: Client, learner: Any) -> None:
    make_badge(learner, "Mine")
    make_badge(factories.make_user("bob"), "Another's")
    make_badge(None, "Of one who has left")

    text = read(client, user="bob", username="bob")

    assert "Mine" in text
    assert "Another's" not in text
    assert "has left" not in text


def test_a_badge_is_told_with_picture_days_and_links(client: Client, learner: Any) -> None:
    make_badge(learner, "Physics & more", valid_until=date(2999, 5, 6))

    html, text = html_of(client), read(client)

    assert "Earned Earned on Jan. 2, 2026 Valid until May 6, 2999" in text
    assert '<img src="https://example.com/i.png" alt="Picture of the badge Physics &amp; more"' in html
    assert "<bdi>Physics &amp; more</bdi>" in html
    at_accredible, at_linkedin = links(html)
    assert at_accredible == URL
    assert at_linkedin.partition("?")[0] == "https://www.linkedin.com/profile/add"
    assert parse_qs(urlsplit(at_linkedin).query) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Physics & more"],
        "organizationName": ["The Academy"],
        "issueYear": ["2026"],
        "issueMonth": ["1"],
        "expirationYear": ["2999"],
        "expirationMonth": ["5"],
        "certUrl": [URL],
        "certId": ["77"],
    }


def test_without_an_end_there_is_no_last_day(client: Client, learner: Any) -> None:
    make_badge(learner, valid_until=NO_END)

    assert "Valid until" not in read(client)
    assert "expiration" not in links(html_of(client))[1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": BadgeState.CREATED, "url": "", "issued_on": None}, "Earned, being sent"),
        ({"state": BadgeState.NO_RESPONSE}, "Earned, being sent"),
        ({"state": BadgeState.UNPUBLISHED}, "Earned, being sent"),
        ({"state": BadgeState.ERROR, "last_error": "ada@example.com is not valid"}, "Earned, being sent"),
        (
            {"state": BadgeState.EXPIRED, "status": BadgeStatus.REVOKED, "expired_on": date(2026, 3, 4)},
            "Taken back Earned on Jan. 2, 2026 Taken back on March 4, 2026",
        ),
        ({"status": BadgeStatus.REVOKED}, "Taken back"),
    ],
)
def test_what_cannot_be_seen_at_accredible_has_no_links(
    client: Client, learner: Any, values: dict[str, Any], said: str
) -> None:
    make_badge(learner, **values)

    html = html_of(client)

    assert said in read(client)
    assert links(html) == []
    assert "not valid" not in html


def test_a_badge_is_valid_on_its_last_day_and_expired_on_the_next(client: Client, learner: Any) -> None:
    today = timezone.localdate()
    make_badge(learner, "Until today", valid_until=today)
    make_badge(learner, "Until yesterday", valid_until=today - timedelta(days=1))

    html = html_of(client)

    yesterday, until_today = html.split("Until today</bdi></h2>")
    assert "Expired" in yesterday
    assert "linkedin" not in yesterday
    assert URL in yesterday
    assert "linkedin" in until_today


@pytest.mark.parametrize("icon", ["", "http://example.com/i.png", "javascript:alert(1)", "data:image/png;base64,AA"])
def test_a_picture_that_does_not_come_over_https_is_not_shown(client: Client, learner: Any, icon: str) -> None:
    make_badge(learner, icon=icon)

    assert "<img" not in html_of(client)


def test_hostile_names_and_addresses_stay_text(client: Client, learner: Any) -> None:
    make_badge(learner, HOSTILE, icon=f"https://example.com/{HOSTILE}", url="javascript:alert(1)")

    html = html_of(client)

    assert HOSTILE in read(client)
    assert "<script" not in html
    assert links(html) == []


def test_a_badge_whose_group_and_account_are_gone_is_still_theirs(client: Client, learner: Any) -> None:
    make_badge(learner, "Of an old account")
    AccredibleBadge.objects.get().api_config.delete()  # type: ignore[union-attr]

    assert "Of an old account" in read(client)
    assert "organizationName" not in links(html_of(client))[1]


def test_with_no_badge_it_says_how_they_are_earned(client: Client) -> None:
    assert "You have no badges yet. You earn one by doing what it asks for" in read(client)


def test_many_badges_come_in_pages(client: Client, learner: Any) -> None:
    for number in range(25):
        make_badge(learner, f"Badge no. {number}")

    first, last = read(client), read(client, page="2")

    assert "Badge no. 24" in first
    assert "Page 1 of 2 Older badges" in first
    assert "Badge no. 0 " not in first
    assert "Badge no. 0 " in last
    assert "Newer badges Page 2 of 2" in last
    assert read(client, page="99") == last
    assert read(client, page="x") == first


def test_it_takes_as_many_queries_for_one_as_for_many_and_reads_no_key(client: Client, learner: Any) -> None:
    counts = []
    for _ in range(2):
        for _ in range(10):
            make_badge(learner)
        with CaptureQueriesContext(connection) as queries:
            read(client)
        counts.append(len(queries))
        assert not any("api_key" in query["sql"] for query in queries)

    # The session, the user, how many there are, their keys, and the badges.
    assert counts == [5, 5]


def test_nobody_keeps_a_copy_of_it_and_it_only_reads(client: Client) -> None:
    assert "no-store" in client.get(PAGE)["Cache-Control"]
    assert client.post(PAGE).status_code == 405


def test_it_brings_no_script_and_no_style_of_its_own_within_it(client: Client, learner: Any) -> None:
    make_badge(learner)

    html = html_of(client)

    assert "<script" not in html
    assert "style=" not in html
    assert "<style" not in html


def templates(base: str) -> list[dict[str, Any]]:
    """Settings of a service with that template of its own."""
    from django.conf import settings

    (found,) = settings.TEMPLATES
    loaders = [
        ("django.template.loaders.locmem.Loader", {"base.html": base}),
        "django.template.loaders.app_directories.Loader",
    ]
    options = {**found["OPTIONS"], "loaders": loaders}
    return [{**{key: value for key, value in found.items() if key != "APP_DIRS"}, "OPTIONS": options}]


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Iterator[None]:
    with override_settings(TEMPLATES=templates(request.param)):
        yield


_THEME = (
    "<html lang='{{ render_language|default:'en' }}'><title>{% block title %}{% endblock %}</title>"
    "<body>Logo of the service {% block wrapper_content %}{% endblock %}</body></html>"
)


@pytest.mark.parametrize("base", [_THEME], indirect=True)
def test_it_is_a_page_of_the_service(base: None, client: Client, learner: Any) -> None:
    make_badge(learner)

    html = html_of(client)

    assert "Logo of the service" in html
    assert "<title>Your badges</title>" in html
    assert "Earned on Jan. 2, 2026" in read(client)
    assert "credentials_accredible/badges.css" in html


@pytest.mark.parametrize("base", [_THEME], indirect=True)
def test_the_service_is_told_the_language(base: None, client: Client) -> None:
    answer = client.get(PAGE, headers={"Accept-Language": "es"})

    assert "<html lang='es'>" in answer.content.decode()


@pytest.mark.parametrize("base", ["<title>Service</title>{% block body %}{% endblock %}"], indirect=True)
def test_a_template_of_the_service_without_room_for_it_is_not_used(base: None, client: Client, learner: Any) -> None:
    make_badge(learner)

    assert "Earned on Jan. 2, 2026" in read(client)
    assert "<title>Your badges</title>" in html_of(client)
