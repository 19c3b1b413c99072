"""Events that could not be processed: kept, because the event bus does not bring them back."""

from __future__ import annotations

import itertools
import logging
import traceback
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

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
    # Errors of ours are sentences for staff; of the others, the class says most.
    known = isinstance(error, AccredibleError)
    return text(str(error) if known else f"{type(error).__name__}: {error}", _LONGEST_REASON)


def _where(error: Exception) -> str:
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()
