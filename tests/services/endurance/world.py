"""Three groups and what learners can do for them; waiting until all has arrived, and whether it has, each once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.embedded_host import Host
from tests.services.endurance.bus import ONE, SPARE, TWO, Bus
from tests.services.endurance.services import Service
from tests.services.workers import BADGES, eventually

INSIDE = "tests.services.endurance.inside"


class Badge(NamedTuple):
    """A badge of the host; its group is the number at Accredible."""

    learner: str
    group: int
    status: str
    state: str
    problem: str
    uuid: str


def add_groups(account: Any) -> None:
    """Make the three groups at Accredible; a second credential of the same learner would be made there, and be seen."""
    for number in (ONE, TWO, SPARE):
        account.add_group(id=number, name=f"group-{number}", course_name=f"Group {number}", allow_duplicates=True)


def inside(host: Host, task: str) -> Any:
    """What a process of the host brings that does the task."""
    done = host.run("-m", INSIDE, task)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def drain(host: Host, bus: Bus, patience: float) -> list[str]:
    """Wait until all has arrived, and work off the failed events, as staff do; returns why these had failed.

    ``patience``: seconds for the events, and for the badges.
    """
    waiting = f"SELECT state, COUNT(*) FROM {BADGES} WHERE next_attempt_at IS NOT NULL GROUP BY state"
    bus.close()
    eventually(bus.is_empty, patience, lambda: "events that nobody acknowledges")
    failed = inside(host, "failed")
    assert failed["left"] == 0, failed
    inside(host, "appeals")
    eventually(lambda: not host.rows(waiting), patience, lambda: host.rows(waiting))
    return list(failed["errors"])


def assert_all_arrived_once(host: Host, account: Any, bus: Bus, services: Sequence[Service]) -> None:
    """Each learner has what they must have, and nothing is double or left; no service ended that was not killed."""
    badges = [Badge(*row) for row in inside(host, "badges")]
    of_status = {"awarded": bus.awarded, "revoked": bus.revoked}
    for status, expected in of_status.items():
        found = [(badge.learner, badge.group) for badge in badges if badge.status == status]
        assert sorted(found) == sorted(expected)
    _assert_each_once(badges, list(account.credential_by_id.values()))
    assert not list(Path(host.environment["DEMO_DATA_DIR"]).glob("spool/events/*"))
    compared = host.run("manage.py", "accredible_reconcile", "--format", "json")
    assert (compared.returncode, [found["findings"] for found in json.loads(compared.stdout)]) == (0, [[]])
    assert {service.log.name: service.ends for service in services if service.has_failed} == {}


def _assert_each_once(badges: list[Badge], credentials: list[Any]) -> None:
    """Each badge that was awarded has one credential, each that was revoked one that has expired, or none."""
    made = Counter(str(credential.license_id) for credential in credentials)
    expired = {str(credential.license_id) for credential in credentials if credential.is_expired}
    right = {
        "awarded": {("accepted", 1, False)},
        # Or it was revoked before it was ever sent.
        "revoked": {("expired", 1, True), ("created", 0, False)},
    }
    wrong = [
        badge
        for badge in badges
        if badge.problem or (badge.state, made[badge.uuid], badge.uuid in expired) not in right[badge.status]
    ]
    assert wrong == []
    assert set(made) <= {badge.uuid for badge in badges}
