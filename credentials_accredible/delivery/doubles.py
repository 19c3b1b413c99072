"""Several valid credentials of one badge: the oldest stays, and the others are revoked at Accredible.

Accredible makes two where it goes on working on a request for longer than ``LATE_ANSWER_MINUTES``. Only credentials
that carry the badge's own id are touched, each after it was asked for by itself. The one that stays is recorded first,
and the badge is claimed while the others are revoked: a process that ends in between leaves what the next
reconciliation finds and repairs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible.choices import BadgeAction, BadgeStatus, Difference, Repair
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.client.payloads import whole_number
from credentials_accredible.delivery import repairs
from credentials_accredible.delivery.changing import revoke
from credentials_accredible.delivery.claims import Claim, Result
from credentials_accredible.delivery.repairs import BadgeVersion
from credentials_accredible.exceptions import NotFound, RequestFailed
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.models.badge_facts import Step


@dataclass(frozen=True)
class Settled:
    """What became of the credentials of a badge, or would become of them.

    ``kept`` is the id of the one that stays, empty where none does; ``revoked`` are the ids of the others.
    """

    repair: Repair
    kept: str = ""
    revoked: tuple[str, ...] = ()


def settle(client: AccredibleClient, key: int, *, dry_run: bool) -> Settled:
    """Leave the badge of this primary key one credential, none where it is revoked; raises RequestFailed.

    ``Repair.NONE`` where a person has to look: the credential that is recorded does not carry the badge's own id, none
    is valid any more, or the badge itself is not in order. ``dry_run``: say what would be done.
    """
    badge = AccredibleBadge.objects.filter(pk=key).select_related("user").first()
    if badge is None or repairs.is_in_flight(badge):
        return Settled(Repair.OVERTAKEN)
    valid = _valid(client, badge)
    kept = _oldest(valid) if badge.status == BadgeStatus.AWARDED and valid else None
    if not valid or (kept is None and badge.next_step is not Step.NOTHING):
        return Settled(Repair.NONE)
    stays = kept.id if kept else badge.external_id
    surplus = tuple(credential.id for credential in valid if credential.id != stays)
    settled = Settled(Repair.PLANNED, kept.id if kept else "", surplus)
    if dry_run:
        return settled
    if kept and (badge.external_id != kept.id or badge.next_step is not Step.NOTHING):
        if not repairs.repair(Difference.DOUBLE, BadgeVersion.of(badge), kept):
            return Settled(Repair.OVERTAKEN)
        badge.refresh_from_db()
    if badge.next_step is not Step.NOTHING or not _revoke(client, badge, settled):
        return Settled(Repair.OVERTAKEN)
    return Settled(Repair.DONE, settled.kept, settled.revoked)


def _valid(client: AccredibleClient, badge: AccredibleBadge) -> list[Credential]:
    """The credentials that carry the badge's own id and are valid; none where the recorded one is not one of ours.

    The search knows the own id of each and when it was made, and can lag behind in the rest.
    """
    own_id, today = str(badge.uuid), timezone.localdate()
    found = {credential.id: credential for credential in client.credentials_with(own_id)}
    recorded = {badge.external_id} - {"", *found}
    valid = []
    for number in (*found, *recorded):
        try:
            credential = client.credential(number)
        except NotFound:
            continue
        if not repairs.is_valid(credential, today) or credential.group_id not in {None, badge.accredible_group_id}:
            continue
        if number in recorded and credential.own_id != own_id:
            return []
        if credential.own_id in {"", own_id}:
            made = found[number].created_at if number in found else credential.created_at
            valid.append(credential.model_copy(update={"created_at": made}))
    return valid


def _oldest(credentials: list[Credential]) -> Credential:
    """The one that was made first, where that is said of all; else the one of the earliest day, then lowest number."""
    told = all(credential.created_at for credential in credentials)

    def age(credential: Credential) -> tuple[datetime, str, int]:
        made = (credential.created_at if told else None) or datetime.min.replace(tzinfo=UTC)
        return made, str(credential.issued_on or ""), whole_number(credential.id) or sys.maxsize

    return min(credentials, key=age)


def _revoke(client: AccredibleClient, badge: AccredibleBadge, settled: Settled) -> bool:
    """Revoke what ``settled`` says, under a claim of the badge; whether the badge still was as it was looked at."""
    if not settled.revoked:
        return True
    claim = repairs.take(BadgeVersion.of(badge))
    if claim is None:
        return False
    done: dict[str, str] = {}
    error: RequestFailed | None = None
    try:
        for number in settled.revoked:
            if not claim.keep(claim.badges):
                return False
            done[number] = revoke(client, badge, number)
    except RequestFailed as failure:
        error = failure
        raise
    finally:
        _write_down(claim, settled.kept, done, error)
    return True


def _write_down(claim: Claim, kept: str, done: dict[str, str], error: RequestFailed | None) -> None:
    sentences = [_("Reconciled: %(label)s.") % {"label": Difference.DOUBLE.label}]
    if kept:
        sentences.append(_("%(kept)s stays.") % {"kept": kept})
    sentences += [f"{how}: {number}." for number, how in done.items()]
    detail = " ".join(sentences)
    claim.write_down({badge: Result(BadgeAction.EXPIRE, error=error, detail=detail) for badge in claim.badges})
