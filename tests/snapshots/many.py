"""Fills a host's database with groups and learners in progress; a script for ``test_many``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import islice

import django


def main(groups: int, learners: int) -> None:
    """Add ``groups`` active groups to the only configuration, and ``learners`` in all; every other has both letters."""
    django.setup()

    from django.contrib.auth import get_user_model

    from credentials_accredible.models import (
        AccredibleAPIConfig,
        AccredibleBadge,
        BadgeProgress,
        BadgeRequirement,
        Fulfillment,
    )
    from tests import factories

    config = AccredibleAPIConfig.objects.get()
    made = []
    for number in range(groups):
        group = factories.make_group(config, accredible_id=number + 1, name=f"Group {number}", is_active=True)
        first = factories.make_requirement(group, blend="A", description=f"Part A of {number}")
        factories.make_requirement(group, blend="B", description=f"Part B of {number}")
        factories.make_penalty(group, first)
        made.append(group.pk)
    user = get_user_model()
    user.objects.bulk_create(
        [user(username=f"learner-{n}", email=f"learner-{n}@example.com", lms_user_id=n + 1) for n in range(learners)],
        batch_size=500,
    )
    users = list(user.objects.filter(username__startswith="learner-").order_by("pk").values_list("pk", flat=True))
    then = datetime(2026, 1, 1, tzinfo=UTC)
    BadgeProgress.objects.bulk_create(
        [
            BadgeProgress(user_id=pk, group_id=made[n % groups], last_event_at=then, resets={})
            for n, pk in enumerate(users)
        ],
        batch_size=500,
    )
    of_group: dict[int, list[int]] = {}
    for pk, group in BadgeRequirement.objects.order_by("pk").values_list("pk", "group"):
        of_group.setdefault(group, []).append(pk)
    facts = {"is_passing": True, "course.course_key": factories.COURSE}
    context = {"event_id": "0f8fad5b-d9cb-469f-a165-70867728950e", "time": then.isoformat(), "facts": facts}
    fulfilled = (
        Fulfillment(progress_id=pk, requirement_id=requirement, context=context)
        for n, (pk, group) in enumerate(BadgeProgress.objects.order_by("pk").values_list("pk", "group").iterator())
        for requirement in of_group[group][: 1 + n % 2]
    )
    while batch := list(islice(fulfilled, 500)):
        Fulfillment.objects.bulk_create(batch)
    AccredibleBadge.objects.bulk_create(
        [
            AccredibleBadge(
                user_id=pk,
                group_id=made[n % groups],
                api_config=config,
                accredible_group_id=n % groups + 1,
                group_name="G",
            )
            for n, pk in enumerate(users)
            if n % 10 == 1
        ],
        batch_size=500,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
