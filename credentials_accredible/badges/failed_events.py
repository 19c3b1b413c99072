"""Events that could not be processed: kept, because the event bus does not bring them back."""

from __future__ import annotations

import itertools
import logging
import re
import traceback
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credentials_accredible.badges import learners
from credentials_accredible.badges.learners import Leaver
from credentials_accredible.database import batches, drop_lost_connection
from credentials_accredible.events.event import Event, Identity
from credentials_accredible.events.values import text
from credentials_accredible.exceptions import AccredibleError
from credentials_accredible.models import FailedEvent

log = logging.getLogger(__name__)

_LONGEST_REASON = 2000
_failures = itertools.count(1)

# How _reason begins with an error that is none of ours: the name of its class.
_TECHNICAL = re.compile(r"([A-Za-z_]\w*):(?:\s|\Z)")
_AGAIN = {"OperationalError", "InterfaceError"}
_REFUSED = {"DatabaseError", "IntegrityError", "InternalError", "NotSupportedError", "ProgrammingError"}
_UNUSABLE = {
    "DataError", "InvalidKeyError", "OverflowError", "UnicodeDecodeError", "UnicodeEncodeError", "ValidationError"
}  # fmt: skip
_WORDS: list[tuple[set[str], str | Promise]] = [
    (
        _AGAIN,
        _(
            "The database did not take what this event means: it was away, or busy for too long. Nothing was decided "
            "from the event. Process it again when the database is well."
        ),
    ),
    (
        _REFUSED,
        _(
            "The database refused what this event means. Nothing was decided from the event. Look whether all "
            "migrations are applied, then process it again. If it fails again, show the technical detail to the "
            "people who look after the service."
        ),
    ),
    (
        _UNUSABLE,
        _(
            "What this event says cannot be used. Nothing was decided from it, and to process it again does not help. "
            "Look at the event as it came: if it is wrong, the badge can be awarded by hand, and this entry be deleted."
        ),
    ),
]
_UNFORESEEN = _(
    "Something went wrong that nobody has foreseen: probably a mistake in this plugin. Nothing was decided from the "
    "event. Show the technical detail to the people who look after the service, and process the event again after an "
    "upgrade."
)


@dataclass(frozen=True)
class Failure:
    """Why an event failed: ``words`` say it to people, with what to do; ``detail``, if any, to experts."""

    words: str
    detail: str = ""


def why_failed(failed: FailedEvent) -> Failure:
    """Why a kept event failed when it was processed last, in the language of the reader where the error is not ours."""
    technical = _TECHNICAL.match(failed.error)
    if not technical:
        return Failure(failed.error)
    words = next((words for names, words in _WORDS if technical[1] in names), _UNFORESEEN)
    return Failure(str(words), failed.error)


def keep(event: Event, payload: dict[str, Any], error: Exception) -> None:
    """Log the failure and keep the event, ``payload`` as ``as_json`` gives it; raises what the database raises.

    The log holds no personal data: errors can quote values, so it names their class and where they came from.
    """
    log.error(
        "event_failed event_type=%s event_id=%s event_time=%s failures=%s error=%s\n%s",
        event.type,
        event.id,
        event.time.isoformat(),
        next(_failures),
        type(error).__name__,
        _where(error),
    )
    drop_lost_connection()
    if learners.has_left(event.learner):
        return
    _store(event, payload, error)
    # Looked at again behind the commit: who is retired meanwhile finds the row, or is found here.
    transaction.on_commit(partial(_forget_if_left, event.learner))


def failed_again(failed: FailedEvent, error: Exception) -> None:
    failed.attempts += 1
    failed.error = _reason(error)
    failed.save(update_fields=["attempts", "error", "modified"])


def resolve(failed: FailedEvent) -> None:
    """Note that a kept event has been processed, and forget what it said."""
    failed.resolved_at = timezone.now()
    failed.payload = {}
    failed.save(update_fields=["resolved_at", "payload", "modified"])


def unresolved(most: int) -> int:
    """How many kept events wait to be processed; one more than ``most`` at most."""
    return FailedEvent.objects.filter(resolved_at=None).order_by()[: most + 1].count()


def of(leaver: Leaver) -> list[FailedEvent]:
    """The kept events of somebody who leaves, those that were processed excepted: they say nothing any more."""
    named = reduce(or_, (Q(payload__learner__username=name) for name in leaver.names), Q(pk__in=()))
    if leaver.lms_user_id:
        named |= Q(payload__learner__lms_user_id=leaver.lms_user_id)
    return [failed for failed in FailedEvent.objects.filter(named) if leaver.is_meant(*said_of(failed))]


def said_of(failed: FailedEvent) -> tuple[str, int | None]:
    """The user name and the LMS user id in a kept event."""
    learner = failed.payload.get("learner") or {}
    return learner.get("username") or "", learner.get("lms_user_id")


def erase(leaver: Leaver) -> int:
    """Delete the kept events of somebody who leaves; returns how many."""
    keys = [failed.pk for failed in of(leaver)]
    for batch in batches(keys):
        FailedEvent.objects.filter(pk__in=batch).delete()
    return len(keys)


def _store(event: Event, payload: dict[str, Any], error: Exception) -> None:
    reason = _reason(error)
    with transaction.atomic():
        # The bus delivers at least once: the same failure again is no other event.
        known = FailedEvent.objects.filter(event_id=event.id, event_type=event.type, resolved_at=None)
        if event.id and known.update(attempts=F("attempts") + 1, error=reason, modified=timezone.now()):
            return
        FailedEvent.objects.create(
            event_type=event.type, event_id=event.id, event_time=event.time, payload=payload, error=reason
        )


def _forget_if_left(learner: Identity) -> None:
    if learners.has_left(learner):
        erase(Leaver(frozenset({learner.username}), learner.lms_user_id))


def _reason(error: Exception) -> str:
    # Errors of ours are sentences for staff; of the others, the class says most, and why_failed what it means.
    known = isinstance(error, AccredibleError)
    return text(str(error) if known else f"{type(error).__name__}: {error}", _LONGEST_REASON)


def _where(error: Exception) -> str:
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()
