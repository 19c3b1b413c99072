"""What is changed of a credential that is at Accredible: published, revoked, reinstated; each brings a Result.

How long a credential is valid is Accredible's word: a group gives its credentials a last day, and so do staff in the
dashboard. That day is read and kept before a revocation takes its place, and a reinstatement brings it back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credentials_accredible import conf, database
from credentials_accredible.choices import AtAccredible, BadgeAction, Revocation
from credentials_accredible.client import AccredibleClient, Credential
from credentials_accredible.delivery.actions import accepted, first_of, is_over_everywhere, not_there
from credentials_accredible.delivery.claims import Claim, Result
from credentials_accredible.delivery.policy import day_that_is_over, may_be_undone
from credentials_accredible.exceptions import NotFound, RequestFailed, UnexpectedReply
from credentials_accredible.models import AccredibleBadge

_GONE = gettext_lazy("It is not at Accredible any more.")


def publish(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Have the credential published, if Accredible can do so by now."""
    return _changed(client, BadgeAction.PUBLISH, client.publish_credential, badge)


def revoke(client: AccredibleClient, badge: AccredibleBadge, credential_id: str) -> str:
    """Revoke a credential of ``badge``, and return in which way; raises RequestFailed.

    That is the way of the setting ``REVOCATION``, or what was asked for where the learner has left.
    """
    revocation = conf.choice("REVOCATION", Revocation.values)
    if badge.at_accredible in {AtAccredible.UNPUBLISH, AtAccredible.DELETE}:
        revocation = Revocation(badge.at_accredible)
    if revocation == Revocation.DELETE:
        client.delete_credential(credential_id)
    elif revocation == Revocation.UNPUBLISH:
        client.unpublish_credential(credential_id)
    else:
        client.expire_credential(credential_id, day_that_is_over(timezone.now()))
    return str(Revocation(revocation).label)


def expire(client: AccredibleClient, claim: Claim, badge: AccredibleBadge) -> Result:
    """Revoke the credential of ``badge``, which ``claim`` holds, once its last day is kept."""
    today = timezone.localdate()
    try:
        found = client.credential(badge.external_id)
        # With a day of ours in the badge, a day that is over is the revocation itself, whose answer was lost.
        was_kept = badge.expired_on is not None and is_over_everywhere(found)
        if not was_kept and not claim.mark_expiring(badge, on=today, valid_until=found.valid_until):
            return Result(BadgeAction.EXPIRE, detail=_("Left to the sender that has taken it over."))
        detail = revoke(client, badge, badge.external_id)
    except NotFound as error:
        elsewhere = _elsewhere(client, badge, BadgeAction.EXPIRE, error)
        if elsewhere:
            return elsewhere
        detail = str(_GONE)
    except RequestFailed as error:
        return Result(BadgeAction.EXPIRE, error=error)
    else:
        doubt = may_be_undone(badge.showing_sent_at, database.now())
        if doubt:
            return Result(BadgeAction.EXPIRE, error=doubt)
    return Result(BadgeAction.EXPIRE, partial(AccredibleBadge.expire, on=today), detail=detail)


def reinstate(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Undo a revocation; a credential that was deleted has to be issued again."""
    return _changed(client, BadgeAction.REINSTATE, partial(_reinstate, client, badge.valid_until), badge)


def _reinstate(client: AccredibleClient, kept: date | None, credential_id: str) -> Credential:
    found = client.credential(credential_id)
    # A day that is not over was not set from here: it may be newer than what was ``kept``.
    valid_until = kept if is_over_everywhere(found) else found.valid_until or kept
    return client.reinstate_credential(credential_id, valid_until)


def _changed(
    client: AccredibleClient, action: BadgeAction, change: Callable[[str], Credential], badge: AccredibleBadge
) -> Result:
    try:
        credential = change(badge.external_id)
        doubt = may_be_undone(badge.revoking_sent_at, database.now())
        return Result(action, error=doubt) if doubt else accepted(action, credential)
    except NotFound as error:
        return _elsewhere(client, badge, action, error) or not_there(action, detail=str(_GONE))
    except RequestFailed as error:
        return Result(action, error=error)


def _elsewhere(client: AccredibleClient, badge: AccredibleBadge, action: BadgeAction, error: NotFound) -> Result | None:
    """What a second question brings after a single "not found", which ends nothing; None where it says the same."""
    own_id = str(badge.uuid)
    try:
        found = client.find_credentials([own_id])
        credential = first_of(client, [*(each.id for each in found.values()), badge.external_id])
    except RequestFailed as second:
        return Result(action, error=second)
    if credential is None:
        return None
    if credential.id != badge.external_id:
        return accepted(BadgeAction.ADOPT, credential)
    contradiction = _("it says “not found” of a credential that it shows")
    return Result(action, error=UnexpectedReply(error.endpoint, status=error.status, detail=contradiction))
