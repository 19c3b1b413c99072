"""What an error means for a delivery: try again, never again, or call a person. Closed by default.

An error that nobody has thought of needs a person: to repeat what is not understood could issue a badge twice.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.exceptions import (
    AccredibleError,
    AuthenticationFailed,
    ConfigurationError,
    Invalid,
    NotSent,
    RateLimited,
    RequestFailed,
    Unavailable,
    UnexpectedReply,
)
from credentials_accredible.text import one_line

# How provider words say that the group allows one credential per address; the exact shape is not documented.
_DUPLICATE = re.compile(r"already (?:been )?(?:taken|exists|issued)|duplicate", re.IGNORECASE)
_RECIPIENT = re.compile(r"recipient|e-?mail", re.IGNORECASE)
_TITLE = re.compile(r"\bname\b", re.IGNORECASE)
_GROUP_FORBIDS = re.compile(r"allow duplicate|duplicate credential", re.IGNORECASE)

# Days begin last, and end last, twelve hours west of UTC.
_LAST_ZONE = timedelta(hours=12)

# Seconds. Senders that wait for an outage to end look again at least this often.
_LONGEST_HOLD = 300.0
# So many failures at least before a delivery is given up: time alone would count an outage against it.
_FEWEST_FAILURES = 8


class Verdict(Enum):
    """What to do after an error."""

    AGAIN = "again"  # it can pass by itself: an outage, a limit, a reply that makes no sense
    NEVER = "never"  # what was sent is refused, and would be refused again
    DUPLICATE = "duplicate"  # refused, because the recipient has a credential of the group already
    RECIPIENT = "recipient"  # refused on account of the recipient: another address is worth another try
    PAUSE = "pause"  # nothing of this configuration can be sent until a person acts
    PERSON = "person"  # everything else


class RecipientUnusable(AccredibleError):
    """The learner's record lacks what Accredible needs; the message says what."""


class ForeignCredential(AccredibleError):
    """What the learner has of the group carries another system's own id, and nobody has allowed to adopt it."""

    def __init__(self, credential_id: str, own_id: str) -> None:
        super().__init__(
            _(
                "The learner has the credential %(credential_id)s of this group, which carries another "
                "system's ID, “%(own_id)s”. It is left alone. Delete it at Accredible, or allow with "
                "%(setting)s['ADOPT_FOREIGN'] that it is adopted. Then retry the delivery."
            )
            % {"credential_id": credential_id, "own_id": one_line(own_id), "setting": conf.SETTING}
        )


class StillUnderWay(AccredibleError):
    """What was sent without an answer may still be done at Accredible: the badge is looked at again at that time."""

    def __init__(self, words: str, look_again_at: datetime) -> None:
        self.look_again_at = look_again_at
        super().__init__(words)


class AdoptedByAnother(AccredibleError):
    """The credential that a badge was to take over was taken over by another badge at the same time."""

    def __init__(self) -> None:
        super().__init__(_("The credential that the learner has already was taken over by another badge meanwhile."))


class SentTogether(AccredibleError):
    """Many badges were refused at once, without a word on each: one by one, each gets its own answer."""


def verdict(error: Exception) -> Verdict:
    """What ``error`` means for the badge whose delivery it ended."""
    if isinstance(error, Unavailable | RateLimited | UnexpectedReply | SentTogether | AdoptedByAnother | StillUnderWay):
        return Verdict.AGAIN
    if isinstance(error, AuthenticationFailed | ConfigurationError):
        return Verdict.PAUSE
    if isinstance(error, Invalid):
        return _refusal(error)
    if isinstance(error, ForeignCredential):
        return Verdict.DUPLICATE
    return Verdict.RECIPIENT if isinstance(error, RecipientUnusable) else Verdict.PERSON


def wants_title(error: Exception) -> bool:
    """Whether a credential was refused that came without a title: its group may have none at Accredible."""
    return isinstance(error, Invalid) and verdict(error) is Verdict.NEVER and bool(_TITLE.search(error.detail))


def nothing_was_done(error: Exception) -> bool:
    """Whether it is certain that Accredible did not do what was asked for; otherwise it has to be searched for."""
    if isinstance(error, Unavailable | RateLimited):
        return not error.sent
    return isinstance(error, RequestFailed) and not isinstance(error, UnexpectedReply)


