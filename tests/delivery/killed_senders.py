"""Senders of one host, forked by a process that lives long and kills them; prints what it did as JSON.

``python -m tests.delivery.killed_senders ISSUE_OR_REVOKE GROUP KILLS SENDERS``: has badges of the group issued, or
revoked, by so many senders at once and kills all of them after a moment, until so many were killed at work.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from typing import Any

import django
from django.utils import timezone

BADGES = 100
# Seconds. A sender needs some hundredths to begin, and is seldom done in that time.
LONGEST = 0.25


def main(what: str, number: int, kills: int, senders: int) -> None:
    """Kill, then let a last sender finish."""
    from django.conf import settings

    from credentials_accredible.models import AccredibleBadge

    # Each fork counts for itself, and the limit is another test's business.
    settings.CREDENTIALS_ACCREDIBLE |= {
        "RATE_LIMIT": (100_000, 1),
        "REQUEST_TIMEOUT": (5, 5),
        "LATE_ANSWER_MINUTES": 0,
    }
    group = make_group(number)
    chance = random.Random(20)
    made, killed, rounds = 0, 0, 0
    waiting = AccredibleBadge.objects.filter(next_attempt_at__isnull=False)
    while killed < kills:
        rounds += 1
        if rounds > 20 * kills:
            raise SystemExit("senders end before they can be killed")
        if not waiting.exists():
            made = award_more(group, made, BADGES)
            if what == "revoke":
                _revoke(group)
        running = [_fork() for _ in range(senders)]
        time.sleep(chance.uniform(0, LONGEST))
        killed += sum(_kill(child) for child in running)
        _let_leases_end()
    for _ in range(50):
        if not waiting.exists():
            break
        os.waitpid(_fork(), 0)
        _let_leases_end()
    print(json.dumps({"badges": made, "killed": killed, "rounds": rounds}))


def make_group(number: int) -> Any:
    """The group of that number, of the one configuration that there is."""
    from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup

    config = AccredibleAPIConfig.objects.get()
    return AccredibleGroup.objects.create(api_config=config, accredible_id=number, name="Badge")


def award_more(group: Any, start: int, number: int) -> int:
    """Award so many badges to learners with numbers from ``start`` on; returns with which number to go on."""
    from django.contrib.auth import get_user_model

    from credentials_accredible.badges import awarding
    from credentials_accredible.models import AccredibleBadge

    names = [f"learner-{each}" for each in range(start, start + number)]
    users = get_user_model()
    users.objects.bulk_create([users(username=name, email=f"{name}@example.com") for name in names])
    learners = users.objects.filter(username__in=names)
    AccredibleBadge.objects.bulk_create(
        awarding.new_badge(learner, group, group.api_config.environment, timezone.localdate(), {})
        for learner in learners
    )
    return start + number


def _revoke(group: Any) -> None:
    """Have all badges delivered, and revoke them."""
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleBadge

    api.deliver(group.api_config)
    AccredibleBadge.objects.filter(state="accepted").revoke()


def _fork() -> int:
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child:
        return child
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleAPIConfig

    status = 1
    try:
        for config in AccredibleAPIConfig.objects.all():
            api.deliver(config)
        status = 0
    finally:
        os._exit(status)


def _kill(child: int) -> bool:
    """Whether it was at work."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a sender failed")
    return os.WIFSIGNALED(status)


def _let_leases_end() -> None:
    from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

    AccredibleAPIConfig.objects.update(held_until=None)
    AccredibleBadge.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], *map(int, sys.argv[2:]))
