"""How a badge comes to have its credential at Accredible: search, issue, adopt; each brings a Result.

A badge is issued alone or with many others, and never while it may be there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf, database, host
from credentials_accredible.choices import BadgeAction, BadgeStatus
from credentials_accredible.client import AccredibleClient, Credential, NewCredential
from credentials_accredible.delivery.claims import Claim, Result, Results
from credentials_accredible.delivery.policy import (
    ForeignCredential,
    RecipientUnusable,
    SentTogether,
    Verdict,
    day_that_is_over,
    nothing_was_done,
    still_on_its_way,
    verdict,
    wants_title,
)
from credentials_accredible.exceptions import (
    Invalid,
    NotFound,
    NotSent,
    PermissionRefused,
    RequestFailed,
)
from credentials_accredible.models import AccredibleBadge
from credentials_accredible.models.badge import ALONE_AFTER
from credentials_accredible.models.badge_facts import recipient_name


def search(
    client: AccredibleClient, badges: Sequence[AccredibleBadge], go_on: Callable[[], bool]
) -> tuple[Results, list[AccredibleBadge]]:
    """Look for ``badges`` by our own ids; returns what was found out, and those that still have to be issued.

    Those that were taken over from another integration are looked for by their learners' addresses, too.

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
            credential = first_of(client, [found[own_id].id, own_id] if own_id in found else [own_id])
            if credential is None and badge.sent_at is None:
                # Another integration has decided it, and may have sent it under no id of ours.
                credential = _of_address(client, badge)
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
            results[badge] = not_there(BadgeAction.SEARCH, detail=_("Not at Accredible: nothing to revoke."))
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
            results[badge] = not_there(BadgeAction.ISSUE, error)
    waiting = _batches(list(ready))
    for batch in waiting:
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
            results[badge] = not_there(BadgeAction.ISSUE, detail=_("Not sent: revoked before."))
        brought = _send(client, [(badge, ready[badge]) for badge in sent], send_before)
        results |= brought
        for badge, result in brought.items():
            if result.error and not ready[badge].name and wants_title(result.error):
                ready[badge] = replace(ready[badge], name=badge.group_name)
                results[badge] = _alone(result.error)
                waiting.append([badge])
        if any(result.error and verdict(result.error) in {Verdict.AGAIN, Verdict.PAUSE} for result in brought.values()):
            break
    return results


def accepted(action: BadgeAction, credential: Credential, objection: RequestFailed | None = None) -> Result:
    """The result for a credential that is at Accredible, published or not."""
    is_over = is_over_everywhere(credential)
    transition = partial(
        AccredibleBadge.accept,
        external_id=credential.id,
        url=credential.url,
        published=credential.published,
        # A day that is over can be one that a revocation has set.
        valid_until=None if is_over else credential.valid_until,
    )
    if credential.published:
        return Result(
            action,
            transition,
            detail=_("It was valid until %(expired_on)s.") % {"expired_on": credential.expired_on} if is_over else "",
        )
    sentences = [
        _(
            "Accredible made the credential, but did not publish it: the account is out of credits, the group has no "
            "design, or the account is in its sandbox mode."
        )
    ]
    if objection and objection.detail:
        sentences.append(_("It says: %(detail)s") % {"detail": objection.detail})
    return Result(action, transition, detail=" ".join(sentences))


def own_uuid(credential: Credential) -> UUID | None:
    """The UUID of the badge that the credential was made of; None where its own id is none of ours."""
    try:
        return UUID(credential.own_id)
    except ValueError:
        return None


def not_there(action: BadgeAction, error: Exception | None = None, *, detail: str = "") -> Result:
    """The result where nothing is at Accredible for certain, whether that is a failure or not."""
    return Result(action, AccredibleBadge.mark_absent, error, detail)


def first_of(client: AccredibleClient, numbers: Sequence[str]) -> Credential | None:
    """The credential with the first of these ids, Accredible's or ours, that there is."""
    for number in numbers:
        try:
            return client.credential(number)
        except NotFound:
            continue
    return None


def is_over_everywhere(credential: Credential) -> bool:
    """Whether its last day is over wherever Accredible counts days, as it is after a revocation."""
    return credential.expired_on is not None and credential.expired_on <= day_that_is_over(timezone.now())


