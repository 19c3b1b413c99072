"""Accredible is never asked inside a database transaction, not even where the host wraps every request in one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from credentials_accredible.client import AccredibleClient
from tests import factories
from tests.rest_api.conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("action", ["preview", "sync"])
def test_groups_are_read_outside_of_a_transaction(
    superuser: APIClient, account: Any, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    seen: list[bool] = []
    original = AccredibleClient.groups

    def spy(self: AccredibleClient, *args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(AccredibleClient, "groups", spy)
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    config = factories.make_config("Main")

    answer = superuser.post(f"{ROOT}configs/{config.pk}/{action}/", {}, format="json")

    assert answer.status_code == 200
    assert seen == [False]
