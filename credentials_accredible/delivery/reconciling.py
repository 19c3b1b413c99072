"""Compares the badges of a configuration with Accredible's credentials, and repairs what may be repaired.

First everything is read, then each suspicion is confirmed by asking for the single credential, because a search index
can lag behind, and only then is anything repaired: until then, nothing was concluded.
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
from django.utils.translation import gettext as _

from credentials_accredible.choices import BadgeStatus, Difference, Repair
from credentials_accredible.client import AccredibleClient, Credential, open_client
from credentials_accredible.database import batches, pages
from credentials_accredible.delivery import pauses
from credentials_accredible.delivery.actions import own_uuid
from credentials_accredible.delivery.doubles import settle
from credentials_accredible.delivery.engines import hand_over_due
from credentials_accredible.delivery.repairs import (
    DELIVERED,
    RECORDED,
    REMARKS,
    BadgeVersion,
    difference,
    has_other_recipient,
    is_in_flight,
    is_valid,
    repair,
)
from credentials_accredible.exceptions import AccredibleError, NotFound, RequestFailed, UnexpectedReply
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup

log = logging.getLogger(__name__)

# Groups that are asked for at once: an account has more of them than one question should hold.
_GROUPS = 50
# So many credentials that a search did not show, and that are there, are not a lag any more.
_MOST_SURPRISES = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference. ``group`` and ``credential`` are Accredible's ids, the latter empty where there is none.

    ``badge`` is None for a credential that no badge stands for. ``kept`` is the id of the credential that stays, where
    a double is repaired.
    """

    kind: Difference
    group: int
    credential: str = ""
    badge: UUID | None = None
    repair: Repair = Repair.NONE
    kept: str = ""

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
    """Compare, repair differences of the kinds in ``repairs``, and hand over what has become due by that.

    Differences of the kinds in ``ignore`` are left out altogether. ``dry_run``: say what would be repaired, and write
    nothing. Does not raise AccredibleError. Call it outside of a transaction: Accredible is asked meanwhile.
    """
    wanted = (RECORDED | DELIVERED) & set(repairs)
    try:
        with open_client(config) as client:
            comparison = _Comparison(config, client)
            found = list(comparison.findings(wanted, ignore))
            findings = [_repaired(*item, dry_run=dry_run) for item in found]
            # Last, because they begin with what the other repairs have recorded.
            findings = _settled(config, client, findings, dry_run=dry_run) if Difference.DOUBLE in wanted else findings
            requests = client.requests_sent
    except AccredibleError as error:
        log.warning("reconciliation_failed config=%s error=%s", config.pk, type(error).__name__)
        return Reconciliation(config, error=str(error))
    repaired = sum(finding.repair == Repair.DONE for finding in findings)
    reading = comparison.reading
    log.info(
        "reconciled config=%s badges=%s credentials=%s findings=%s repaired=%s requests=%s",
        config.pk,
        reading.badges,
        reading.credentials,
        len(findings),
        repaired,
        requests,
    )
    if repaired:
        hand_over_due(config)
    return Reconciliation(config, "", reading.badges, reading.in_flight, reading.credentials, requests, findings)


def _repaired(
    finding: Finding, compared: BadgeVersion | None, credential: Credential | None, *, dry_run: bool
) -> Finding:
    if compared is None:
        return finding
    if dry_run:
        return replace(finding, repair=Repair.PLANNED)
    done = repair(finding.kind, compared, credential)
    return replace(finding, repair=Repair.DONE if done else Repair.OVERTAKEN)


