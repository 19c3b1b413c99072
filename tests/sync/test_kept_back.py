"""A sync that Accredible's rate limit keeps back says so while it waits, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible import api
from credentials_accredible.client import open_client
from credentials_accredible.models import SyncRun
from demo.emulator.server import Emulator
from tests import factories
from tests.conftest import PluginSettings
from tests.sync.groups import add_groups

pytestmark = pytest.mark.django_db(transaction=True)


class Watcher:
    """Sees what the progress of a sync says, and what its run says at that moment."""

    def __init__(self) -> None:
        self.told: list[float] = []
        self.stored: list[float] = []

    def __call__(self, stage: str, done: int, total: int | None, kept_back: float) -> None:
        self.told.append(kept_back)
        run = SyncRun.objects.first()
        self.stored.append(api.seconds_kept_back(run) if run else 0.0)


@pytest.mark.parametrize("limit", [1, 2], ids=["at-the-first-page", "at-a-later-page"])
def test_the_wait_is_told_while_it_lasts(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings, limit: int
) -> None:
    add_groups(account, 3)
    plugin_settings(RATE_LIMIT=(limit, 3), PAGE_SIZE=2, REQUEST_TIMEOUT=(20, 20))
    config = factories.make_config()
    if limit == 1:
        with open_client(config) as client:
            client.issuer()
    watcher = Watcher()

    outcome = api.sync(config, progress=watcher)

    assert outcome.succeeded
    assert 0.0 < max(watcher.told) <= 3.0
    assert 0.0 < max(watcher.stored) <= 3.0
    # It is over.
    assert watcher.told[-1] == 0.0
    assert api.seconds_kept_back(SyncRun.objects.get()) == 0.0


def test_a_wait_that_accredible_asks_for_is_told(
    emulator: Emulator, account: Any, plugin_settings: PluginSettings
) -> None:
    add_groups(account, 3)
    plugin_settings(RETRY_MAX_WAIT=5, REQUEST_TIMEOUT=(20, 20))
    emulator.fault("status", status=429, retry_after=2)
    watcher = Watcher()

    assert api.sync(factories.make_config(), progress=watcher).succeeded

    assert 0.0 < max(watcher.told) <= 2.0


def test_what_never_waits_says_nothing_of_it(emulator: Emulator, account: Any) -> None:
    add_groups(account, 3)
    watcher = Watcher()

    api.sync(factories.make_config(), progress=watcher)

    assert set(watcher.told) == {0.0}


def test_the_wait_has_its_reason(plugin_settings: PluginSettings) -> None:
    plugin_settings(RATE_LIMIT=(200, 30))

    assert api.wait_sentence(11.2) == "Waits 12 s for Accredible's limit of 200 requests in 30 s."
    assert api.wait_sentence(0.0) == ""
