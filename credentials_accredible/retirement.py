"""A learner leaves: what is stored of them is erased, and what they want is done at Accredible.

First of all it is committed that they have left. From then on nothing of a late event is stored; one that is under way
looks again behind its own commit, and erases what it has brought.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from credentials_accredible import host
from credentials_accredible.badges import failed_events, learners, leaving, spool
from credentials_accredible.badges.learners import Leaver
from credentials_accredible.choices import AtAccredible
from credentials_accredible.database import in_transaction
from credentials_accredible.events.values import text
from credentials_accredible.exceptions import RetirementRefused
from credentials_accredible.models import RetiredLearner
from credentials_accredible.snapshots import leaving as snapshots
from credentials_accredible.text import identifier, spelled_out

_CHOICES = list(AtAccredible)


@dataclass(frozen=True)
class Erased:
    """How much was stored of a learner, and is not any more: rows, but for ``spooled_events``, which are files.

    ``badges`` were parted from the learner, or are now to be revoked after all.
    """

    failed_events: int
    spooled_events: int
    progress: int
    fulfilments: int
    early_penalties: int
    snapshot_entries: int
    badges: int


@dataclass(frozen=True)
class Retirement:
    """What came of retiring a learner; ``learner`` says what becomes of the credentials.

    ``has_account``: whether the service knows them. ``waiting`` is for how many credentials that is still to be done at
    Accredible; for ``failed`` more a person is needed, whom their badges tell why.
    """

    learner: RetiredLearner
    erased: Erased
    has_account: bool
    waiting: int
    failed: int

    @property
    def changed(self) -> bool:
        """Whether anything was stored of the learner until now."""
        return any(asdict(self.erased).values())


def retire(
    username: str,
    *,
    lms_user_id: int | None = None,
    at_accredible: AtAccredible = AtAccredible.KEEP,
    user: Any = None,
) -> Retirement:
    """Erase what is stored of a learner, stop what waits to be sent, and have done at Accredible what is asked for.

    ``username`` is the old one or that of the retired account; where the account is renamed already, ``lms_user_id``
    leads to it. A learner whom the service does not know is fine. ``user`` is who does it. A second call changes
    nothing, unless it asks for more at Accredible, or something there has failed, which is tried again. Raises
    RetirementRefused where the name is of no use, or the two stand for different people.

    Call it outside of a transaction: what is sent meanwhile is seen only then.
    """
    leaver = _find(username, lms_user_id)
    learner = _note(leaver, at_accredible, user)
    if leaver.account is None:
        # An event may have made one just before.
        leaver = _find(username, lms_user_id)
        learner = _note(leaver, at_accredible, user)
    parted = leaving.part(leaver, learner, user=user)
    erased = Erased(
        failed_events=failed_events.erase(leaver),
        spooled_events=spool.erase(leaver),
        snapshot_entries=snapshots.erase(leaver),
        **asdict(parted),
    )
    left: Any = RetiredLearner.objects.with_outstanding().get(pk=learner.pk)
    return Retirement(left, erased, leaver.account is not None, left.waiting, left.failed)


def readmit(username: str, *, lms_user_id: int | None = None) -> bool:
    """Let events of somebody count again who was retired by mistake; whether somebody was.

    What was erased stays erased, and their badges stay without them. Raises RetirementRefused as ``retire`` does.
    """
    leaver = _find(username, lms_user_id)
    found = 0
    for name in leaver.names:
        while row := learners.retired(leaver.lms_user_id, leaver.account) or learners.retired_by_name(
            name, leaver.lms_user_id
        ):
            row.lms_user_id, row.account, row.name_digest = None, None, ""
            row.save()
            found += 1
    return bool(found)


def _find(username: str, lms_user_id: int | None) -> Leaver:
    name = text(identifier(username))
    if not name:
        raise RetirementRefused(_("Give the learner's user name."))
    named: Any = get_user_model()._default_manager.filter(username=name).first()
    own = getattr(named, "lms_user_id", None)
    if lms_user_id and own and own != lms_user_id:
        raise RetirementRefused(
            _("The account “%(name)s” has the LMS user ID %(own)s, not %(lms_user_id)s. Give the right one.")
            % {"name": spelled_out(name), "own": own, "lms_user_id": lms_user_id}
        )
    known = learners.retired(lms_user_id or own, named) or learners.retired_by_name(name, lms_user_id or own)
    number = lms_user_id or own or (known and known.lms_user_id) or _said_of(name)
    account = named or (known and known.account) or _numbered(number)
    return Leaver(frozenset({name, account.get_username()} if account else {name}), number, account)


def _said_of(name: str) -> int | None:
    """The LMS user id that kept events give for the name, where that is one: late events are recognised by it."""
    said = {number for _name, number in map(failed_events.said_of, failed_events.of(Leaver(frozenset({name}))))} - {
        None
    }
    return said.pop() if len(said) == 1 else None


def _numbered(lms_user_id: int | None) -> Any:
    if not lms_user_id or not host.has_field("lms_user_id"):
        return None
    found = list(get_user_model()._default_manager.filter(lms_user_id=lms_user_id)[:2])
    if len(found) > 1:
        raise RetirementRefused(
            _("Several accounts have the LMS user ID %(lms_user_id)s: retire each by the user name that it has now.")
            % {"lms_user_id": lms_user_id}
        )
    return found[0] if found else None


@in_transaction
def _note(leaver: Leaver, at_accredible: AtAccredible, user: Any) -> RetiredLearner:
    """The row that says they have left, made or completed. What was asked for before is not taken back."""
    name = next((name for name in sorted(leaver.names) if not host.has_left(name)), "")
    row = learners.retired(leaver.lms_user_id, leaver.account) or learners.retired_by_name(name, leaver.lms_user_id)
    if row is None:
        return RetiredLearner.objects.create(
            lms_user_id=leaver.lms_user_id,
            name_digest=learners.digest(name) if name else "",
            account=leaver.account,
            at_accredible=at_accredible,
            user=user,
        )
    before = (row.lms_user_id, row.account_id, row.name_digest, row.at_accredible)
    row.lms_user_id = row.lms_user_id or leaver.lms_user_id
    row.account = row.account or leaver.account
    row.name_digest = row.name_digest or (learners.digest(name) if name else "")
    row.at_accredible = max(at_accredible, AtAccredible(row.at_accredible), key=_CHOICES.index)
    if before != (row.lms_user_id, row.account_id, row.name_digest, row.at_accredible):
        row.save()
    return row