def read(client: AccredibleClient, badge: AccredibleBadge) -> Result:
    """What Accredible says of a credential that another integration has issued, which has kept no address of it."""
    try:
        return accepted(BadgeAction.SEARCH, client.credential(badge.external_id))
    except RequestFailed as error:
        if verdict(error) in {Verdict.AGAIN, Verdict.PAUSE}:
            return Result(BadgeAction.SEARCH, error=error)
        # Nothing is wrong with the badge: a reconciliation says what is to be done.
        return Result(BadgeAction.SEARCH, detail=str(error))


def _of_address(client: AccredibleClient, badge: AccredibleBadge) -> Credential | None:
    """The valid credential of the badge's group and address that nobody has an id for, and no other badge has."""
    # Nobody knows the address of a learner who has left.
    email = host.email_address(badge.user) if badge.user else ""
    existing = client.credentials_of(badge.accredible_group_id, email) if email else []
    free = [found for found in existing if not found.own_id and not _is_over(found)]
    return first_of(client, [found.id for found in free if not _belongs_to_another(badge, found)])


def _failed(error: RequestFailed) -> Result:
    """The result for an issuing that brought ``error``: only where nothing was done, the badge may be sent again."""
    return not_there(BadgeAction.ISSUE, error) if nothing_was_done(error) else Result(BadgeAction.ISSUE, error=error)


def _new_credential(badge: AccredibleBadge) -> NewCredential:
    """The credential that is to be made of ``badge``; RecipientUnusable where the learner has no usable address."""
    user: Any = badge.user
    if host.has_left(user.get_username()):
        raise RecipientUnusable(_("The learner has left: nothing is issued to them any more."))
    email = host.email_address(user)
    if not email:
        raise RecipientUnusable(_("The learner has no e-mail address: enter one. The badge is delivered after that."))
    if not host.is_email_address(email):
        raise RecipientUnusable(
            _("The learner's e-mail address is not valid: correct it. The badge is delivered after that.")
        )
    uuids = {"badge_uuid": str(badge.uuid), "group_uuid": str(badge.group.uuid) if badge.group else ""}
    return NewCredential(
        own_id=str(badge.uuid),
        group_id=badge.accredible_group_id,
        recipient_name=recipient_name(user),
        recipient_email=email,
        recipient_id=str(getattr(user, "lms_user_id", None) or user.pk),
        # East of UTC the day here can be one that has not begun at Accredible.
        issued_on=min(badge.issued_on or timezone.localdate(), datetime.now(UTC).date()),
        name=badge.group_name if conf.get("SEND_GROUP_NAME") is True else "",
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


def _alone(error: Exception | None) -> Result:
    """The result for a badge that was refused, and is to be sent again by itself."""
    return Result(BadgeAction.ISSUE, AccredibleBadge.send_alone, SentTogether(str(error)))


def _refused(client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed) -> Result:
    if verdict(error) is not Verdict.DUPLICATE:
        return _failed(error)
    try:
        return _adopt_existing(client, badge, new, error)
    except RequestFailed as second:
        # The refusal is certain: the badge is not there under our id.
        return not_there(BadgeAction.ADOPT, second)


def _adopt_existing(
    client: AccredibleClient, badge: AccredibleBadge, new: NewCredential, error: RequestFailed
) -> Result:
    """Take over the one credential of this group and address, unless it is over, another badge's or another system's.

    One without an own id is nobody else's: somebody has made it by hand, or from a file.
    """
    existing = client.credentials_of(new.group_id, new.recipient_email)
    free = [found for found in existing if not _is_over(found) and not _belongs_to_another(badge, found)]
    if not free:
        return not_there(BadgeAction.ADOPT, error)
    # Ours before one that nobody has an id for, and that before another system's.
    chosen = min(free, key=lambda found: (found.own_id != str(badge.uuid), found.own_id != ""))
    if chosen.own_id not in {"", str(badge.uuid)} and conf.get("ADOPT_FOREIGN") is not True:
        return not_there(BadgeAction.ADOPT, ForeignCredential(chosen.id, chosen.own_id))
    try:
        return accepted(BadgeAction.ADOPT, client.credential(chosen.id))
    except NotFound:
        return not_there(BadgeAction.ADOPT, error)


def _is_over(found: Credential) -> bool:
    # A day to come is the end of a validity that the group has set.
    return found.expired_on is not None and found.expired_on <= timezone.localdate()


def _belongs_to_another(badge: AccredibleBadge, found: Credential) -> bool:
    others = AccredibleBadge.objects.exclude(pk=badge.pk)
    uuid = own_uuid(found)
    return others.filter(external_id=found.id, environment=badge.environment).exists() or (
        uuid is not None and others.filter(uuid=uuid).exists()
    )