def _settled(
    config: AccredibleAPIConfig, client: AccredibleClient, findings: Sequence[Finding], *, dry_run: bool
) -> list[Finding]:
    """Repair the doubles among ``findings``, and tell of each credential what became of it.

    None while nothing of the configuration is sent, and no more after a request that failed.
    """
    settled: list[Finding] = []
    by_badge: dict[UUID, list[Finding]] = {}
    for finding in findings:
        same = (
            by_badge.setdefault(finding.badge, []) if finding.kind == Difference.DOUBLE and finding.badge else settled
        )
        same.append(finding)
    goes_on = bool(pauses.allowance(config))
    # A badge that another configuration stands for, or none any more, is left to a person.
    ours = AccredibleBadge.objects.filter(api_config=config)
    for uuid, doubles in by_badge.items():
        key = ours.filter(uuid=uuid).values_list("pk", flat=True).first() if goes_on else None
        if key is None:
            settled += doubles
            continue
        try:
            done = settle(client, key, dry_run=dry_run)
        except RequestFailed as error:
            log.warning("double_not_repaired badge=%s error=%s", uuid, type(error).__name__)
            goes_on = False
            settled += [replace(double, repair=Repair.FAILED) for double in doubles]
            continue
        if done.repair in {Repair.PLANNED, Repair.DONE}:
            told = done.revoked or (done.kept,)
            settled += [replace(doubles[0], credential=number, repair=done.repair, kept=done.kept) for number in told]
        else:
            settled += [replace(double, repair=done.repair) for double in doubles]
    return settled


class _Comparison:
    def __init__(self, config: AccredibleAPIConfig, client: AccredibleClient) -> None:
        self._client = client
        self._today = timezone.localdate()
        self._visible: dict[int, bool] = {}
        self._surprises = 0
        try:
            self.reading = _read(client, config, self._today)
        except UnexpectedReply:
            # Pages can contradict each other because the account changed between them; the second time it is an error.
            self.reading = _read(client, config, self._today)

    def findings(
        self, wanted: Collection[Difference], ignore: Collection[Difference]
    ) -> Iterator[tuple[Finding, BadgeVersion | None, Credential | None]]:
        """Everything that differs, but for the kinds in ``ignore``; with the badge where that is to be repaired.

        Those are the kinds in ``wanted``. Raises RequestFailed where it cannot be confirmed.
        """
        reading = self.reading
        current: dict[int, str] = {}
        for badge in _by_keys(reading.suspects | {pk for pk, _double in reading.doubles}):
            if is_in_flight(badge):
                continue
            kind, credential = self._look_at(badge)
            current[badge.pk] = credential.id if credential else badge.external_id
            if kind and kind not in ignore:
                finding = Finding(kind, badge.accredible_group_id, current[badge.pk], badge.uuid)
                yield (finding, BadgeVersion.of(badge), credential) if kind in wanted else (finding, None, None)
        # Doubles are told only where the badge's own credential is known by now, and is another one.
        doubles = [double for pk, double in reading.doubles if current.get(pk) not in {None, double.credential}]
        for finding in [*doubles, *reading.unknown, *reading.recipients]:
            if finding.kind not in ignore:
                yield finding, None, None

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
                detail=_("it does not show more than %(most_surprises)s credentials that are there")
                % {"most_surprises": _MOST_SURPRISES},
            )


@dataclass
class _Reading:
    """What was read. ``seen``, ``suspects``: primary keys of badges, found in the search and worth a closer look.

    ``doubles``: valid credentials beside another one of the same badge, with its primary key. ``unknown``: those that
    no badge stands for. ``recipients``: those with another address than the learner's. ``credentials``, ``badges``,
    ``in_flight``: how many.
    """

    seen: set[int] = field(default_factory=set)
    suspects: set[int] = field(default_factory=set)
    doubles: list[tuple[int, Finding]] = field(default_factory=list)
    unknown: list[Finding] = field(default_factory=list)
    recipients: list[Finding] = field(default_factory=list)
    credentials: int = 0
    badges: int = 0
    in_flight: int = 0


