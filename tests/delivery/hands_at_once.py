"""Lets two people, or a person and an event, decide the same at the same moment, and prints what came of it as JSON.

``python -m tests.delivery.hands_at_once``
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import django

ROUNDS = 5
# Of an award and an event at the same moment, either can be the first: the badge is decided once.
EXPECTED: dict[str, dict[str, set[int]]] = {
    "award twice": {"badges": {ROUNDS}, "told": {ROUNDS}, "decided": {ROUNDS}},
    "award and event": {"badges": {ROUNDS}, "told": {ROUNDS}, "decided": set(range(ROUNDS + 1))},
    "revoke twice": {"badges": {ROUNDS}, "told": {ROUNDS}, "decided": {2 * ROUNDS}},
    "retry twice": {"badges": {ROUNDS}, "told": {0}, "decided": {ROUNDS}},
}


def mistakes(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """What is not as it should be in what ``main`` prints: scenario, what, and what came of it."""
    wrong: list[tuple[str, str, Any]] = [(name, "missing", None) for name in EXPECTED.keys() - found.keys()]
    for name, outcome in found.items():
        wrong += [(name, "unforeseen", error) for error in outcome["unforeseen"]]
        wrong += [(name, what, outcome[what]) for what, right in EXPECTED[name].items() if outcome[what] not in right]
    return wrong


def main() -> None:
    """Play each scenario in a group of its own, with a learner after the other.

    ``decided`` counts the decisions of people that are in the log.
    """
    from credentials_accredible.models import AccredibleAPIConfig
    from tests.badges.configuring import PASSES, active_group, require
    from tests.factories import make_staff

    config, staff = AccredibleAPIConfig.objects.get(), make_staff()
    found = {}
    for scenario in EXPECTED:
        group = active_group(config=config)
        require(group, PASSES)
        found[scenario] = play(scenario, group, staff)
        group.is_active = False
        group.save()
    print(json.dumps(found))


def play(scenario: str, group: Any, staff: Any) -> dict[str, Any]:
    """What came of one scenario."""
    from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

    from credentials_accredible import api
    from credentials_accredible.exceptions import DecisionRefused
    from credentials_accredible.models import BadgeLogEntry
    from tests.badges.at_once import run
    from tests.badges.sending import course_status, learner
    from tests.factories import make_user

    told: list[str] = []
    unforeseen: list[str] = []

    def award(username: str) -> None:
        api.award_badges(group, [username], reason="An appeal", user=staff)

    def revoke(username: str) -> None:
        api.revoke_badges(group.badges.filter(user__username=username), reason="A mistake", user=staff)

    def retry(username: str) -> None:
        api.retry_badges(group.badges.filter(user__username=username), user=staff)

    def pass_course(username: str) -> None:
        course_status(learner(username))

    def carefully(act: Callable[[str], None], username: str) -> None:
        try:
            act(username)
        except DecisionRefused:
            pass
        except Exception as error:
            unforeseen.append(repr(error))

    def hear(signal: Any, **_kwargs: Any) -> None:
        told.append(signal.event_type)

    acts = {
        "award twice": (award, award),
        "award and event": (award, pass_course),
        "revoke twice": (revoke, revoke),
        "retry twice": (retry, retry),
    }[scenario]
    for number in range(ROUNDS):
        username = f"{scenario.replace(' ', '-')}-{number}"
        make_user(username, lms_user_id=number + 1)
        if acts[0] in {revoke, retry}:
            award(username)
        for signal in (BADGE_AWARDED, BADGE_REVOKED):
            signal.connect(hear)
        run([partial(carefully, act, username) for act in acts])
        for signal in (BADGE_AWARDED, BADGE_REVOKED):
            signal.disconnect(hear)
    decided = BadgeLogEntry.objects.filter(badge__group=group).exclude(action="retry").count()
    return {"badges": group.badges.count(), "told": len(told), "decided": decided, "unforeseen": unforeseen}


if __name__ == "__main__":
    django.setup()
    main()
