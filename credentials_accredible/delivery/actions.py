"""Issues badges at Accredible: alone or many at a time, and never one that may be there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from django.utils import timezone

from credentials_accredible import conf
from credentials_accredible.choices import BadgeAction, BadgeState, BadgeStatus, Revocation
from credentials_accredible.client import AccredibleClient, Credential, NewCredential
from credentials_accredible.delivery.claims import Claim, lease
from credentials_accredible.delivery.policy import SentTogether, Verdict, nothing_was_done, verdict
from credentials_accredible.delivery.recipients import RecipientUnusable, new_credential
from credentials_accredible.delivery.results import Result
from credentials_accredible.exceptions import Invalid, NotFound, NotSent, RequestFailed
from credentials_accredible.models import AccredibleBadge

Results = dict[AccredibleBadge, Result]

# Badges that have failed so often are sent one by one: the reason may be one of those that were sent along.
_ALONE_AFTER = 2


def issue(
    client: AccredibleClient,
    claim: Claim,
    badges: Sequence[AccredibleBadge],
    patience: float,
    go_on: Callable[[], bool],
) -> Results:
    """Make a credential of each of ``badges``, of which nothing is at Accredible.

    ``patience``: seconds that a request takes at most; it leaves in time to end within the lease, or not at all. It is
    noted as sent only when it is its turn, so that a sender that ends while it waits leaves nothing to search for.
    What is missing in the results was not sent, because a request before it brought no answer, or because ``go_on``,
    which is asked before each request, said no.
    """
    results: Results = {}
    ready: dict[AccredibleBadge, NewCredential] = {}
    for badge in badges:
        try:
            ready[badge] = new_credential(badge)
        except RecipientUnusable as error:
            results[badge] = Result(BadgeAction.ISSUE, {"state": BadgeState.CREATED}, error)
    for batch in _batches(list(ready)):
        if not go_on():
            break
        claim.keep(list(ready))
        try:
            client.take_turn(send_before=monotonic() + lease() - patience)
        except NotSent as error:
            results |= {badge: failed(BadgeAction.ISSUE, error) for badge in batch}
            break
        # From before the lease begins: should the database keep this waiting, others may have taken them over since.
        send_before = monotonic() + lease() - patience
        sent = claim.mark_sent(batch)
        # Revoked a moment ago: nothing is there, and nothing is to be done.
        results |= {b: Result(BadgeAction.ISSUE, {"state": BadgeState.CREATED}, detail="Not sent: revoked before.")
                    for b in batch if b not in sent}  # fmt: skip
        brought = _send(client, [(badge, ready[badge]) for badge in sent], send_before)
        results |= brought
        if any(result.error and verdict(result.error) in {Verdict.AGAIN, Verdict.PAUSE} for result in brought.values()):
            break
    return results


def _batches(badges: Sequence[AccredibleBadge]) -> list[list[AccredibleBadge]]:
    together = [badge for badge in badges if badge.failures < _ALONE_AFTER]
    alone = [[badge] for badge in badges if badge.failures >= _ALONE_AFTER]
    return ([together] if together else []) + alone


def _send(client: AccredibleClient, batch: list[tuple[AccredibleBadge, NewCredential]], send_before: float) -> Results:
    if not batch:
        return {}
    if len(batch) == 1:
        badge, new = batch[0]
        try:
            return {badge: issued(client.create_credential(new, send_before=send_before, has_turn=True))}
        except RequestFailed as error:
            return {badge: _refused(client, badge, new, error)}
    try:
        items = client.create_credentials([new for _badge, new in batch], send_before=send_before, has_turn=True)
    except Invalid as error:
        # All of them refused for the sake of one, most likely: the next time each goes alone.
        values = {"state": BadgeState.CREATED, "failures": _ALONE_AFTER}
        return {badge: Result(BadgeAction.ISSUE, values, SentTogether(str(error))) for badge, _new in batch}
    except RequestFailed as error:
        return {badge: failed(BadgeAction.ISSUE, error) for badge, _new in batch}
    results: Results = {}
    for (badge, new), item in zip(batch, items, strict=True):
        if item.credential:
            results[badge] = issued(item.credential, item.error)
        elif item.error:
            results[badge] = _refused(client, badge, new, item.error)
    return results


def issued(credential: Credential, objection: Invalid | None = None, action: Any = BadgeAction.ISSUE) -> Result:
    """The result for a credential that is at Accredible, published or not."""
    values = {"external_id": credential.id, "url": credential.url}
    if credential.published:
        return Result(action, {**values, "state": BadgeState.ACCEPTED})
    reason = f" It says: {objection.detail}" if objection and objection.detail else ""
    return Result(
        action,
        {**values, "state": BadgeState.UNPUBLISHED},
        detail="Accredible made the credential, but did not publish it: the account is out of credits, the group has "
        f"no design, or the account is in its sandbox mode.{reason}",
    )


def failed(action: BadgeAction, error: RequestFailed) -> Result:
    """The result for a creation that brought ``error``: only where nothing was done, the badge may be sent again."""
    return Result(action, {"state": BadgeState.CREATED} if nothing_was_done(error) else {}, error)


def _refused(client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed) -> Result:
    if verdict(error) is not Verdict.DUPLICATE:
        return failed(BadgeAction.ISSUE, error)
    try:
        return _adopt_existing(client, badge, new, error)
    except RequestFailed as second:
        # The refusal is certain: the badge is not there under our id.
        return Result(BadgeAction.ADOPT, {"state": BadgeState.CREATED}, second)


def _adopt_existing(
    client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed
) -> Result:
    """Take over the one credential of this group and address, unless it is another badge's or was expired there."""
    existing = client.credentials_of(new.group_id, new.recipient_email)
    free = [found for found in existing if not _is_over(found) and not _belongs_to_another(badge, found)]
    if not free:
        return Result(BadgeAction.ADOPT, {"state": BadgeState.CREATED}, error)
    own = [found for found in free if found.own_id == str(badge.uuid)]
    try:
        return issued(client.credential((own or free)[0].id), action=BadgeAction.ADOPT)
    except NotFound:
        return Result(BadgeAction.ADOPT, {"state": BadgeState.CREATED}, error)


