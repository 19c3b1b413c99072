"""Reads what Accredible has of a configuration's groups, page by page, and finds out what to look at closely.

Nothing is concluded before the last page has been read. Of what agrees, only primary keys are kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from credentials_accredible.badges.delivery.reconciling_rules import (
    difference,
    has_other_recipient,
    is_in_flight,
    is_valid,
)
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup

# Groups that are asked for at once: an account has more of them than one question should hold.
_GROUPS = 50
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Sighting:
    """A credential that Accredible has beside what is expected, and the badge that it may belong to."""

    group: int
    credential: str
    badge: int | None = None


@dataclass
class Reading:
    """What was read. ``seen``, ``suspects``: primary keys of badges, found in the search and worth a closer look.

    ``extra``: valid credentials of badges that have another one. ``unknown``: those that no badge stands for.
    ``recipients``: those with another address than the learner's. ``credentials``, ``badges``, ``in_flight``: how many.
    """

    seen: set[int] = field(default_factory=set)
    suspects: set[int] = field(default_factory=set)
    extra: list[Sighting] = field(default_factory=list)
    unknown: list[Sighting] = field(default_factory=list)
    recipients: list[Sighting] = field(default_factory=list)
    credentials: int = 0
    badges: int = 0
    in_flight: int = 0


def read(client: AccredibleClient, config: AccredibleAPIConfig, today: date) -> Reading:
    """Read all credentials of the groups of ``config``, then all of its badges. Raises RequestFailed."""
    reading = Reading()
    groups = sorted(_group_ids(config))
    for start in range(0, len(groups), _GROUPS):
        for page in client.credential_pages(groups[start : start + _GROUPS]):
            _take(reading, config, page, today)
    # Badges come last: one that was delivered meanwhile is looked at once more, not counted as missing.
    for badge in in_batches(AccredibleBadge.objects.filter(api_config=config)):
        reading.badges += 1
        if is_in_flight(badge):
            reading.in_flight += 1
        elif badge.pk not in reading.seen and difference(badge, None, today):
            reading.suspects.add(badge.pk)
    return reading


def in_batches(badges: QuerySet[AccredibleBadge]) -> Iterator[AccredibleBadge]:
    """All of ``badges``, by primary key and with their learners; only a few at a time are in memory."""
    last = 0
    while batch := list(badges.filter(pk__gt=last).select_related("user").order_by("pk")[:_BATCH]):
        yield from batch
        last = batch[-1].pk


def _group_ids(config: AccredibleAPIConfig) -> set[int]:
    """Those that are here, and those that are gone and have badges."""
    here = AccredibleGroup.objects.filter(api_config=config).values_list("accredible_id", flat=True)
    issued = AccredibleBadge.objects.filter(api_config=config).order_by().values_list("accredible_group_id", flat=True)
    return {*here, *issued.distinct()}


def _take(reading: Reading, config: AccredibleAPIConfig, page: Sequence[Credential], today: date) -> None:
    reading.credentials += len(page)
    badges = _badges_of(config, page)
    for credential in page:
        badge = badges.get(credential.id)
        if badge is None:
            reading.unknown.append(_sighting(credential))
        elif badge.api_config_id == config.pk and not is_in_flight(badge):
            _compare(reading, badge, credential, today)


def _compare(reading: Reading, badge: AccredibleBadge, credential: Credential, today: date) -> None:
    if (badge.external_id or credential.id) != credential.id or badge.pk in reading.seen:
        if is_valid(credential, today):
            reading.extra.append(_sighting(credential, badge))
        return
    reading.seen.add(badge.pk)
    if difference(badge, credential, today):
        reading.suspects.add(badge.pk)
    elif has_other_recipient(badge, credential):
        reading.recipients.append(_sighting(credential, badge))


def _badges_of(config: AccredibleAPIConfig, page: Sequence[Credential]) -> dict[str, AccredibleBadge]:
    """The badge that each credential belongs to, by the credential's id: by our own id, else by Accredible's."""
    badges: QuerySet[Any, AccredibleBadge] = AccredibleBadge.objects.select_related("user")
    uuids = {credential.id: uuid for credential in page if (uuid := _uuid(credential.own_id))}
    by_uuid = {badge.uuid: badge for badge in badges.filter(uuid__in=set(uuids.values()))}
    found = {number: by_uuid[uuid] for number, uuid in uuids.items() if uuid in by_uuid}
    rest = [credential.id for credential in page if credential.id not in found]
    if rest:
        # Ids are unique within an environment: a badge of another configuration there stands for it as well.
        same = badges.filter(api_config__environment=config.environment, external_id__in=rest)
        found |= {badge.external_id: badge for badge in same}
    return found


def _sighting(credential: Credential, badge: AccredibleBadge | None = None) -> Sighting:
    return Sighting(credential.group_id or 0, credential.id, badge.pk if badge else None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
