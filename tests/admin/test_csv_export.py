"""Lists as CSV: what is on them, who gets it, and what a spreadsheet makes of it."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credentials_accredible import database
from credentials_accredible.models import AccredibleBadge
from tests import factories

pytestmark = pytest.mark.django_db

PLUGIN = "/admin/credentials_accredible/"
BADGES = f"{PLUGIN}accrediblebadge/"
PROGRESS = f"{PLUGIN}badgeprogress/"


def rows(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_badges_are_told_as_people_call_them(admin_client: Client) -> None:
    group = factories.make_group(factories.make_config("Main"), name="مجموعة, “quoted” \n and long " * 9)
    badge = factories.make_badge(group)
    AccredibleBadge.objects.update(state="accepted", delivered_at=timezone.now(), external_id="77")

    [row] = rows(admin_client.get(f"{BADGES}export/"))

    assert row["Group"] == group.name
    assert row["Learner"] == badge.user.username
    assert row["API configuration"] == "Main"
    assert row["State"] == "accepted: published at Accredible"
    assert row["Credential ID"] == "77"
    assert "." not in row["Delivered"]
    assert badge.user.email not in str(row)


def test_progress_is_told_in_parts(admin_client: Client) -> None:
    group = factories.configure(factories.make_group())

    [row] = rows(admin_client.get(f"{PROGRESS}export/"))

    assert (row["Group"], row["Parts fulfilled"], row["Parts in all"], row["Completed"]) == (group.name, "1", "2", "no")


def test_the_button_keeps_the_filters_and_leaves_out_the_page(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BATCH", 2)
    for number in range(5):
        factories.make_badge(factories.make_group(name=f"Wanted {number}"))
    factories.make_badge(factories.make_group(name="Other"))

    page = admin_client.get(f"{BADGES}?q=Wanted&status__exact=awarded&p=1").content.decode()
    [button] = [part.split('"')[0] for part in page.split('href="') if part.startswith(f"{BADGES}export/")]

    assert button == f"{BADGES}export/?q=Wanted&amp;status__exact=awarded"
    found = rows(admin_client.get(button.replace("&amp;", "&")))
    assert [row["Group"] for row in found] == [f"Wanted {number}" for number in range(5)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(admin_client: Client, start: str) -> None:
    factories.make_badge(factories.make_group(name=f"{start}cmd|' /C calc'!A0"))

    response = admin_client.get(f"{BADGES}export/")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    assert f"\"'{start}cmd" in text
    assert all(cell.startswith('"') for line in text.split("\r\n") if line for cell in line.split('",')[:-1])


def test_a_query_that_makes_no_sense_leads_back_to_the_list(admin_client: Client) -> None:
    assert admin_client.get(f"{BADGES}export/?issued_on__gte=never").headers["Location"] == BADGES


def test_it_takes_the_permission_to_see_the_list(client: Client) -> None:
    client.force_login(factories.make_staff("view_accrediblegroup"))
    assert client.get(f"{BADGES}export/").status_code == 403

    client.force_login(factories.make_staff("view_accrediblebadge"))
    assert client.get(f"{BADGES}export/").status_code == 200
    assert client.get(f"{PROGRESS}export/").status_code == 403


def test_who_exports_what_is_logged(admin_client: Client, admin_user: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        admin_client.get(f"{BADGES}export/")

    assert f"list_exported list=accrediblebadge user={admin_user.pk}" in caplog.text


@pytest.mark.parametrize("address", [BADGES, PROGRESS])
def test_a_row_costs_no_query(admin_client: Client, address: str) -> None:
    factories.configure(factories.make_group())
    with CaptureQueriesContext(connection) as few:
        rows(admin_client.get(f"{address}export/"))
    for _number in range(4):
        factories.configure(factories.make_group())

    with CaptureQueriesContext(connection) as many:
        assert len(rows(admin_client.get(f"{address}export/"))) == 5

    assert len(many) == len(few)
