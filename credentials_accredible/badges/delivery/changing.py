"""Changes of a credential that is at Accredible: revoked, published, reinstated. To repeat them does no harm."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.badges.delivery.issuing import issued
from credentials_accredible.badges.delivery.results import Result
from credentials_accredible.choices import BadgeAction, BadgeState, Revocation
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.exceptions import NotFound, RequestFailed
from credentials_accredible.models import AccredibleBadge


def expire(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Revoke the credential in the way of the setting ``REVOCATION``."""
    today = timezone.localdate()
    revocation = conf.choice("REVOCATION", Revocation.values)
    detail = str(Revocation(revocation).label)
    try:
        if revocation == Revocation.DELETE:
            client.delete_credential(badge.external_id)
        elif revocation == Revocation.UNPUBLISH:
            client.unpublish_credential(badge.external_id)
        else:
            client.expire_credential(badge.external_id, today)
    except NotFound:
        detail = "It is not at Accredible any more."
    except RequestFailed as error:
        return Result(BadgeAction.EXPIRE, error=error)
    return Result(BadgeAction.EXPIRE, {"state": BadgeState.EXPIRED, "expired_on": today}, detail=detail)


def publish(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Have the credential published, if Accredible can do so by now."""
    return _changed(BadgeAction.PUBLISH, client.publish_credential, badge)


def reinstate(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Undo a revocation; a credential that was deleted has to be issued anew."""
    return _changed(BadgeAction.REINSTATE, client.reinstate_credential, badge)


def _changed(action: BadgeAction, change: Callable[[str], Credential], badge: AccredibleBadge) -> Result:
    try:
        credential = change(badge.external_id)
    except NotFound:
        gone = {"external_id": "", "url": "", "state": BadgeState.CREATED, "expired_on": None}
        return Result(action, gone, detail="It is not at Accredible any more.")
    except RequestFailed as error:
        return Result(action, error=error)
    result = issued(credential, action=action)
    url = credential.url or badge.url
    return Result(action, {**result.values, "url": url, "expired_on": None}, detail=result.detail)
