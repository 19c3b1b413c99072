"""The button on the list of API configurations, and the page behind it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup
from demo.builtin import models as there
from tests.adoption import builtin
from tests.adoption.running import adopt, everything
from tests.factories import make_config, make_group, make_staff

pytestmark = pytest.mark.django_db

LIST = "/admin/credentials_accredible/accredibleapiconfig/"
PAGE = f"{LIST}adopt/"
OVERVIEW = "/admin/credentials_accredible/overview/"
LABEL = ">Take over<"
NEEDED = ["view_accredibleapiconfig", "adopt_accredibleapiconfig"]


def staff(*permissions: str) -> Client:
    """Somebody with these permissions."""
    client = Client()
    client.force_login(make_staff(*permissions))
    return client


def test_it_shows_what_would_be_taken_over_and_takes_it_over_once_it_is_sent(academy: Any) -> None:
    client = staff(*NEEDED)
    before = everything()
    assert PAGE in client.get(LIST).content.decode()

    page = client.get(PAGE).content.decode()

    assert "Nothing has been changed yet." in page
    assert "2 requirements, 5 data rules, 1 penalty" in page
    assert everything() == before

    page = client.post(PAGE).content.decode()

    assert "All of it was taken over." in page
    assert AccredibleGroup.objects.get().is_active
    assert not there.AccredibleGroup.objects.get().is_active
    assert PAGE not in client.get(LIST).content.decode()
    config = AccredibleAPIConfig.objects.get()
    assert config.history.get().history_user.is_staff


def test_it_says_what_was_not_taken_over(academy: Any) -> None:
    make_group(make_config("Holder", key="another-key-0002"), accredible_id=501)
    client = staff(*NEEDED)

    page = client.post(PAGE).content.decode()

    assert "Not everything was taken over." in page
    assert "“Holder” holds this group here" in page


def test_names_are_text_and_no_markup(academy: Any) -> None:
    there.AccredibleGroup.objects.update(name="<script>alert(1)</script>")
    builtin.badge(there.AccredibleGroup.objects.get(), "<b>gone</b>")

    page = staff(*NEEDED).get(PAGE).content.decode()

    assert "<script>alert" not in page
    assert "&lt;b&gt;gone" in page


@pytest.mark.parametrize("missing", NEEDED)
def test_it_takes_all_permissions(academy: Any, missing: str) -> None:
    client = staff(*(name for name in NEEDED if name != missing))

    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 403
    assert not AccredibleGroup.objects.exists()


def test_who_may_not_sees_no_button(academy: Any) -> None:
    assert LABEL not in staff("view_accredibleapiconfig").get(LIST).content.decode()


def test_without_anything_to_take_over_there_is_no_button(db: None) -> None:
    assert LABEL not in staff(*NEEDED).get(LIST).content.decode()


def test_what_stands_against_all_of_it_is_said_on_the_list(academy: Any, settings: Any) -> None:
    settings.BADGES_CONFIG = {}

    page = staff(*NEEDED).get(PAGE, follow=True)

    assert "ACCREDIBLE_API_BASE_URL" in page.content.decode()


def test_what_was_taken_over_by_the_command_is_nothing_to_do(academy: Any) -> None:
    adopt()

    page = staff(*NEEDED).get(PAGE).content.decode()

    assert "It was taken over before." in page
    assert 'value="Take over"' not in page


def test_the_overview_says_that_a_take_over_is_open_until_it_is_done(academy: Any) -> None:
    may, may_not = staff(*NEEDED), staff("view_accredibleapiconfig")
    need = 'data-kind="take_over"'

    assert need in may.get(OVERVIEW).content.decode()
    assert f'<a href="{PAGE}">Take over</a>' in may.get(OVERVIEW).content.decode()
    assert need in may_not.get(OVERVIEW).content.decode()
    assert PAGE not in may_not.get(OVERVIEW).content.decode()

    may.post(PAGE)

    assert need not in may.get(OVERVIEW).content.decode()
