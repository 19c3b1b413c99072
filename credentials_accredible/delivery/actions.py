"""What is done at Accredible about a badge: search, issue, publish, expire, reinstate; each brings a Result.

A badge is issued alone or with many others, and never while it may be there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from credentials_accredible import conf, database
from credentials_accredible.choices import BadgeAction, BadgeStatus, Revocation
from credentials_accredible.client import AccredibleClient, Credential, NewCredential
from credentials_accredible.delivery.claims import Claim, Result, Results
from credentials_accredible.delivery.policy import (
    RecipientUnusable,
    SentTogether,
    Verdict,
    day_that_is_over,
    may_be_undone,
    nothing_was_done,
    still_on_its_way,
    verdict,
)
from credentials_accredible.exceptions import (
    Invalid,
    NotFound,
    NotSent,
    PermissionRefused,
    RequestFailed,
    UnexpectedReply,
)
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.models.badge import ALONE_AFTER

_GONE = "It is not at Accredible any more."


def search(
    client: AccredibleClient, badges: Sequence[AccredibleBadge], go_on: Callable[[], bool]
) -> tuple[Results, list[AccredibleBadge]]:
    """Look for ``badges`` by our own ids; returns what was found out, and those that still have to be issued.

    What is there is adopted. The search of many comes first; one that it does not find is asked for by itself, because
    a search index can lag behind. One that may still be on its way is to be looked for later. What is in neither was
    not looked for, because Accredible gave no answer, or because ``go_on``, which is asked before each request, said
    no.
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
            credential = _first_of(client, [found[own_id].id, own_id] if own_id in found else [own_id])
        except RequestFailed as error:
            results[badge] = Result(BadgeAction.SEARCH, error=error)
            break
        if credential:
            results[badge] = accepted(BadgeAction.ADOPT, credential)
            continue
        on_its_way = still_on_its_way(badge.sent_at, database.now())
        if on_its_way:
            results[badge] = Result(BadgeAction.SEARCH, error=on_its_way)
        elif badge.status == BadgeStatus.AWARDED:
            absent.append(badge)
        else:
            results[badge] = _absent(BadgeAction.SEARCH, detail="Not at Accredible: nothing to revoke.")
    return results, absent


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
            ready[badge] = _new_credential(badge)
        except RecipientUnusable as error:
            results[badge] = _absent(BadgeAction.ISSUE, error)
    for batch in _batches(list(ready)):
        if not go_on():
            break
        claim.keep(list(ready))
        try:
            client.take_turn(send_before=monotonic() + conf.delivery_lease() - patience)
        except NotSent as error:
            results |= {badge: _failed(error) for badge in batch}
            break
        # From before the lease begins: should the database keep this waiting, others may have taken them over since.
        send_before = monotonic() + conf.delivery_lease() - patience
        sent = claim.mark_sent(batch)
        for badge in set(batch).difference(sent):
            results[badge] = _absent(BadgeAction.ISSUE, detail="Not sent: revoked before.")
        brought = _send(client, [(badge, ready[badge]) for badge in sent], send_before)
        results |= brought
        if any(result.error and verdict(result.error) in {Verdict.AGAIN, Verdict.PAUSE} for result in brought.values()):
            break
    return results


