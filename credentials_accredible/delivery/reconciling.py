"""Compares the badges of a configuration with Accredible's credentials, and repairs what may be repaired.

First everything is read, then each suspicion is confirmed by asking for the single credential, because a search index
can lag behind, and only then is anything repaired: whatever goes wrong before that, nothing was concluded.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from credentials_accredible.choices import Difference, Repair
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.delivery.repairs import (
    DELIVERED,
    RECORDED,
    REMARKS,
    Compared,
    difference,
    has_other_recipient,
    is_in_flight,
    is_valid,
    repair,
)
from credentials_accredible.exceptions import AccredibleError, NotFound, UnexpectedReply
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup
from credentials_accredible.models.config import open_client

# Groups that are asked for at once: an account has more of them than one question should hold.
_GROUPS = 50
_BATCH_RECONCILING_READING = 500


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
    while batch := list(badges.filter(pk__gt=last).select_related("user").order_by("pk")[:_BATCH_RECONCILING_READING]):
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


log = logging.getLogger(__name__)

# Databases limit the values of one statement.
_BATCH = 500
# So many credentials that a search did not show, and that are there, are not a lag any more.
_MOST_SURPRISES = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference. ``group`` and ``credential`` are Accredible's ids, the latter empty where there is none.

    ``badge`` is None for a credential that no badge stands for.
    """

    kind: Difference
    group: int
    credential: str = ""
    badge: UUID | None = None
    repair: Repair = Repair.NONE

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look at it after this."""
        return self.kind not in REMARKS and self.repair not in {Repair.PLANNED, Repair.DONE}


@dataclass(frozen=True)
class Reconciliation:
    """What the comparison of one configuration brought; ``error`` says why it did not come to its end.

    ``badges`` and ``credentials`` were compared; ``in_flight`` of the badges were left alone, because a sender has
    them or is about to.
    """

    config: AccredibleAPIConfig
    error: str = ""
    badges: int = 0
    in_flight: int = 0
    credentials: int = 0
    requests: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def needs_a_person(self) -> bool:
        """Whether it failed, or left differences that somebody has to look at."""
        return bool(self.error) or any(finding.needs_a_person for finding in self.findings)


def reconcile(
    config: AccredibleAPIConfig,
    *,
    repairs: Collection[Difference] = (),
    ignore: Collection[Difference] = (),
    dry_run: bool = False,
) -> Reconciliation:
    """Compare, and repair differences of the kinds in ``repairs``; those in ``ignore`` are left out altogether.

    ``dry_run``: say what would be repaired, and write nothing. Does not raise AccredibleError. Call it outside of a
    transaction: Accredible is asked meanwhile.
    """
    wanted = (RECORDED | DELIVERED) & set(repairs)
    try:
        with open_client(config) as client:
            comparison = _Comparison(config, client)
            found = list(comparison.findings(wanted, ignore))
            requests = client.requests_sent
    except AccredibleError as error:
        log.warning("reconciliation_failed config=%s error=%s", config.pk, type(error).__name__)
        return Reconciliation(config, error=str(error))
    findings = [_repaired(item, dry_run) for item in found]
    log.info(
        "reconciled config=%s badges=%s credentials=%s findings=%s repaired=%s requests=%s",
        config.pk,
        comparison.reading.badges,
        comparison.reading.credentials,
        len(findings),
        sum(finding.repair == Repair.DONE for finding in findings),
        requests,
    )
    reading = comparison.reading
    return Reconciliation(config, "", reading.badges, reading.in_flight, reading.credentials, requests, findings)


@dataclass(frozen=True, slots=True)
class _Found:
    """A finding, with what its repair takes where it is to be repaired."""

    finding: Finding
    compared: Compared | None = None
    credential: Credential | None = None


def _repaired(found: _Found, dry_run: bool) -> Finding:
    if found.compared is None:
        return found.finding
    if dry_run:
        return replace(found.finding, repair=Repair.PLANNED)
    done = repair(found.finding.kind, found.compared, found.credential)
    return replace(found.finding, repair=Repair.DONE if done else Repair.OVERTAKEN)


class _Comparison:
    """One reading, and what a closer look at it brings."""

    def __init__(self, config: AccredibleAPIConfig, client: AccredibleClient) -> None:
        self._client = client
        self._today = timezone.localdate()
        self._visible: dict[int, bool] = {}
        self._surprises = 0
        try:
            self.reading = read(client, config, self._today)
        except UnexpectedReply:
            # Pages can contradict each other because the account changed between them; the second time it is an error.
            self.reading = read(client, config, self._today)

    def findings(self, wanted: Collection[Difference], ignore: Collection[Difference]) -> Iterator[_Found]:
        """Everything that differs, but for the kinds in ``ignore``; those in ``wanted`` are to be repaired.

        Raises RequestFailed where it cannot be confirmed.
        """
        current: dict[int, str] = {}
        for badge in self._badges(self.reading.suspects | {seen.badge or 0 for seen in self.reading.extra}):
            if is_in_flight(badge):
                continue
            kind, credential = self._look_at(badge)
            current[badge.pk] = credential.id if credential else badge.external_id
            if kind and kind not in ignore:
                finding = Finding(kind, badge.accredible_group_id, current[badge.pk], badge.uuid)
                repairable = kind in wanted
                yield _Found(finding, Compared.of(badge), credential) if repairable else _Found(finding)
        for kind, sightings in self._sightings(current):
            if kind not in ignore:
                yield from self._sighted(kind, sightings)

    def _look_at(self, badge: AccredibleBadge) -> tuple[Difference | None, Credential | None]:
        if badge.pk in self.reading.seen and badge.pk not in self.reading.suspects:
            return None, None
        hidden = badge.pk not in self.reading.seen
        expected = difference(badge, None, self._today)
        if hidden and expected == Difference.MISSING and not self._sees(badge.accredible_group_id):
            return Difference.OUT_OF_SIGHT, None
        credential = self._credential(badge)
        if credential and hidden:
            self._be_surprised()
        return difference(badge, credential, self._today), credential

    def _sightings(self, current: dict[int, str]) -> Iterator[tuple[Difference, list[Sighting]]]:
        extra = self.reading.extra
        yield Difference.DOUBLE, [seen for seen in extra if current.get(seen.badge or 0) not in {None, seen.credential}]
        yield Difference.UNKNOWN, self.reading.unknown
        yield Difference.RECIPIENT, self.reading.recipients

    def _credential(self, badge: AccredibleBadge) -> Credential | None:
        for number in (badge.external_id, str(badge.uuid)):
            if number:
                try:
                    return self._client.credential(number)
                except NotFound:
                    continue
        return None

    def _sees(self, group: int) -> bool:
        if group not in self._visible:
            self._visible[group] = self._client.sees_group(group)
        return self._visible[group]

    def _be_surprised(self) -> None:
        self._surprises += 1
        if self._surprises > _MOST_SURPRISES:
            raise UnexpectedReply(
                "POST /v2/credentials/search",
                status=200,
                detail=f"it does not show more than {_MOST_SURPRISES} credentials that are there",
            )

    def _sighted(self, kind: Difference, sightings: Collection[Sighting]) -> Iterator[_Found]:
        badges = {badge.pk: badge.uuid for badge in self._badges({sighting.badge or 0 for sighting in sightings})}
        for sighting in sightings:
            badge = badges.get(sighting.badge or 0)
            yield _Found(Finding(kind, sighting.group, sighting.credential, badge))

    @staticmethod
    def _badges(pks: set[int]) -> Iterator[AccredibleBadge]:
        ordered = sorted(pks)
        for start in range(0, len(ordered), _BATCH):
            yield from in_batches(AccredibleBadge.objects.filter(pk__in=ordered[start : start + _BATCH]))
