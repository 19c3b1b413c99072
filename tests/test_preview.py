"""A look at what a sync would do writes nothing at all, whichever door it comes through, and says the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig
from demo.emulator.server import Emulator
from tests import factories, tables

pytestmark = pytest.mark.django_db

PREVIEW = "/admin/credentials_accredible/accredibleapiconfig/{}/preview/"
REST = "/accredible/api/v1/configs/{}/preview/"


def by_admin(client: Client, config: AccredibleAPIConfig) -> Any:
    """The figures on the admin's page."""
    pending = client.get(PREVIEW.format(config.pk)).context["pending"]
    return pending[0]["figures"] if pending else None


def by_rest(client: Client, config: AccredibleAPIConfig) -> Any:
    """The figures of the REST API's answer."""
    reply = client.post(REST.format(config.pk), {}, content_type="application/json").json()
    return reply["plan"]["counts"] if "plan" in reply else None


def by_command(client: Client, config: AccredibleAPIConfig) -> Any:
    """The figures that the command prints; None where it refuses or fails."""
    out = io.StringIO()
    try:
        call_command("accredible_sync", "--dry-run", "--config", config.name, stdout=out)
    except CommandError:
        return None
    numbers = [int(part.split()[0]) for part in out.getvalue().splitlines()[0].rsplit(": ", 1)[1].split(", ")]
    return dict(zip(api.plan_figures(None), numbers, strict=True))


def by_api(client: Client, config: AccredibleAPIConfig) -> Any:
    """The figures of the Python API."""
    return api.plan_figures(api.preview(config).plan)


@pytest.fixture
def config(account: Any) -> AccredibleAPIConfig:
    """One for which every kind of change is due, with something configured under what would go."""
    known = [account.add_group(name=f"g-{n}", course_name=f"Group {n}")["id"] for n in range(6)]
    config = factories.make_config("Main")
    api.sync(config)
    factories.configure(config.groups.get(accredible_id=known[0]))
    account.remove_group(known[0])
    account.update_group(known[1], course_name="Renamed", badge_design_id=account.add_design(name="New")["id"])
    account.add_group(name="new", course_name="New")
    held = account.add_group(name="held", course_name="Held")["id"]
    factories.make_group(factories.make_config("Other"), accredible_id=held)
    return config


@pytest.mark.parametrize("look", [by_admin, by_command, by_rest, by_api])
def test_it_writes_nothing_and_says_the_same(
    admin_client: Client, config: AccredibleAPIConfig, look: Callable[[Client, AccredibleAPIConfig], Any]
) -> None:
    before = tables.dump()

    figures = look(admin_client, config)

    assert tables.dump() == before
    assert figures == {"created": 1, "updated": 1, "unchanged": 4, "removed": 1, "conflicting": 1}
    assert api.sync(config).run.removed_count == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("look", [by_admin, by_command, by_rest, by_api])
@pytest.mark.parametrize("fault", ["status", "html", "half_page", "cut_before"])
def test_it_writes_nothing_where_accredible_fails_either(
    admin_client: Client,
    config: AccredibleAPIConfig,
    emulator: Emulator,
    fault: str,
    look: Callable[[Client, AccredibleAPIConfig], Any],
) -> None:
    emulator.fault(fault, path="/v1/", times=1000, **({"status": 500} if fault == "status" else {}))
    before = tables.dump()

    look(admin_client, config)

    assert tables.dump() == before
