"""What the admin's pages take with 10,000 groups and 1,000,000 badges: lists, filters, searches, the overview.

A page is a request through Django's test client: all that the server does, and neither network nor browser. Each must
also need as many queries as with a few hundred badges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench.measuring import MB, median_ms, queries
from bench.outbox import fill
from bench.rows import Row
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    FailedEvent,
    GroupSnapshot,
    SyncChange,
    SyncRun,
)

NOW = timezone.now()
PAGE_MS, TIMES = 300, 3
APP = "admin:credentials_accredible"
PASSING = "org.openedx.learning.course.passing.status.updated.v1"
# What is looked for in each list: what many rows have, what few have, and what none has.
SEARCHES = {
    "accrediblebadge": ["learner", "learner-1", "1@example.com", "Group", "Group 1", "learner-1 Group 1", "2", "none"],
    "accrediblegroup": ["Group", "Group 1", "2", "none"],
    "badgeprogress": ["learner", "learner-1", "1@example.com", "Group", "Group 1", "learner-1 Group 1", "none"],
    "badgerequirement": ["Group", "course 2", "none"],
    "failedevent": ["learner-1", "1@example.com", "none"],
    "syncrun": ["Account 1", "none"],
    "syncchange": ["Group 1", "2", "none"],
    "groupsnapshot": ["Group 1", "2", "none"],
    "accredibleapiconfig": ["Account 1", "none"],
}


@dataclass(frozen=True)
class Size:
    """How much there is; each learner has a badge of one in ``share`` groups."""

    learners: int
    groups: int
    share: int
    runs: int
    snapshots: int
    failed: int


LARGE = Size(learners=1_000, groups=10_000, share=10, runs=20_000, snapshots=1_000, failed=5_000)
SMALL = Size(learners=4, groups=4, share=1, runs=5, snapshots=3, failed=3)


def rows() -> Iterator[Row]:
    """Each kind of page by the slowest of its addresses, and what that takes more queries than with little."""
    prepare(SMALL)
    client = of_a_learner_who_is_staff()
    few = {work: needed(client, addresses) for work, addresses in pages(client).items()}
    for model in (AccredibleAPIConfig, FailedEvent, SyncRun, GroupSnapshot):
        model.objects.all().delete()
    get_user_model().objects.all().delete()
    prepare(LARGE)
    client = of_a_learner_who_is_staff()
    yield Row.reported("pages: MariaDB's innodb_buffer_pool_size", buffer_pool_mb(), "MB", note=_SMALL_POOL)
    more = {}
    for work, addresses in pages(client).items():
        taken = {to: median_ms(lambda to=to: opened(client, to), TIMES) for to in addresses}
        slowest = max(taken, key=taken.__getitem__)
        most = needed(client, addresses)
        more[work] = most - few[work]
        note = f"The slowest of {len(taken)}: {slowest}" if len(taken) > 1 else ""
        yield Row.at_most(f"page: {work}", PAGE_MS, taken[slowest], "ms", note=note, queries=most)
    work = max(more, key=more.__getitem__)
    # A list of several pages looks for the keys of one of them first.
    yield Row.at_most("pages: queries more than with few rows", 1, more[work], "", note=f"The most: {work}")


_SMALL_POOL = "The tables take 600 MB. Where they do not fit into it, the disk is measured."


def buffer_pool_mb() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@innodb_buffer_pool_size")
        return float(cursor.fetchone()[0]) / MB


def of_a_learner_who_is_staff() -> Client:
    """A browser of somebody who has badges of their own, and may do everything."""
    learner = get_user_model().objects.get(username="learner-0")
    learner.is_staff = learner.is_superuser = True
    learner.save()
    client = Client()
    client.force_login(learner)
    return client


def needed(client: Client, addresses: list[str]) -> int:
    """The most queries that one of them needs, after the first time."""
    for to in addresses:
        opened(client, to)
    return max(queries(lambda to=to: opened(client, to)) for to in addresses)


def opened(client: Client, to: str) -> Any:
    response = client.get(to)
    if response.status_code != 200:
        raise SystemExit(f"{to} answers {response.status_code}.")
    return response


def pages(client: Client) -> dict[str, list[str]]:
    """What is opened, by what it is."""
    found: dict[str, list[str]] = defaultdict(list)
    for model, searches in SEARCHES.items():
        to = reverse(f"{APP}_{model}_changelist")
        listed = opened(client, to).context_data["cl"]
        name = str(listed.opts.verbose_name_plural)
        last = listed.paginator.num_pages
        found[f"{name}, first, middle and last page"] = [to, f"{to}?p={last // 2 or 1}", f"{to}?p={last}"]
        found[f"{name}, in the order of a column"] = [
            f"{to}?o={sign}{number}"
            for number, column in enumerate(listed.list_display)
            if column in listed.sortable_by and listed.get_ordering_field(column)
            for sign in ("", "-")
        ]
        found[f"{name}, filtered"] = [
            to + choice["query_string"]
            for filters in listed.filter_specs
            for choice in list(filters.choices(listed))[1:6]
        ]
        found[f"{name}, searched"] = [f"{to}?{urlencode({'q': text})}" for text in searches]
    group = AccredibleGroup.objects.get(accredible_id=2)
    found["overview"] = [reverse("admin:credentials_accredible_overview")]
    found["deliveries"] = [reverse(f"{APP}_accrediblebadge_delivery")]
    found["form that awards a badge"] = [reverse(f"{APP}_accrediblebadge_award")]
    for name in ("change", "try_out"):
        found[f"a group, {name}"] = [reverse(f"{APP}_accrediblegroup_{name}", args=[group.pk])]
    found["learners that are offered"] = [reverse(f"{APP}_accrediblegroup_learners") + "?term=learner"]
    found["a learner's own badges"] = [reverse("credentials_accredible:badges")]
    for model in (AccredibleBadge, BadgeProgress, FailedEvent, SyncRun, SyncChange, GroupSnapshot):
        middle = model.objects.order_by("pk").values_list("pk", flat=True)[model.objects.count() // 2]
        to = reverse(f"{APP}_{model._meta.model_name}_change", args=[middle])
        found[f"one of {model._meta.verbose_name_plural}"] = [to]
    return {work: addresses for work, addresses in found.items() if addresses}


def prepare(size: Size) -> None:
    """Badges, and what a service has beside them: a rule in each group, progress with each badge, a history."""
    fill(size.learners, size.groups, share=size.share)
    AccredibleGroup.objects.filter(accredible_id__lte=size.groups // 2).update(is_active=True)
    groups = list(AccredibleGroup.objects.order_by("pk"))
    BadgeRequirement.objects.bulk_create(
        BadgeRequirement(group=group, event_type=PASSING, description=f"course {group.accredible_id}")
        for group in groups
    )
    DataRule.objects.bulk_create(
        DataRule(requirement_id=key, data_path="course.course_key", operator="eq", value=f"course-v1:edX+{key}+Run")
        for key in BadgeRequirement.objects.values_list("pk", flat=True)
    )
    with connection.cursor() as cursor:
        for statement in _BESIDE_BADGES:
            cursor.execute(statement)
    configs = list(AccredibleAPIConfig.objects.all())
    SyncRun.objects.bulk_create(
        SyncRun(
            api_config=configs[n % len(configs)],
            config_name=configs[n % len(configs)].name,
            trigger="schedule",
            status="succeeded",
            started_at=NOW - timedelta(minutes=15 * n),
        )
        for n in range(size.runs)
    )
    run = SyncRun.objects.latest("pk")
    SyncChange.objects.bulk_create(
        SyncChange(sync_run=run, action="updated", group=group, accredible_id=group.accredible_id, name=group.name)
        for group in groups
    )
    GroupSnapshot.objects.bulk_create(
        GroupSnapshot(
            api_config=group.api_config,
            sync_run=run,
            cause="sync",
            name=group.name,
            config_name="Account",
            environment="us",
            accredible_id=group.accredible_id,
            data={"group": {}, "configuration": {"requirements": [], "penalties": [], "custom_attributes": []}},
        )
        for group in groups[: size.snapshots]
    )
    FailedEvent.objects.bulk_create(
        FailedEvent(
            event_type=PASSING,
            event_time=NOW,
            error="The database did not answer.",
            payload={"event": {}, "learner": {"username": f"learner-{n}", "email": f"{n}@example.com"}},
        )
        for n in range(size.failed)
    )


_BESIDE_BADGES = [
    "INSERT INTO credentials_accredible_badgeprogress (created, modified, user_id, group_id, last_event_at, resets) "
    "SELECT created, created, user_id, group_id, created, '{}' FROM credentials_accredible_accrediblebadge",
    "INSERT INTO credentials_accredible_fulfillment (created, modified, progress_id, requirement_id, context) "
    "SELECT p.created, p.created, p.id, r.id, '{}' FROM credentials_accredible_badgeprogress p "
    "JOIN credentials_accredible_badgerequirement r USING (group_id)",
    "ANALYZE TABLE credentials_accredible_badgeprogress, credentials_accredible_fulfillment",
]
