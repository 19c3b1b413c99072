"""Restores the learners of a snapshot: their progress, and the links of their badges, some learners at a time.

What learners have in the group already stays. Of two events that fulfil one requirement the newer one counts, and
nothing is restored that a newer penalty has taken away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from credentials_accredible import host
from credentials_accredible.badges import learners as badges_learners
from credentials_accredible.badges import linking
from credentials_accredible.badges.decision import LONG_AGO
from credentials_accredible.database import BATCH
from credentials_accredible.events.event import Identity
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    BadgeProgress,
    EarlyPenalty,
    Fulfillment,
    GroupSnapshot,
    SnapshotPart,
)
from credentials_accredible.snapshots.format import read_time

# A user's primary key and LMS id, as a snapshot has them.
_Key = tuple[int, int | None]


@dataclass
class RestoredLearners:
    """How many learners' progress is restored, how many are no longer there, and how many badges are linked."""

    restored: int = 0
    gone: int = 0
    badges: int = 0


@dataclass
class _KeptProgress:
    created: datetime | None = None
    last_event_at: datetime | None = None
    resets: dict[int, str] = field(default_factory=dict)
    fulfilled: dict[int, dict[str, Any]] = field(default_factory=dict)


def count(snapshot: GroupSnapshot, config: AccredibleAPIConfig, group: AccredibleGroup | None) -> RestoredLearners:
    """How many ``snapshot`` would restore now, to ``group`` or a new one of ``config``; writes nothing."""
    figures = RestoredLearners()
    by_number = linking.unlinked(config, {snapshot.accredible_id, *([group.accredible_id] if group else [])})
    for entries in _parts(snapshot):
        _count(figures, entries, _users(entries))
        figures.badges += _unlinked_of(entries).exclude(pk__in=by_number).count()
    figures.badges += by_number.count()
    return figures


def restore(snapshot: GroupSnapshot, group: AccredibleGroup, requirements: Mapping[int, int]) -> RestoredLearners:
    """Restore the learners of ``snapshot`` to ``group``; ``requirements`` are primary keys by ref.

    Wants a transaction around it that has locked the group.
    """
    figures = RestoredLearners()
    for entries in _parts(snapshot):
        found = _users(entries)
        _count(figures, entries, found)
        _restore_progress(group, _kept_progress(entries, found, requirements), list(requirements.values()))
        figures.badges += linking.link_all(group, _unlinked_of(entries))
    by_number = linking.unlinked(group.api_config, {snapshot.accredible_id, group.accredible_id})
    figures.badges += linking.link_all(group, by_number)
    return figures


def _parts(snapshot: GroupSnapshot) -> Iterator[list[dict[str, Any]]]:
    # One by one: MySQL's driver holds all rows of a query in memory.
    for pk in list(snapshot.parts.order_by("number").values_list("pk", flat=True)):
        yield SnapshotPart.objects.get(pk=pk).learners


def _count(figures: RestoredLearners, entries: list[dict[str, Any]], found: Mapping[_Key, int]) -> None:
    for entry in entries:
        if "progress" in entry and not entry["progress"]["continued"]:
            if _key(entry) in found:
                figures.restored += 1
            else:
                figures.gone += 1


def _key(entry: Mapping[str, Any]) -> _Key:
    return entry["user"], entry["lms_user_id"]


def _users(entries: Iterable[Mapping[str, Any]]) -> dict[_Key, int]:
    """The primary keys of the users that entries are about, those who are still there.

    The LMS's id says who somebody is. Where the service has none, for the user or at all, the primary key does.
    """
    keys = {_key(entry) for entry in entries}
    pks = {pk for pk, _lms in keys}
    users: Any = get_user_model()._default_manager
    if not host.has_field("lms_user_id"):
        there = set(users.filter(pk__in=pks).values_list("pk", flat=True))
        return {key: key[0] for key in keys if key[0] in there}
    known = dict(users.filter(pk__in=pks).values_list("pk", "lms_user_id"))
    by_lms: dict[int, list[int]] = defaultdict(list)
    for pk, lms in users.filter(lms_user_id__in={lms for _pk, lms in keys if lms}).values_list("pk", "lms_user_id"):
        by_lms[lms].append(pk)
    found: dict[_Key, int] = {}
    for pk, lms in keys:
        same = by_lms.get(lms, []) if lms else []
        if pk in same or (pk in known and not same and None in (lms, known[pk])):
            found[pk, lms] = pk
        elif len(same) == 1:
            found[pk, lms] = same[0]
    return found


def _kept_progress(
    entries: Iterable[Mapping[str, Any]], found: Mapping[_Key, int], requirements: Mapping[int, int]
) -> dict[int, _KeptProgress]:
    """What entries say of learners who are still there, by user; requirements by primary key from here on."""
    kept_by_user: dict[int, _KeptProgress] = {}
    for entry in entries:
        if "progress" not in entry or _key(entry) not in found:
            continue
        values = entry["progress"]
        kept = kept_by_user.setdefault(found[_key(entry)], _KeptProgress())
        kept.created = kept.created or read_time(values["created"])
        kept.last_event_at = _newest(kept.last_event_at, read_time(values["last_event_at"]))
        kept.resets |= {requirements[int(ref)]: time for ref, time in values["resets"].items()}
        kept.fulfilled |= {requirements[item["requirement"]]: item for item in values["fulfilments"]}
    return kept_by_user


