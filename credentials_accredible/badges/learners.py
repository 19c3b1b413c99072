"""Whom an event is about: from the event's UserData to a user of the service.

The LMS's user id comes before the user name, for the service can replace user names while events with the old ones
are on their way. A learner who is not known yet is created by the first event that fulfils a requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from hashlib import pbkdf2_hmac
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openedx_events.learning.data import UserData, UserPersonalData

from credentials_accredible import host
from credentials_accredible.events.event import Identity
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.host.tables import lookups_that_hold
from credentials_accredible.models import BadgeProgress, EarlyPenalty, LearnerText, RetiredLearner

_LONGEST = 255
# Slow on purpose, a few milliseconds: user names can be guessed.
_ROUNDS = 20_000
_SALT = b"credentials_accredible.retired_learner"
_NAMELESS = gettext_lazy(
    "The service's table of users cannot hold the user name of this learner, so there is no "
    "account of that name. Convert the table to utf8mb4, and process the event again."
)


class LearnerUnknown(AccredibleError):
    """Nobody can say which user of the service an event is about."""


@dataclass(frozen=True)
class Leaver:
    """Somebody who leaves, as what is stored may call them: ``names`` are user names; None stands for what is unknown.

    ``account`` is the user of the service.
    """

    names: frozenset[str]
    lms_user_id: int | None = None
    account: Any = None

    def is_meant(self, username: str, lms_user_id: int | None) -> bool:
        """Whether that is said of them; a name alone counts only where not both sides have LMS user ids."""
        if self.lms_user_id and lms_user_id:
            return self.lms_user_id == lms_user_id
        return username in self.names


def find(identity: Identity) -> Any:
    """The user that ``identity`` stands for, None where there is none yet: one query.

    Raises LearnerUnknown where the identity is no use, or where it stands for different people.
    """
    if not (identity.username or identity.lms_user_id):
        raise LearnerUnknown(_("The event does not say which learner it is about."))
    by_id = Q(lms_user_id=identity.lms_user_id) if identity.lms_user_id and host.has_field("lms_user_id") else Q()
    by_name = Q(username=identity.username) if identity.username and host.can_be_named(identity.username) else Q()
    if not by_id and not by_name:
        raise LearnerUnknown(_NAMELESS if identity.username else _("The event gives no user name."))
    return _choose(identity, list(get_user_model()._default_manager.filter(by_id | by_name).order_by("pk")))


def searched(word: str) -> QuerySet[Any]:
    """The users whose user names begin with ``word``, or whose e-mail address it is; in no order."""
    users: QuerySet[Any] = get_user_model()._default_manager.order_by()
    # The service's tables have an index of user names, and most have none of addresses: these are asked for only where
    # the word can be one. PostgreSQL's index is for one case; elsewhere the index finds any.
    begins = "startswith" if connections[users.db].vendor == "postgresql" else "istartswith"
    lookups = [f"username__{begins}", *(["email__iexact"] if "@" in word else [])]
    if host.may_hold_less():
        lookups = lookups_that_hold(get_user_model(), lookups, word)
    # ``pk__in=()``: nobody, where no column could hold the word.
    return users.filter(reduce(or_, (Q(**{lookup: word}) for lookup in lookups), Q(pk__in=())))


def has_left(identity: Identity, user: Any = None) -> bool:
    """Whether the learner, with that account or none, is retired: nothing is stored of an event of theirs."""
    if host.has_left(identity.username) or (user is not None and host.has_left(user.get_username())):
        return True
    known = _known(identity.lms_user_id, user)
    # To know somebody by name takes some time. It is not needed where both their account and their number are told.
    if identity.username and not (user is not None and identity.lms_user_id):
        known |= _named(identity.username, identity.lms_user_id)
    return RetiredLearner.objects.filter(known).exists()


def retired(lms_user_id: int | None, account: Any = None) -> RetiredLearner | None:
    """The row of a learner who has left, and has this LMS user id or this account."""
    return RetiredLearner.objects.filter(_known(lms_user_id, account)).order_by("pk").first()


def retired_by_name(username: str, lms_user_id: int | None) -> RetiredLearner | None:
    """That of one who had this user name, as far as the LMS user ids do not say that it is another learner."""
    if not username:
        return None
    return RetiredLearner.objects.filter(_named(username, lms_user_id)).order_by("pk").first()


def _known(lms_user_id: int | None, account: Any) -> Q:
    known = Q(account=account.pk) if account is not None else Q(pk__in=())
    return known | Q(lms_user_id=lms_user_id) if lms_user_id else known


def _named(username: str, lms_user_id: int | None) -> Q:
    same = Q(name_digest=digest(username))
    return same & (Q(lms_user_id=None) | Q(lms_user_id=lms_user_id)) if lms_user_id else same


def digest(username: str) -> str:
    """What is kept of the user name of a learner who has left, whatever the case of its letters."""
    name = username.casefold().encode("utf-8", "surrogatepass")
    return pbkdf2_hmac("sha256", name, _SALT, _ROUNDS).hex()


def create(identity: Identity) -> Any:
    """A new user for ``identity``, of whom there is none; LearnerUnknown where that is impossible."""
    longest = get_user_model()._meta.get_field("username").max_length or _LONGEST
    if not 0 < len(identity.username) <= longest:
        raise LearnerUnknown(
            _("There is no such learner yet, and a user name has 1 to %(longest)s characters.") % {"longest": longest}
        )
    if not host.can_be_named(identity.username):
        raise LearnerUnknown(_NAMELESS)
    user = host.get_or_create_learner(_user_data(identity))
    if user is None:
        raise LearnerUnknown(_("The service did not create the learner; its log says why."))
    return user


def follow(user: Any, identity: Identity, at: datetime) -> None:
    """Let the user's e-mail address and name follow those of the LMS, as an event of the time ``at`` gives them.

    Nothing follows from an event with another user name than the account's: it was renamed since, because the learner
    has left, perhaps. An event does not overwrite what is newer than itself: what a newer event has brought, or the
    learner's last login, when the service asks the LMS. A user without either is as old as the account. What is empty
    here, an older event fills, too. Empty values overwrite nothing, and the accounts of staff and superusers are left
    alone. Whether the account is active is decided here once it exists.
    """
    if user.is_staff or user.is_superuser or identity.username != user.get_username():
        return
    held = host.what_is_held(identity.email, identity.name)
    changes = _changes(user, held)
    if changes and at < _as_of(user, identity):
        changes = {name: value for name, value in changes.items() if not getattr(user, name)}
    if identity.lms_user_id and getattr(user, "lms_user_id", 0) is None:
        changes["lms_user_id"] = identity.lms_user_id
    # It can be renamed at this moment, past all signals: the database looks at the name again.
    same: Any = get_user_model()._default_manager.filter(pk=user.pk, username=identity.username)
    if changes and same.update(**changes):
        for name, value in changes.items():
            setattr(user, name, value)
    if host.is_narrow():
        _remember(user, identity, held)


def _remember(user: Any, identity: Identity, held: Mapping[str, str]) -> None:
    """Keep what the event says beside the service's table, where that has less of it; and forget what is out of date.

    For each of the two texts, as far as the service has now what it holds of this event's.
    """
    values: dict[str, str] = {}
    for field, name, told in (("full_name", "name", identity.name), ("email", "email", identity.email)):
        if told and getattr(user, field, None) == held.get(field):
            here = held[field]
            values |= {name: told, f"{name}_here": here} if told != here else {name: "", f"{name}_here": ""}
    kept = getattr(user, host.LEARNER_TEXT, None)
    if any(value != getattr(kept, name, "") for name, value in values.items()):
        LearnerText.objects.update_or_create(user=user, defaults=values)
        # They can be retired at this moment: either this is seen there, or that is seen here.
        if retired(identity.lms_user_id, user) is not None:
            LearnerText.objects.filter(user=user).delete()


def _changes(user: Any, values: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value and getattr(user, name, value) != value}


def keys(identity: Identity, user: Any = None) -> list[str]:
    """What the learner goes by in EarlyPenalty, known as a user or not: first what a new row says."""
    by_id = [f"id {number}" for number in (identity.lms_user_id, getattr(user, "lms_user_id", None)) if number]
    names = [f"name {name}" for name in (identity.username, user and user.get_username()) if name]
    return list(dict.fromkeys(by_id + names))


def _as_of(user: Any, identity: Identity) -> datetime:
    """When what is known of the user was last known to be right."""
    progress = BadgeProgress.objects.filter(user=user).aggregate(newest=Max("last_event_at"))["newest"]
    early = EarlyPenalty.objects.filter(learner__in=keys(identity, user)).aggregate(newest=Max("time"))["newest"]
    known = [moment for moment in (progress or user.date_joined, early, user.last_login) if moment]
    return max(known, default=datetime.min.replace(tzinfo=UTC))


def _choose(identity: Identity, users: list[Any]) -> Any:
    wanted = identity.lms_user_id
    same_id = [user for user in users if wanted and getattr(user, "lms_user_id", None) == wanted]
    same_name = [user for user in users if user.username == identity.username]
    both = [user for user in same_id if user in same_name]
    if both or len(same_id) == 1:
        return (both or same_id)[0]
    if same_id:
        raise LearnerUnknown(_("Several users have the LMS user ID of this learner, and none of them the user name."))
    # A database can find a name in another letter case, too.
    user = next(iter(same_name or users), None)
    if user is not None and wanted and getattr(user, "lms_user_id", None) is not None:
        raise LearnerUnknown(_("The user of that name has another LMS user ID: it is another learner."))
    return user


def _user_data(identity: Identity) -> UserData:
    held = host.what_is_held(identity.email, identity.name)
    pii = UserPersonalData(username=identity.username, email=held["email"], name=held["full_name"])
    return UserData(id=identity.lms_user_id, is_active=identity.is_active, pii=pii)
