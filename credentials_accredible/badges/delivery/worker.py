"""What workers do: they work off one configuration for a while, and see to it that each gets its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from django.db.models import Min, Q
from django.utils import timezone

from credentials_accredible import broker
from credentials_accredible.badges.delivery import orphans, outbox
from credentials_accredible.badges.delivery.claims import others_at_work
from credentials_accredible.badges.delivery.sender import Delivery, send
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

# Seconds after which a task ends, so that the others in the queue get their turn.
_SHIFT = 60.0
# Seconds. What is due later than that is found by the next sweep: brokers are no place for messages that wait.
_LONGEST_COUNTDOWN = 300.0


def work_off(config_id: int, go_on: Callable[[], bool]) -> None:
    """Send what is due of that configuration for a minute at most, or until ``go_on`` says no.

    What is left then, or is to be tried again soon, is put into the broker as another task. Call it outside of a
    transaction.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id).first()
    if config is None:
        return
    end = monotonic() + _SHIFT
    done = send(config, go_on=lambda: go_on() and monotonic() < end)
    seconds = _seconds_until_next(config_id, done, stopped=not go_on())
    if seconds is not None:
        broker.publish(broker.DELIVER, config_id, countdown=seconds or None)


def sweep() -> int:
    """Put a task into the broker for each configuration that has something due; returns for how many.

    That includes badges whose learner's record was corrected. Those that a worker is at are left to it.
    """
    orphans.give_up()
    now = timezone.now()
    free = AccredibleAPIConfig.objects.filter(Q(held_until=None) | Q(held_until__lte=now), paused_at=None)
    count = 0
    for config in free:
        outbox.retry_corrected_recipients(config)
        is_due = AccredibleBadge.objects.filter(api_config=config, next_attempt_at__lte=timezone.now()).exists()
        if is_due and not others_at_work(config.pk) and broker.publish(broker.DELIVER, config.pk):
            count += 1
    return count


def _seconds_until_next(config_id: int, done: Delivery, *, stopped: bool) -> float | None:
    """When to go on, None where that is somebody else's business.

    Each task that has tried something in vain leaves one behind for later, and one that has found others at work, or
    nothing to be done, none: their number does not grow.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id, paused_at=None).first()
    free = AccredibleBadge.objects.filter(api_config=config_id, claim="")
    next_attempt_at = free.aggregate(first=Min("next_attempt_at"))["first"]
    if config is None or next_attempt_at is None:
        return None
    now = timezone.now()
    seconds = (max(next_attempt_at, config.held_until or now) - now) / timedelta(seconds=1)
    if seconds <= 0:
        worked = done.delivered or done.failed or stopped
        return 0.0 if worked and not others_at_work(config_id) else None
    return seconds if done.failed and seconds <= _LONGEST_COUNTDOWN else None