def _restore_progress(
    group: AccredibleGroup, kept_by_user: Mapping[int, _KeptProgress], requirements: Collection[int]
) -> None:
    _begin_where_penalised(group, kept_by_user, requirements)
    here = {
        row.user_id: row for row in BadgeProgress.objects.select_for_update().filter(group=group, user__in=kept_by_user)
    }
    new = [user for user in kept_by_user if user not in here]
    BadgeProgress.objects.bulk_create(_new_progress(group, user, kept_by_user[user]) for user in new)
    keys = dict(BadgeProgress.objects.filter(group=group, user__in=new).values_list("user_id", "pk"))
    fulfillments = [
        _fulfillment(keys[user], requirement, item)
        for user in new
        for requirement, item in kept_by_user[user].fulfilled.items()
    ]
    if here:
        fulfillments += _merge(here, kept_by_user)
    Fulfillment.objects.bulk_create(fulfillments)


def _begin_where_penalised(group: AccredibleGroup, users: Collection[int], requirements: Collection[int]) -> None:
    """Begin progress for those of ``users`` who have none, but penalties that events have brought meanwhile."""
    early = EarlyPenalty.objects.filter(requirement__in=requirements)
    if not early.exists():
        return
    begun = BadgeProgress.objects.filter(group=group, user__in=users).values_list("user", flat=True)
    named = {
        key: user.pk
        for user in get_user_model()._default_manager.filter(pk__in=set(users) - set(begun))
        for key in badges_learners.keys(Identity(), user)
    }
    resets: dict[int, dict[str, str]] = defaultdict(dict)
    for learner, pk, time in early.filter(learner__in=named).values_list("learner", "requirement_id", "time"):
        resets[named[learner]][str(pk)] = time.isoformat()
    BadgeProgress.objects.bulk_create(
        BadgeProgress(user_id=user, group=group, resets=times) for user, times in resets.items()
    )


def _new_progress(group: AccredibleGroup, user: int, kept: _KeptProgress) -> BadgeProgress:
    return BadgeProgress(
        user_id=user,
        group=group,
        created=kept.created or timezone.now(),
        last_event_at=kept.last_event_at,
        resets={str(pk): time for pk, time in kept.resets.items()},
    )


def _fulfillment(progress: int, requirement: int, item: Mapping[str, Any]) -> Fulfillment:
    created = read_time(item["created"]) or timezone.now()
    return Fulfillment(progress_id=progress, requirement_id=requirement, created=created, context=item["context"])


def _merge(here: Mapping[int, BadgeProgress], kept_by_user: Mapping[int, _KeptProgress]) -> list[Fulfillment]:
    """Change the progress that is here as the snapshot says; returns the fulfilments that are to be added."""
    held = {
        (item.progress_id, item.requirement_id): item
        for item in Fulfillment.objects.select_for_update().filter(progress__in=[row.pk for row in here.values()])
    }
    added, newer = [], []
    for user, row in here.items():
        kept = kept_by_user[user]
        for requirement, item in kept.fulfilled.items():
            at, own = _time(item["context"]), held.get((row.pk, requirement))
            if own is not None:
                if at > _time(own.context):
                    own.context = item["context"]
                    newer.append(own)
            elif not _taken_back(row, kept, requirement, at):
                added.append(_fulfillment(row.pk, requirement, item))
        for requirement, time in kept.resets.items():
            row.resets[str(requirement)] = max(time, row.resets.get(str(requirement), time), key=datetime.fromisoformat)
        row.last_event_at = _newest(row.last_event_at, kept.last_event_at)
        row.modified = timezone.now()
    Fulfillment.objects.bulk_update(newer, ["context"], batch_size=BATCH)
    BadgeProgress.objects.bulk_update(here.values(), ["resets", "last_event_at", "modified"], batch_size=BATCH)
    return added


def _taken_back(row: BadgeProgress, kept: _KeptProgress, requirement: int, at: datetime) -> bool:
    """Whether a penalty that the snapshot knows nothing of is newer than the fulfilment."""
    since, before = row.resets.get(str(requirement)), kept.resets.get(requirement)
    if since is None:
        return False
    taken = datetime.fromisoformat(since)
    return at <= taken and (before is None or taken > datetime.fromisoformat(before))


def _unlinked_of(entries: Iterable[Mapping[str, Any]]) -> QuerySet[AccredibleBadge]:
    return AccredibleBadge.objects.filter(
        uuid__in=[entry["badge"] for entry in entries if "badge" in entry], group=None
    )


def _time(context: Any) -> datetime:
    try:
        return datetime.fromisoformat(context["time"])
    except (KeyError, TypeError, ValueError):  # a fulfilment that was made by hand
        return LONG_AGO


def _newest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
