"""What is done in processes of the host, one task each.

``python -m tests.services.endurance.inside configure | employ | consume | operate | appeals | failed | badges``
"""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import UUID

import django


def configure() -> None:
    """Configure and activate the groups, which were imported before."""
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleGroup
    from tests.badges.configuring import FAILS, PASSES, in_course, penalise, require
    from tests.badges.sending import DEMO, OTHER, THIRD
    from tests.services.endurance.bus import NEVER, ONE, SPARE, TWO

    one, two, spare = (AccredibleGroup.objects.get(accredible_id=number) for number in (ONE, TWO, SPARE))
    demo = require(one, *in_course(DEMO, PASSES))
    penalise(one, *in_course(DEMO, FAILS), takes=[demo])
    other = require(two, *in_course(OTHER, PASSES), blend="A")
    require(two, *in_course(THIRD, PASSES), blend="B")
    penalise(two, *in_course(OTHER, FAILS), takes=[other])
    # Learners only ever begin it.
    require(spare, *in_course(DEMO, PASSES), blend="A")
    require(spare, *in_course(NEVER, PASSES), blend="B")
    for group in (one, two, spare):
        api.activate_group(group)


def employ() -> None:
    """Let somebody on the staff see everything."""
    from django.contrib.auth import get_user_model

    from tests.services.endurance.staff import NAME, PASSWORD

    get_user_model().objects.create_superuser(NAME, "staff@example.com", PASSWORD)


def consume() -> None:
    """Process an event a line, as the bus's consumer does, and acknowledge it with its id."""
    from tests.badges.sending import course_status, minutes

    print("ready", flush=True)
    for line in sys.stdin:
        event = json.loads(line)
        course_status(
            event["learner"],
            event["course"],
            is_passing=event["is_passing"],
            at=minutes(event["minute"]),
            event_id=UUID(event["id"]),
        )
        print(event["id"], flush=True)


def operate() -> None:
    """Remove the spare group; or bring it back, with all that is configured, and activate it. Then hear appeals."""
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleGroup, GroupSnapshot
    from tests.services.endurance.bus import SPARE

    spare = AccredibleGroup.objects.filter(accredible_id=SPARE, requirements__isnull=False).first()
    if spare:
        api.remove_groups([spare])
    else:
        # A sync may have brought the group back, without what was configured, and removed others.
        api.restore([GroupSnapshot.objects.filter(accredible_id=SPARE).latest("pk")], api.RestoreChoices())
        api.activate_group(AccredibleGroup.objects.get(accredible_id=SPARE))
    appeals()


def appeals() -> None:
    """Award again, as staff, what was revoked of learners who appeal."""
    from credentials_accredible import api
    from credentials_accredible.models import AccredibleBadge
    from tests.services.endurance.bus import APPELLANT

    revoked = AccredibleBadge.objects.filter(status="revoked", user__username__startswith=APPELLANT)
    for badge in revoked.select_related("user", "group"):
        api.award_badges(badge.group, [badge.user.username], reason="An appeal", user=badge.user)


def failed() -> dict[str, Any]:
    """Process failed events again, as staff do: why they failed, and how many fail again."""
    from credentials_accredible import api
    from credentials_accredible.models import FailedEvent

    kept = list(FailedEvent.objects.filter(resolved_at=None))
    errors = [event.error for event in kept]
    return {"errors": errors, "left": sum(not api.process_failed_event(event) for event in kept)}


def badges() -> list[list[str]]:
    """Every badge: learner, group, status, state, problem, UUID."""
    from credentials_accredible.models import AccredibleBadge

    columns = ("user__username", "accredible_group_id", "status", "state", "problem", "uuid")
    return [[*row[:-1], str(row[-1])] for row in AccredibleBadge.objects.values_list(*columns)]


if __name__ == "__main__":
    django.setup()
    tasks: dict[str, Any] = {
        task.__name__: task for task in (configure, employ, consume, operate, appeals, failed, badges)
    }
    answer = tasks[sys.argv[1]]()
    if answer is not None:
        print(json.dumps(answer))
