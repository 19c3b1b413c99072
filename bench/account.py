"""A configuration whose account is that of a ``Provider``, and syncs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from bench.provider import KEY, Provider
from credentials_accredible import api
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, SyncChange


@contextmanager
def reaching(provider: Provider, **changed: Any) -> Iterator[None]:
    """The environment ``emulator`` is the provider, without a limit of our own unless ``changed`` settings say so."""
    environment = {"name": "Bench", "api_url": provider.url, "dashboard_url": provider.url}
    ours = {"ENVIRONMENTS": {"emulator": environment}, "RATE_LIMIT": (100_000, 1), **changed}
    with override_settings(CREDENTIALS_ACCREDIBLE={**settings.CREDENTIALS_ACCREDIBLE, **ours}):
        yield


def new_config() -> AccredibleAPIConfig:
    """The only configuration there is, with no groups yet."""
    # Past the ORM, which would keep a snapshot of each group.
    for model in (SyncChange, AccredibleGroup):
        model.objects.all()._raw_delete(connection.alias)
    AccredibleAPIConfig.objects.all().delete()
    return AccredibleAPIConfig.objects.create(name="Bench", environment="emulator", api_key=KEY)


def synced(config: AccredibleAPIConfig, *, force: bool = False, progress: api.Progress | None = None) -> api.Outcome:
    """The outcome of a sync, which has to succeed."""
    outcome = api.sync(config, consent=api.Consent(force=force), progress=progress)
    assert outcome.succeeded, outcome.error
    return outcome
