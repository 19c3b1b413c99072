"""One object of each model that has pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from credentials_accredible import api
from credentials_accredible.choices import ChangeAction, RunStatus
from credentials_accredible.models import FailedEvent, GroupSnapshot, SyncChange, SyncRun
from tests import factories
from tests.factories import PASSING


def make_objects(account: Any) -> dict[str, Any]:
    """One object of each model: the primary keys by name."""
    account.add_group(name="g", course_name="Group")
    gone = factories.make_group(factories.make_config("Gone"), name="Removed")
    api.remove_groups([gone])
    config = factories.make_config("Main")
    group = factories.configure(factories.make_group(config, name="Here"))
    api.deactivate_group(group)
    run = SyncRun.objects.create(
        api_config=config, config_name="Main", trigger="admin", status=RunStatus.SUCCEEDED, started_at=timezone.now()
    )
    change = SyncChange.objects.create(sync_run=run, action=ChangeAction.CREATED, accredible_id=1, name="Here")
    event = FailedEvent.objects.create(event_type=PASSING, event_time=timezone.now(), error="broken")
    return {
        "accredibleapiconfig": config.pk,
        "accrediblegroup": group.pk,
        "badgerequirement": group.requirements.order_by("pk").first().pk,
        "badgepenalty": group.penalties.get().pk,
        "badgeprogress": group.progresses.get().pk,
        "accrediblebadge": group.badges.get().pk,
        "failedevent": event.pk,
        "syncrun": run.pk,
        "syncchange": change.pk,
        "groupsnapshot": GroupSnapshot.objects.get().pk,
    }
