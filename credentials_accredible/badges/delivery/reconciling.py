"""Compares the badges of a configuration with Accredible's credentials, and repairs what may be repaired.

First everything is read, then each suspicion is confirmed by asking for the single credential, because a search index
can lag behind, and only then is anything repaired: whatever goes wrong before that, nothing was concluded.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.utils import timezone

from credentials_accredible.badges.accounts import open_client
from credentials_accredible.badges.delivery.reconciling_reading import Sighting, in_batches, read
from credentials_accredible.badges.delivery.reconciling_repairs import Compared, repair
from credentials_accredible.badges.delivery.reconciling_rules import (
    DELIVERED,
    RECORDED,
    REMARKS,
    difference,
    is_in_flight,
)
from credentials_accredible.choices import Difference, Repair
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.exceptions import AccredibleError, NotFound, UnexpectedReply
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

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