def _read(client: AccredibleClient, config: AccredibleAPIConfig, today: date) -> _Reading:
    """Read all credentials of the groups of ``config``, then all of its badges. Raises RequestFailed."""
    reading = _Reading()
    for groups in batches(sorted(_group_ids(config)), _GROUPS):
        for page in client.credential_pages(groups):
            _take(reading, config, page, today)
    # Badges come last: one that was delivered meanwhile is looked at once more, not counted as missing.
    for badges in pages(AccredibleBadge.objects.filter(api_config=config).select_related("user")):
        for badge in badges:
            reading.badges += 1
            if is_in_flight(badge):
                reading.in_flight += 1
            elif badge.pk not in reading.seen and difference(badge, None, today):
                reading.suspects.add(badge.pk)
    return reading


def _group_ids(config: AccredibleAPIConfig) -> set[int]:
    """Those that are here, and those that are gone and have badges."""
    here = AccredibleGroup.objects.filter(api_config=config).values_list("accredible_id", flat=True)
    issued = AccredibleBadge.objects.filter(api_config=config).order_by().values_list("accredible_group_id", flat=True)
    return {*here, *issued.distinct()}


def _take(reading: _Reading, config: AccredibleAPIConfig, page: Sequence[Credential], today: date) -> None:
    reading.credentials += len(page)
    found = _badges_of(config, page)
    for credential in page:
        badge = found.get(credential.id)
        if badge is None:
            reading.unknown.append(_finding(Difference.UNKNOWN, credential))
        elif badge.api_config_id == config.pk and not is_in_flight(badge):
            _compare(reading, badge, credential, today)
        elif badge.api_config_id is None and is_valid(credential, today) and _has_successor(badge, config):
            reading.unknown.append(_finding(Difference.DOUBLE, credential, badge))


def _has_successor(badge: AccredibleBadge, config: AccredibleAPIConfig) -> bool:
    """Whether the learner got another one after the badge's own configuration was deleted."""
    same = AccredibleBadge.objects.filter(user=badge.user_id, accredible_group_id=badge.accredible_group_id)
    return badge.user_id is not None and same.filter(api_config=config, status=BadgeStatus.AWARDED).exists()


def _compare(reading: _Reading, badge: AccredibleBadge, credential: Credential, today: date) -> None:
    if (badge.external_id or credential.id) != credential.id or badge.pk in reading.seen:
        if is_valid(credential, today):
            reading.doubles.append((badge.pk, _finding(Difference.DOUBLE, credential, badge)))
        return
    reading.seen.add(badge.pk)
    if difference(badge, credential, today):
        reading.suspects.add(badge.pk)
    elif has_other_recipient(badge, credential):
        reading.recipients.append(_finding(Difference.RECIPIENT, credential, badge))


def _finding(kind: Difference, credential: Credential, badge: AccredibleBadge | None = None) -> Finding:
    return Finding(kind, credential.group_id or 0, credential.id, badge.uuid if badge else None)


def _badges_of(config: AccredibleAPIConfig, page: Sequence[Credential]) -> dict[str, AccredibleBadge]:
    """The badge that each credential belongs to, by the credential's id: by our own id, else by Accredible's."""
    badges: QuerySet[Any, AccredibleBadge] = AccredibleBadge.objects.select_related("user")
    uuids = {credential.id: uuid for credential in page if (uuid := own_uuid(credential))}
    by_uuid = {badge.uuid: badge for badge in badges.filter(uuid__in=set(uuids.values()))}
    found = {number: by_uuid[uuid] for number, uuid in uuids.items() if uuid in by_uuid}
    rest = [credential.id for credential in page if credential.id not in found]
    if rest:
        # Ids are unique within an environment: a badge of another configuration there stands for it as well.
        same = badges.filter(environment=config.environment, external_id__in=rest)
        found |= {badge.external_id: badge for badge in same}
    return found


def _by_keys(keys: Collection[int]) -> Iterator[AccredibleBadge]:
    """The badges of these primary keys, with their learners; only a few at a time are in memory."""
    for batch in batches(sorted(keys)):
        yield from AccredibleBadge.objects.filter(pk__in=batch).select_related("user").order_by("pk")