def _is_over(found: Credential) -> bool:
    # A day to come is the end of a validity that the group has set.
    return found.expired_on is not None and found.expired_on <= timezone.localdate()


def _belongs_to_another(badge: AccredibleBadge, found: Credential) -> bool:
    others = AccredibleBadge.objects.exclude(pk=badge.pk)
    return others.filter(external_id=found.id, api_config=badge.api_config_id).exists() or (
        _is_uuid(found.own_id) and others.filter(uuid=found.own_id).exists()
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def search(
    client: AccredibleClient, badges: Sequence[AccredibleBadge], go_on: Callable[[], bool]
) -> tuple[Results, list[AccredibleBadge]]:
    """Look for ``badges`` by our own ids; returns what was found out, and those that still have to be issued.

    What is there is adopted. The search of many comes first; one that it does not find is asked for by itself, because
    a search index can lag behind. What is in neither was not looked for, because Accredible gave no answer, or because
    ``go_on``, which is asked before each request, said no.
    """
    results: Results = {}
    absent: list[AccredibleBadge] = []
    try:
        found = client.find_credentials([str(badge.uuid) for badge in badges])
    except RequestFailed as error:
        return {badge: Result(BadgeAction.SEARCH, error=error) for badge in badges}, []
    for badge in badges:
        if not go_on():
            break
        own_id = str(badge.uuid)
        try:
            # The address that learners get is not in the results of a search.
            results[badge] = issued(client.credential(found[own_id].id if own_id in found else own_id),
                                    action=BadgeAction.ADOPT)  # fmt: skip
        except NotFound:
            if badge.status == BadgeStatus.AWARDED:
                absent.append(badge)
            else:
                results[badge] = Result(
                    BadgeAction.SEARCH, {"state": BadgeState.CREATED}, detail="Not at Accredible: nothing to revoke."
                )
        except RequestFailed as error:
            results[badge] = Result(BadgeAction.SEARCH, error=error)
            break
    return results, absent


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
