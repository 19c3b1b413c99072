"""The documented addresses lead to the plugin's pages, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials_accredible.admin.addresses import lead_documented_addresses_here
from tests import factories

NAMES = [
    "accredibleapiconfig",
    "accrediblegroup",
    "accrediblebadge",
    "badgerequirement",
    "badgepenalty",
    "badgeprogress",
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_each_documented_address_opens_the_page_of_its_model(admin_client: Client, name: str) -> None:
    response = admin_client.get(f"/admin/badges/{name}/", follow=True)

    assert response.status_code == 200
    assert response.request["PATH_INFO"] == reverse(f"admin:credentials_accredible_{name}_changelist")


@pytest.mark.django_db
def test_sub_paths_and_queries_are_kept(admin_client: Client) -> None:
    response = admin_client.get("/admin/badges/accrediblegroup/7/change/?_changelist_filters=q%3Da%26b")

    assert response.status_code == 307
    assert response["Location"] == (
        "/admin/credentials_accredible/accrediblegroup/7/change/?_changelist_filters=q%3Da%26b"
    )


@pytest.mark.django_db
def test_permissions_are_those_of_the_page(client: Client) -> None:
    anonymous = client.get("/admin/badges/accredibleapiconfig/", follow=True)
    client.force_login(factories.make_staff())
    without = client.get("/admin/badges/accredibleapiconfig/", follow=True)

    assert "/login/" in anonymous.request["PATH_INFO"]
    assert without.status_code == 403


@given(
    st.text(max_size=30) | st.sampled_from(["//evil.example", "/\\evil.example", "https://evil.example", "\r\nX: y"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_address_leads_out_of_the_plugin(client: Client, rest: str) -> None:
    response = client.get("/admin/badges/accrediblegroup/" + rest)

    if response.status_code == 307:
        assert response["Location"].startswith("/admin/credentials_accredible/accrediblegroup/")
        assert "\n" not in response["Location"]
    else:
        # The admin's own catch-all: log in first, or nothing is there.
        assert response.status_code in {302, 404}
        assert response.get("Location", "/admin/").startswith("/admin/")


def test_what_the_host_serves_itself_is_left_to_the_host() -> None:
    served = SimpleNamespace(_meta=SimpleNamespace(app_label="badges", model_name="badgerequirement"))
    site: Any = SimpleNamespace(name="admin", _registry=[served], get_urls=lambda: ["the host's own"])
    lead_documented_addresses_here(site)

    *led, own = site.get_urls()

    shown = " ".join(str(pattern.pattern) for pattern in led)
    assert own == "the host's own"
    assert "badgerequirement" not in shown
    assert "accredibleapiconfig" in shown
