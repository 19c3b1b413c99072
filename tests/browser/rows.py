"""Something of everything that pages show, with names as long as they come, emoji, and letters from right to left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import RunStatus
from credentials_accredible.models import (
    AccredibleBadge,
    AccredibleGroup,
    CustomAttribute,
    FailedEvent,
    GroupSnapshot,
    SyncChange,
    SyncRun,
)
from demo.service.catalog.models import Course, CourseRun
from tests import factories
from tests.factories import PASSING

RIGHT_TO_LEFT = "شهادة قسم الهندسة"
LONG = f"{RIGHT_TO_LEFT} 🎓🏅 " + "A_name_without_a_space" * 5 + " and some words" * 6
COURSE = f"course-v1:{'UniversityOfDemonstrations' * 2}+PHYSICS".ljust(90, "1") + "+2026_Term"
USERNAME = "u" * 140


def one_of_each(account: Any) -> dict[str, Any]:
    """The primary keys of a row of each model, by the name of the model; the group has been active.

    Accredible has lost the group and has another one, so that a sync would remove and create one.
    """
    now = timezone.now()
    assert len(COURSE) == 100
    CourseRun.objects.create(course=Course.objects.create(title=LONG), key=COURSE)
    account.add_group(name="g", course_name=LONG)
    gone = factories.configure(factories.make_group(factories.make_config(f"Gone {LONG}"), name=LONG))
    api.remove_groups([gone])
    config = factories.make_config(LONG)
    config.issuer_name, config.credits_left, config.checked_at = LONG, 2, now
    config.sync_interval, config.next_sync_at = 60, now
    config.save()
    group = _rules(factories.make_group(config, name=LONG, internal_name=LONG, description=LONG))
    # Deactivated through the page's own call, so that the history has something to say.
    api.deactivate_group(group)
    factories.make_progress(group, group.requirements.earliest("pk"), user=factories.make_user(USERNAME))
    error = {"problem": "refused", "last_error": LONG, "attempts": 3, "next_attempt_at": None}
    AccredibleBadge.objects.update(state="error", group_name=LONG, **error)
    for name, value in (("Course", "course.course_key"), ("Title", "course.display_name")):
        CustomAttribute.objects.create(group=group, name=name, value=value)
    payload = {"learner": {"username": USERNAME}, "course": {"course_key": COURSE}, "is_passing": True}
    event = FailedEvent.objects.create(event_type=PASSING, event_time=now, error=LONG, payload=payload)
    started = {"api_config": config, "config_name": LONG, "trigger": "schedule"}
    failed = {"status": RunStatus.FAILED, "error": LONG, "needs_confirmation": True}
    for minutes in (9, 6, 3):
        at = now - timedelta(minutes=minutes)
        run = SyncRun.objects.create(**started, **failed, started_at=at, heartbeat_at=at, finished_at=at)
    change = SyncChange.objects.create(
        sync_run=run, action="updated", accredible_id=group.accredible_id, name=LONG, group=group,
        fields=[{"field": "name", "old": "before", "new": LONG}, {"field": "description", "old": LONG * 4, "new": ""}],
    )  # fmt: skip
    return {
        "accredibleapiconfig": config.pk,
        "accrediblegroup": group.pk,
        "badgerequirement": group.requirements.earliest("pk").pk,
        "badgepenalty": group.penalties.get().pk,
        "badgeprogress": group.progresses.latest("pk").pk,
        "accrediblebadge": group.badges.get().pk,
        "failedevent": event.pk,
        "syncrun": run.pk,
        "syncchange": change.pk,
        "groupsnapshot": GroupSnapshot.objects.get().pk,
    }


def _rules(group: AccredibleGroup) -> AccredibleGroup:
    """Two requirements, a penalty and rules that name the long course."""
    factories.configure(group)
    for requirement in group.requirements.all():
        requirement.description = LONG[:255]
        requirement.save()
        requirement.rules.create(data_path="course.course_key", operator="eq", value=COURSE)
    group.penalties.get().rules.create(data_path="course.course_key", operator="ne", value=COURSE)
    return group
