"""What waits to be sent: how much, what became of it, and what has it tried again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Min, Q, QuerySet, Value
from django.db.models.signals import post_delete
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible import database
from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState
from credentials_accredible.database import batches, in_transaction, lock
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, BadgeLogEntry
from credentials_accredible.models.badge_facts import LEFT_ALONE, Step

# Beyond that, a number says no more than “many”.
MOST_COUNTED = 500


class DeliveryStatus(NamedTuple):
    """How deliveries of a configuration stand, as numbers of badges.

    ``due``: to be sent now. ``waiting``: for another try, or for a sender that has them. ``failed``: in state
    ``error``, until somebody retries them. ``unpublished``: at Accredible, and not visible. ``delivered_today``: since
    midnight, local time.
    """

    config: AccredibleAPIConfig
    due: int
    waiting: int
    failed: int
    unpublished: int
    delivered_today: int


class Fate(Enum):
    """What became of a badge."""

    DELIVERED = "delivered"  # what was decided is done at Accredible
    NOTHING_TO_DO = "nothing to do"  # it was before, or there is nothing that Accredible has to know
    UNPUBLISHED = "unpublished"  # made, but not visible
    FAILED = "failed"  # refused, or given up: a person is needed
    LATER = "later"  # did not work, and is tried again
    PAUSED = "paused"  # not sent: nothing of its configuration is
    TAKEN = "taken"  # another sender has it
    DUE = "due"  # not reached, left to the next sender


class BadgeOutcome(NamedTuple):
    """What became of ``badge``. ``detail`` is the reason, in Accredible's words, where there is one."""

    badge: AccredibleBadge
    fate: Fate
    detail: str = ""


def delivery_conditions() -> dict[str, Q]:
    """Which badges each of the numbers of a DeliveryStatus counts, as things are now."""
    now = database.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "due": Q(next_attempt_at__lte=now),
        "waiting": Q(next_attempt_at__gt=now) & ~Q(state=BadgeState.UNPUBLISHED),
        # Of what is left alone at Accredible, nobody has to do anything.
        "failed": Q(state=BadgeState.ERROR, next_attempt_at=None) & ~LEFT_ALONE,
        "unpublished": Q(state=BadgeState.UNPUBLISHED),
        "delivered_today": Q(delivered_at__gte=midnight),
    }


def delivery_status() -> list[DeliveryStatus]:
    """How deliveries stand, by configuration; two queries for all."""
    configs = list(AccredibleAPIConfig.objects.all())
    # By name, and a statement for each number: databases find the few rows of each by an index, and none for all.
    badges = AccredibleBadge.objects.filter(api_config__in=configs).order_by()
    numbers = [
        badges.filter(condition)
        .values("api_config")
        .annotate(number=Count("pk"))
        .values_list("api_config", Value(name, output_field=CharField()), "number")
        for name, condition in delivery_conditions().items()
    ]
    found: dict[int, dict[str, int]] = {config.pk: dict.fromkeys(delivery_conditions(), 0) for config in configs}
    for config, name, number in numbers[0].union(*numbers[1:], all=True) if configs else ():
        found[config][name] = number
    return [DeliveryStatus(config, **found[config.pk]) for config in configs]


def unfinished_badges() -> tuple[Counter[tuple[int | None, str]], Counter[int | None]]:
    """How many badges failed, by configuration and problem, and how many are unpublished, by configuration.

    A query for each kind of problem, and one. Of each problem, and of what is unpublished, one more than
    ``MOST_COUNTED`` is counted at most: a table can hold a million of them, and each has to be looked at.
    """
    conditions = delivery_conditions()
    badges = AccredibleBadge.objects.order_by()
    failed = badges.filter(conditions["failed"]).values_list("api_config", "problem")
    hidden = badges.filter(conditions["unpublished"]).values_list("api_config", flat=True)
    # A query for each: SQLite cuts no parts of a union.
    of_each = (failed.filter(problem=problem)[: MOST_COUNTED + 1] for problem in BadgeProblem.values)
    return Counter(chain.from_iterable(of_each)), Counter(hidden[: MOST_COUNTED + 1])


def late_deliveries(before: datetime) -> dict[int, datetime]:
    """When the badge was due that has waited longest, of each configuration with one that was due ``before``.

    One query, which takes one step in an index for each configuration on MySQL and MariaDB.
    """
    late = AccredibleBadge.objects.filter(next_attempt_at__lt=before, api_config__isnull=False).order_by()
    return dict(late.values_list("api_config").annotate(Min("next_attempt_at")))


@in_transaction
def delivery_news(config: AccredibleAPIConfig) -> list[str]:
    """What has come up since the last call and needs a person, a sentence each: everything is told once.

    That is a pause of ``config``, and badges that were refused or given up.
    """
    row = AccredibleAPIConfig.objects.filter(pk=config.pk)
    # For the lock: of two calls at once, one tells.
    lock(row)
    current = row.first()
    if current is None:
        return []
    told_at, now = current.told_at, database.now()
    row.update(told_at=now)
    failed = AccredibleBadge.objects.filter(delivery_conditions()["failed"], api_config=config)
    count = (failed.filter(modified__gt=told_at) if told_at else failed).count()
    found = []
    if current.paused_at and (told_at is None or current.paused_at > told_at):
        found.append(_("The delivery is paused. %(pause_reason)s") % {"pause_reason": current.pause_reason})
    if count:
        words = ngettext(
            "%(count)s badge was refused or given up; the admin says of each why, and has the delivery tried again.",
            "%(count)s badges were refused or given up; the admin says of each why, and has the delivery tried again.",
            count,
        )
        found.append(words % {"count": count})
    return found


