"""From events to badges on database servers: whatever happens at once, and whatever an event says."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.badges.at_once import ROUNDS, SCENARIOS
from tests.delivery.hands_at_once import mistakes
from tests.embedded_host import Host

pytestmark = pytest.mark.services


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_events_at_the_same_moment_give_one_badge_and_none_is_lost(
    server_host: Callable[..., Host], scenario: str
) -> None:
    host = server_host()

    done = host.run("-m", "tests.badges.at_once", scenario)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict.fromkeys(["badges", "learners", "complete", "progress", "told"], ROUNDS) | {
        "failed": 0
    }


def test_what_people_decide_twice_at_the_same_moment_is_decided_once(server_host: Callable[..., Host]) -> None:
    done = server_host().run("-m", "tests.delivery.hands_at_once")

    assert done.returncode == 0, done.stderr
    assert mistakes(json.loads(done.stdout)) == []
