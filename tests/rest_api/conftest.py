"""Callers of the REST API, and what there is to be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from credentials_accredible.models import AccredibleAPIConfig
from tests import factories

ROOT = "/accredible/api/v1/"

Caller = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """No requests that another test has sent."""
    cache.clear()


@pytest.fixture
def caller(db: None) -> Caller:
    """Makes a client of a member of staff with these permissions."""

    def make(*permissions: str, user: Any = None) -> APIClient:
        client = APIClient(enforce_csrf_checks=False)
        client.force_login(user or factories.make_staff(*permissions))
        return client

    return make


@pytest.fixture
def superuser(caller: Caller) -> APIClient:
    """Somebody who may do everything."""
    return caller(user=factories.make_user("root", is_staff=True, is_superuser=True))


@pytest.fixture
def anonymous(db: None) -> APIClient:
    """Somebody who is not logged in."""
    return APIClient()


@pytest.fixture
def config(account: Any) -> AccredibleAPIConfig:
    return factories.make_config("Main")