def badge_outcomes(badges: Iterable[int], since: datetime) -> list[BadgeOutcome]:
    """What became of the badges of these primary keys from the time ``since`` on, in that order; one query for 500."""
    keys = list(badges)
    found: dict[int, AccredibleBadge] = {}
    for batch in batches(keys):
        rows = AccredibleBadge.objects.filter(pk__in=batch)
        found |= {badge.pk: badge for badge in rows.select_related("user", "api_config")}
    return [_outcome(found[key], since) for key in keys if key in found]


def retry(badges: QuerySet[AccredibleBadge], user: Any) -> list[AccredibleBadge]:
    """Make ``badges`` due at once, as if for the first time; returns those that there is something to do about.

    What another sender is about to do is left to that one. Badges whose configuration was deleted are joined to the
    one that has their group now; where there is none, there is nothing to do about them.
    """
    keys = list(badges.order_by().values_list("pk", flat=True))
    return [badge for batch in batches(keys) for badge in _retry(batch, user)]


def watch_configs() -> None:
    """Give up the badges of a configuration as soon as it is deleted; twice is fine."""
    post_delete.connect(_deleted, AccredibleAPIConfig, dispatch_uid="credentials_accredible.orphans")


def _deleted(**_kwargs: Any) -> None:
    AccredibleBadge.objects.give_up_orphans()


def _outcome(badge: AccredibleBadge, since: datetime) -> BadgeOutcome:
    if badge.state == BadgeState.ERROR and badge.next_attempt_at is None:
        return BadgeOutcome(badge, Fate.FAILED, badge.last_error)
    if badge.next_step is Step.NOTHING:
        done = badge.delivered_at is not None and badge.delivered_at >= since
        return BadgeOutcome(badge, Fate.DELIVERED if done else Fate.NOTHING_TO_DO)
    waits = badge.next_attempt_at is not None and badge.next_attempt_at > database.now()
    if badge.claim and waits:
        return BadgeOutcome(badge, Fate.TAKEN)
    if waits:
        return BadgeOutcome(badge, Fate.LATER if badge.next_step.is_urgent else Fate.UNPUBLISHED, badge.last_error)
    if badge.api_config is None or badge.api_config.paused_at:
        return BadgeOutcome(badge, Fate.PAUSED, badge.api_config.pause_reason if badge.api_config else "")
    return BadgeOutcome(badge, Fate.DUE)


@in_transaction
def _retry(batch: list[int], user: Any) -> list[AccredibleBadge]:
    free = AccredibleBadge.objects.filter(pk__in=batch, claim="")
    lock(free)
    unfinished = [badge for badge in free.order_by("pk") if badge.next_step is not Step.NOTHING]
    homeless = set(_join_orphans(unfinished))
    retried = [badge for badge in unfinished if badge not in homeless]
    AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in retried]).make_due()
    BadgeLogEntry.objects.bulk_create(
        BadgeLogEntry(badge=badge, action=BadgeAction.RETRY, succeeded=True, user=user) for badge in retried
    )
    return retried


def _join_orphans(badges: Collection[AccredibleBadge]) -> list[AccredibleBadge]:
    """Join those of ``badges`` without a configuration to the one that has their group now; returns the others of them.

    That is the one group with their group's number in their environment. Where the environment is not known, it has to
    have the group's name as well: where there are two such groups, or the learner has another badge of it, a badge
    stays as it is.
    """
    orphans = [badge for badge in badges if badge.api_config_id is None]
    numbers = {badge.accredible_group_id for badge in orphans}
    groups: dict[tuple[int, str], list[AccredibleGroup]] = defaultdict(list)
    for group in AccredibleGroup.objects.filter(accredible_id__in=numbers).select_related("api_config"):
        for place in (group.api_config.environment, ""):
            groups[group.accredible_id, place].append(group)
    homeless = []
    for badge in orphans:
        found = groups[badge.accredible_group_id, badge.environment]
        if not badge.environment:
            found = [group for group in found if group.name == badge.group_name]
        if len(found) != 1 or _has_another(badge, found[0]):
            homeless.append(badge)
            continue
        badge.group, badge.api_config = found[0], found[0].api_config
        badge.environment = found[0].api_config.environment
        badge.save(update_fields=["group", "api_config", "environment", "modified"])
    return homeless


def _has_another(badge: AccredibleBadge, group: AccredibleGroup) -> bool:
    others = AccredibleBadge.objects.filter(
        user=badge.user_id, api_config=group.api_config_id, accredible_group_id=group.accredible_id
    )
    return badge.user_id is not None and others.exists()
