"""An event type that only rules are tried on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openedx_events.tooling import OpenEdxPublicSignal

from tests.badges.rules import EVERYTHING, Everything


@pytest.fixture(scope="module")
def everything() -> Iterator[None]:
    """An event type with a path of every kind."""
    signal = OpenEdxPublicSignal(event_type=EVERYTHING, data={"everything": Everything})
    yield
    OpenEdxPublicSignal.instances.remove(signal)
    del OpenEdxPublicSignal._mapping[EVERYTHING]