def was_answered(error: Exception | None) -> bool:
    """Whether a change that ended with ``error``, or None, was done or refused, and so is over at Accredible."""
    return error is None or isinstance(error, StillUnderWay) or nothing_was_done(error)


def still_on_its_way(sent_at: datetime | None, now: datetime) -> StillUnderWay | None:
    """Why a badge that was sent then, and is not at Accredible, is not sent again yet; None where it may be."""
    until = _under_way_until(sent_at, now)
    if sent_at is None or until is None:
        return None
    first, _longest = conf.pair("DELIVERY_DELAYS")
    again = min(until, max(now + (now - sent_at), now + timedelta(seconds=first)))
    return StillUnderWay(
        _(
            "It was sent at %(sent_at)s UTC, and Accredible may still be working on it. It is looked for "
            "again at %(again)s UTC, and sent again from %(until)s UTC on, if it is not there by then."
        )
        % {"sent_at": _clock(sent_at), "again": _clock(again), "until": _clock(until)},
        again,
    )


def may_be_undone(opposite_sent_at: datetime | None, now: datetime) -> StillUnderWay | None:
    """Why a change that was done has to be done once more: the opposite may follow; None where it cannot."""
    until = _under_way_until(opposite_sent_at, now)
    if opposite_sent_at is None or until is None:
        return None
    return StillUnderWay(
        _(
            "It is done. The opposite was sent before, at %(opposite_sent_at)s UTC, was not answered, "
            "and may still follow at Accredible: so it is done once more at %(until)s UTC."
        )
        % {"opposite_sent_at": _clock(opposite_sent_at), "until": _clock(until)},
        until,
    )


def day_that_is_over(now: datetime) -> date:
    """The newest day that is over everywhere on earth: Accredible does not say in which time zone it counts days."""
    return (now.astimezone(UTC) - _LAST_ZONE).date() - timedelta(days=1)


def delay(failures: int) -> float:
    """Seconds until the next try after so many failures in a row, 1 or more; jittered, see ``DELIVERY_DELAYS``."""
    first, longest = conf.pair("DELIVERY_DELAYS")
    # Half of it is certain, half of it is chance: neither at once, nor all at the same time.
    return min(longest, first * 2.0 ** min(failures - 1, 64)) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret


def concerns_everyone(error: Exception) -> bool:
    """Whether other badges would meet the same: Accredible is out of reach, or asks to slow down."""
    return isinstance(error, Unavailable | RateLimited | UnexpectedReply) and not was_kept_back(error)


def was_kept_back(error: Exception | None) -> bool:
    """Whether the rate limit alone stood in the way: nothing has failed, and it says nothing of Accredible."""
    return isinstance(error, NotSent)


def hold(outages: int, error: Exception) -> float:
    """Seconds for which all senders of a configuration wait after so many outages in a row, 1 or more."""
    asked_for: float | None = getattr(error, "retry_after", None)
    return max(min(delay(outages), _LONGEST_HOLD), min(asked_for or 0.0, _LONGEST_HOLD))


def is_hopeless(failures: int, days: float) -> bool:
    """Whether a delivery that has failed so often, and has been due for so many days, is given up."""
    return failures >= _FEWEST_FAILURES and days >= conf.number("DELIVERY_DAYS", least=0)


def _under_way_until(sent_at: datetime | None, now: datetime) -> datetime | None:
    """Until when what was sent then can still be at work, see ``LATE_ANSWER_MINUTES``; None where it cannot."""
    until = sent_at and sent_at + timedelta(minutes=conf.number("LATE_ANSWER_MINUTES", least=0))
    return until if until and now < until else None


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%H:%M:%S}"


def _refusal(error: Invalid) -> Verdict:
    said = [(name, message) for name, messages in error.fields.items() for message in messages] or [("", error.detail)]
    if any(
        _GROUP_FORBIDS.search(message) or (_DUPLICATE.search(message) and _RECIPIENT.search(f"{name} {message}"))
        for name, message in said
    ):
        return Verdict.DUPLICATE
    if any(_RECIPIENT.search(f"{name} {message}") for name, message in said):
        return Verdict.RECIPIENT
    return Verdict.NEVER
