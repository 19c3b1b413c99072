"""Repairs a badge: writes down what is so at Accredible, or has the delivery do there what was decided here.

A badge that was changed since it was compared is left alone. No request is sent from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Self
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from credentials_accredible.badges.delivery import outbox
from credentials_accredible.badges.delivery.issuing import issued
from credentials_accredible.badges.delivery.results import Result, write_down
from credentials_accredible.badges.retrying import retrying
from credentials_accredible.choices import BadgeAction, BadgeState, Difference
from credentials_accredible.client import Credential
from credentials_accredible.models import AccredibleBadge

_NOTHING_THERE = {"external_id": "", "url": "", "expired_on": None, "state": BadgeState.CREATED}


@dataclass(frozen=True, slots=True)
class Compared:
    """A badge as it was when it was compared: what is not like that any more is left alone."""

    pk: int
    status: str
    state: str
    external_id: str
    modified: datetime

    @classmethod
    def of(cls, badge: AccredibleBadge) -> Self:
        """``badge`` as it is now."""
        return cls(badge.pk, badge.status, badge.state, badge.external_id, badge.modified)


def repair(kind: Difference, compared: Compared, credential: Credential | None) -> bool:
    """Repair what was found of a badge; whether it still was like that, so that it was repaired."""
    return retrying(partial(_repair, kind, compared, credential))


def _repair(kind: Difference, compared: Compared, credential: Credential | None) -> bool:
    token = uuid4().hex
    with transaction.atomic():
        if not AccredibleBadge.objects.filter(claim="", **asdict(compared)).update(claim=token):
            return False
        write_down(token, {AccredibleBadge(pk=compared.pk): _result(kind, credential)})
        if kind == Difference.UNPUBLISHED:
            # Otherwise it would wait for its turn among those that Accredible did not publish.
            outbox.retry(AccredibleBadge.objects.filter(pk=compared.pk), None)
    return True


def _result(kind: Difference, credential: Credential | None) -> Result:
    detail = f"Reconciled: {kind.label}."
    if kind == Difference.REVOKED:
        expired_on = (credential and credential.expired_on) or timezone.localdate()
        return Result(BadgeAction.SEARCH, {"state": BadgeState.EXPIRED, "expired_on": expired_on}, detail=detail)
    if credential is None:
        return Result(BadgeAction.SEARCH, _NOTHING_THERE, detail=detail)
    adopted = issued(credential, action=BadgeAction.ADOPT)
    # The reply for a single credential has its address; where it has not, the one that is known stays.
    values = {name: value for name, value in adopted.values.items() if value}
    if kind == Difference.EXPIRED:
        # With status "awarded", what follows from this is that it is reinstated.
        values |= {"state": BadgeState.EXPIRED, "expired_on": credential.expired_on}
        return Result(BadgeAction.SEARCH, values, detail=detail)
    return Result(BadgeAction.ADOPT, {**values, "expired_on": None}, detail=f"{detail} {adopted.detail}".strip())
