"""What the API asks of the host: next to nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import modify_settings
from django.urls import reverse
from rest_framework.test import APIClient

from credentials_accredible.exceptions import AccredibleError, SyncRefused
from credentials_accredible.rest_api.v1.base import ResourceViewSet
from credentials_accredible.rest_api.v1.errors import Code, meaning
from tests import factories
from tests.rest_api.conftest import ROOT

HERE = Path(__file__).resolve().parent
OTHERS = ["django_filters", "drf_yasg", "rest_framework"]


@pytest.mark.django_db
def test_it_needs_no_apps_in_the_settings(superuser: APIClient) -> None:
    factories.make_config("Main")
    with modify_settings(INSTALLED_APPS={"remove": OTHERS}):
        assert superuser.get(f"{ROOT}configs/").json()["count"] == 1
        assert superuser.get(f"{ROOT}groups/?is_active=maybe").status_code == 400


@pytest.mark.parametrize(
    "name",
    [
        "filter_backends",
        "pagination_class",
        "parser_classes",
        "permission_classes",
        "renderer_classes",
        "throttle_classes",
    ],
)
def test_what_the_host_sets_for_its_own_api_is_not_taken(name: str) -> None:
    assert name in vars(ResourceViewSet)


@pytest.mark.django_db
def test_a_browser_gets_json_too(superuser: APIClient) -> None:
    answer = superuser.get(f"{ROOT}configs/", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert answer["Content-Type"] == "application/json"


def every(kind: type[AccredibleError]) -> set[type[AccredibleError]]:
    """The errors of that kind."""
    return {kind}.union(*(every(one) for one in kind.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(every(SyncRefused) - {SyncRefused}, key=lambda kind: kind.__name__))
def test_whatever_stands_against_a_sync_is_a_conflict(kind: type[AccredibleError]) -> None:
    status, code = meaning(kind("because"))
    assert status == 409
    assert code != Code.UNEXPECTED


def test_its_addresses_come_with_the_plugin() -> None:
    assert reverse("credentials_accredible:v1:configs-list") == f"{ROOT}configs/"


def test_commands_and_workers_do_without_it() -> None:
    script = (
        "import django, sys; django.setup();"
        "import credentials_accredible.api, credentials_accredible.tasks, credentials_accredible.checks;"
        "print([name for name in sys.modules if name.startswith('credentials_accredible.rest_api')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=HERE.parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
