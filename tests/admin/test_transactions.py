"""Accredible is never asked inside a database transaction, not even where the host wraps every request in one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from credentials_accredible.client import AccredibleClient
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/credentials_accredible/accredibleapiconfig/"


@pytest.fixture
def asked_in_transaction(monkeypatch: pytest.MonkeyPatch, account: Any) -> list[bool]:
    """Whether each request to Accredible was made inside a transaction; every request of the host is in one."""
    seen: list[bool] = []
    for name in ("issuer", "groups"):
        original = getattr(AccredibleClient, name)

        def spy(self: AccredibleClient, *args: Any, original: Any = original, **kwargs: Any) -> Any:
            seen.append(connection.in_atomic_block)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(AccredibleClient, name, spy)
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    return seen


def test_a_key_is_tried_outside_of_a_transaction(admin_client: Client, asked_in_transaction: list[bool]) -> None:
    data = {"name": "Main", "environment": "emulator", "new_api_key": "main-key-0001"}
    admin_client.post(LIST + "add/", data)
    config = factories.make_config("Second")
    admin_client.post(f"{LIST}{config.pk}/change/", {**data, "name": "Renamed"})

    assert asked_in_transaction == [False, False]


def test_groups_are_read_outside_of_a_transaction(admin_client: Client, asked_in_transaction: list[bool]) -> None:
    config = factories.make_config("Main")
    admin_client.post(LIST, {"action": "sync_groups", "_selected_action": [config.pk]})

    assert asked_in_transaction == [False]
    assert config.runs.get().status == "succeeded"


def test_a_preview_is_made_outside_of_a_transaction(admin_client: Client, asked_in_transaction: list[bool]) -> None:
    config = factories.make_config("Main")
    assert admin_client.get(f"{LIST}{config.pk}/preview/").status_code == 200

    assert asked_in_transaction == [False]
