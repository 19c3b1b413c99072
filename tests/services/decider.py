"""Decides badges in a process of its own, as an event consumer does; one command a line, one answer a line.

``python -m tests.services.decider GROUP``, with the number of a group at Accredible.
"""

from __future__ import annotations

import json
import sys
import time

import django


def main(number: int) -> None:
    """Make a group that one passed course earns, unless it is there, and obey."""
    from django.contrib.auth import get_user_model

    from credentials_accredible import api
    from credentials_accredible.models import (
        AccredibleAPIConfig,
        AccredibleBadge,
        AccredibleGroup,
        BadgeProgress,
        Fulfillment,
    )
    from tests.badges.sending import course_status, minutes
    from tests.factories import make_group, make_penalty, make_requirement

    group = AccredibleGroup.objects.filter(accredible_id=number).first()
    if group is None:
        group = make_group(AccredibleAPIConfig.objects.get(), accredible_id=number, name="Badge")
        make_penalty(group, make_requirement(group))
        api.activate_group(group)
    requirement = group.requirements.get()

    def pass_course(count: int) -> None:
        for learner in range(count):
            course_status(f"learner-{learner}")

    def fail_course(count: int) -> None:
        for learner in range(count):
            course_status(f"learner-{learner}", is_passing=False, at=minutes(1))

    def together(count: int) -> None:
        """As many badges as one transaction decides."""
        users = [get_user_model()(username=f"u-{n}", email=f"u-{n}@example.com") for n in range(count)]
        for user in get_user_model().objects.bulk_create(users):
            progress = BadgeProgress.objects.create(user=user, group=group)
            Fulfillment.objects.create(progress=progress, requirement=requirement)
        api.reevaluate(group, dry_run=False)

    def forget(_count: int) -> None:
        AccredibleAPIConfig.objects.update(held_until=None, outages=0)
        AccredibleBadge.objects.all().delete()
        BadgeProgress.objects.all().delete()
        get_user_model().objects.all().delete()

    commands = {"pass": pass_course, "fail": fail_course, "together": together, "forget": forget}
    print("ready", flush=True)
    for line in sys.stdin:
        name, count = line.split()
        began = time.monotonic()
        commands[name](int(count))
        print(json.dumps({"seconds": round(time.monotonic() - began, 3)}), flush=True)


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
