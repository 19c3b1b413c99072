"""Previews and syncs, asked for over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

import credentials_accredible.tasks  # noqa: F401  # for the worker
from credentials_accredible.models import AccredibleAPIConfig
from tests import factories
from tests.rest_api.conftest import ROOT


def preview(client: APIClient, config: AccredibleAPIConfig, **body: Any) -> Any:
    return client.post(f"{ROOT}configs/{config.pk}/preview/", body, format="json")


def sync(client: APIClient, config: AccredibleAPIConfig, **body: Any) -> Any:
    return client.post(f"{ROOT}configs/{config.pk}/sync/", body, format="json")


def stock(account: Any, config: AccredibleAPIConfig) -> Any:
    """One group that is new at Accredible, one that was renamed there, and one that is gone and configured here."""
    new = account.add_group(name="new", course_name="New")
    renamed = account.add_group(name="renamed", course_name="After")
    factories.make_group(config, accredible_id=renamed["id"], name="Before", internal_name="renamed")
    gone = factories.configure(factories.make_group(config, accredible_id=77, name="Gone"))
    return new, renamed, gone