def publish(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Have the credential published, if Accredible can do so by now."""
    return _changed(client, BadgeAction.PUBLISH, client.publish_credential, badge)


def revoke(client: AccredibleClient, credential_id: str) -> str:
    """Revoke the credential in the way of the setting ``REVOCATION``, and return that; raises RequestFailed."""
    revocation = conf.choice("REVOCATION", Revocation.values)
    if revocation == Revocation.DELETE:
        client.delete_credential(credential_id)
    elif revocation == Revocation.UNPUBLISH:
        client.unpublish_credential(credential_id)
    else:
        client.expire_credential(credential_id, day_that_is_over(timezone.now()))
    return str(Revocation(revocation).label)


def expire(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Revoke the credential of ``badge``."""
    today = timezone.localdate()
    try:
        detail = revoke(client, badge.external_id)
    except NotFound as error:
        elsewhere = _elsewhere(client, badge, BadgeAction.EXPIRE, error)
        if elsewhere:
            return elsewhere
        detail = _GONE
    except RequestFailed as error:
        return Result(BadgeAction.EXPIRE, error=error)
    else:
        doubt = may_be_undone(badge.showing_sent_at, database.now())
        if doubt:
            return Result(BadgeAction.EXPIRE, error=doubt)
    return Result(BadgeAction.EXPIRE, partial(AccredibleBadge.expire, on=today), detail=detail)


def reinstate(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """Undo a revocation; a credential that was deleted has to be issued again."""
    return _changed(client, BadgeAction.REINSTATE, client.reinstate_credential, badge)


def accepted(action: BadgeAction, credential: Credential, objection: RequestFailed | None = None) -> Result:
    """The result for a credential that is at Accredible, published or not."""
    transition = partial(
        AccredibleBadge.accept, external_id=credential.id, url=credential.url, published=credential.published
    )
    if credential.published:
        return Result(action, transition)
    reason = f" It says: {objection.detail}" if objection and objection.detail else ""
    return Result(
        action,
        transition,
        detail="Accredible made the credential, but did not publish it: the account is out of credits, the group has "
        f"no design, or the account is in its sandbox mode.{reason}",
    )


def own_uuid(credential: Credential) -> UUID | None:
    """The UUID of the badge that the credential was made of; None where its own id is none of ours."""
    try:
        return UUID(credential.own_id)
    except ValueError:
        return None


def _absent(action: BadgeAction, error: Exception | None = None, *, detail: str = "") -> Result:
    """The result where nothing is at Accredible for certain, whether that is a failure or not."""
    return Result(action, AccredibleBadge.mark_absent, error, detail)


def _failed(error: RequestFailed) -> Result:
    """The result for an issuing that brought ``error``: only where nothing was done, the badge may be sent again."""
    return _absent(BadgeAction.ISSUE, error) if nothing_was_done(error) else Result(BadgeAction.ISSUE, error=error)


def _changed(
    client: AccredibleClient, action: BadgeAction, change: Callable[[str], Credential], badge: AccredibleBadge
) -> Result:
    try:
        credential = change(badge.external_id)
        doubt = may_be_undone(badge.revoking_sent_at, database.now())
        return Result(action, error=doubt) if doubt else accepted(action, credential)
    except NotFound as error:
        return _elsewhere(client, badge, action, error) or _absent(action, detail=_GONE)
    except RequestFailed as error:
        return Result(action, error=error)


def _elsewhere(client: AccredibleClient, badge: AccredibleBadge, action: BadgeAction, error: NotFound) -> Result | None:
    """What a second question brings after a single "not found", which ends nothing; None where it says the same."""
    own_id = str(badge.uuid)
    try:
        found = client.find_credentials([own_id])
        credential = _first_of(client, [*(each.id for each in found.values()), badge.external_id])
    except RequestFailed as second:
        return Result(action, error=second)
    if credential is None:
        return None
    if credential.id != badge.external_id:
        return accepted(BadgeAction.ADOPT, credential)
    contradiction = "it says “not found” of a credential that it shows"
    return Result(action, error=UnexpectedReply(error.endpoint, status=error.status, detail=contradiction))


def _first_of(client: AccredibleClient, numbers: Sequence[str]) -> Credential | None:
    """The credential with the first of these ids, Accredible's or ours, that there is."""
    for number in numbers:
        try:
            return client.credential(number)
        except NotFound:
            continue
    return None


def _new_credential(badge: AccredibleBadge) -> NewCredential:
    """The credential that is to be made of ``badge``; RecipientUnusable where the learner has no usable address."""
    user: Any = badge.user
    if not user.email:
        raise RecipientUnusable("The learner has no e-mail address: enter one. The badge is delivered after that.")
    try:
        validate_email(user.email)
    except ValidationError:
        raise RecipientUnusable(
            "The learner's e-mail address is not valid: correct it. The badge is delivered after that."
        ) from None
    uuids = {"badge_uuid": str(badge.uuid), "group_uuid": str(badge.group.uuid) if badge.group else ""}
    return NewCredential(
        own_id=str(badge.uuid),
        group_id=badge.accredible_group_id,
        recipient_name=badge.recipient_name,
        recipient_email=user.email,
        recipient_id=str(getattr(user, "lms_user_id", None) or user.pk),
        # East of UTC the day here can be one that has not begun at Accredible.
        issued_on=min(badge.issued_on or timezone.localdate(), datetime.now(UTC).date()),
        name=badge.group_name,
        meta_data={name: value for name, value in uuids.items() if value},
        custom_attributes=badge.custom_attributes,
    )


def _batches(badges: Sequence[AccredibleBadge]) -> list[list[AccredibleBadge]]:
    together = [badge for badge in badges if badge.failures < ALONE_AFTER]
    alone = [[badge] for badge in badges if badge.failures >= ALONE_AFTER]
    return ([together] if together else []) + alone


def _send(client: AccredibleClient, batch: list[tuple[AccredibleBadge, NewCredential]], send_before: float) -> Results:
    if not batch:
        return {}
    if len(batch) == 1:
        badge, new = batch[0]
        try:
            credential = client.create_credential(new, send_before=send_before, has_turn=True)
        except RequestFailed as error:
            return {badge: _refused(client, badge, new, error)}
        return {badge: accepted(BadgeAction.ISSUE, credential)}
    try:
        items = client.create_credentials([new for _badge, new in batch], send_before=send_before, has_turn=True)
    except (Invalid, NotFound, PermissionRefused) as error:
        # All of them refused for the sake of one, most likely.
        return {badge: _alone(error) for badge, _new in batch}
    except RequestFailed as error:
        return {badge: _failed(error) for badge, _new in batch}
    results: Results = {}
    for (badge, _new), item in zip(batch, items, strict=True):
        if item.credential:
            results[badge] = accepted(BadgeAction.ISSUE, item.credential, item.error)
        elif isinstance(item.error, Invalid):
            results[badge] = _alone(item.error)
        elif item.error:
            results[badge] = _failed(item.error)
    return results


def _alone(error: RequestFailed) -> Result:
    """The result for a badge that was refused among many, where only its own answer says why."""
    return Result(BadgeAction.ISSUE, AccredibleBadge.send_alone, SentTogether(str(error)))


def _refused(client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed) -> Result:
    if verdict(error) is not Verdict.DUPLICATE:
        return _failed(error)
    try:
        return _adopt_existing(client, badge, new, error)
    except RequestFailed as second:
        # The refusal is certain: the badge is not there under our id.
        return _absent(BadgeAction.ADOPT, second)


def _adopt_existing(
    client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed
) -> Result:
    """Take over the one credential of this group and address, unless it is another badge's or was expired there."""
    existing = client.credentials_of(new.group_id, new.recipient_email)
    free = [found for found in existing if not _is_over(found) and not _belongs_to_another(badge, found)]
    if not free:
        return _absent(BadgeAction.ADOPT, error)
    own = [found for found in free if found.own_id == str(badge.uuid)]
    try:
        return accepted(BadgeAction.ADOPT, client.credential((own or free)[0].id))
    except NotFound:
        return _absent(BadgeAction.ADOPT, error)


def _is_over(found: Credential) -> bool:
    # A day to come is the end of a validity that the group has set.
    return found.expired_on is not None and found.expired_on <= timezone.localdate()


def _belongs_to_another(badge: AccredibleBadge, found: Credential) -> bool:
    others = AccredibleBadge.objects.exclude(pk=badge.pk)
    uuid = own_uuid(found)
    return others.filter(external_id=found.id, environment=badge.environment).exists() or (
        uuid is not None and others.filter(uuid=uuid).exists()
    )
