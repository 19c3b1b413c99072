"""Sends what is due of one configuration: claims badges, does what is next for each, writes down what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from edx_django_utils.monitoring import set_custom_attribute

from credentials_accredible.choices import BadgeAction, BadgeProblem, BadgeState, BadgeStatus
from credentials_accredible.client import AccredibleClient, ClientOptions, open_client
from credentials_accredible.database import pages
from credentials_accredible.delivery import pauses, policy
from credentials_accredible.delivery.actions import issue, read, search
from credentials_accredible.delivery.changing import expire, publish, reinstate
from credentials_accredible.delivery.claims import Claim, Result, Results, claim
from credentials_accredible.delivery.policy import StillUnderWay, Verdict
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.host import LEARNER_TEXT
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge
from credentials_accredible.models.badge_facts import Step, recipient_fingerprint


@dataclass(frozen=True)
class Delivery:
    """What came of sending: badges brought a step further, tries that failed, and requests sent."""

    delivered: int = 0
    failed: int = 0
    requests: int = 0

    def __add__(self, other: Delivery) -> Delivery:
        return Delivery(self.delivered + other.delivered, self.failed + other.failed, self.requests + other.requests)


def always() -> bool:
    """Nothing stops the sender but the work itself."""
    return True


def deliver(
    config: AccredibleAPIConfig, *, limit: int | None = None, go_on: Callable[[], bool] = always, senders: int = 1
) -> Delivery:
    """Send what is due of ``config`` to Accredible: first tries, retries, revocations; ``limit`` badges at most.

    ``senders``: so many threads share the work, each with a database connection of its own; they keep the rate limit
    together. Returns when nothing is due any more, when there is a reason to wait, or when ``go_on``, which is asked
    before each request, says no. Call it outside of a transaction.
    """
    AccredibleBadge.objects.give_up_orphans()
    retry_corrected_recipients(config)
    if senders == 1:
        return send(config, limit=limit, go_on=go_on)
    failed = Event()

    def share(number: int) -> Delivery:
        try:
            part = None if limit is None else limit // senders + (number < limit % senders)
            return send(config, limit=part, go_on=lambda: go_on() and not failed.is_set())
        except BaseException:
            failed.set()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(senders, thread_name_prefix="accredible-sender") as executor:
        try:
            return sum(executor.map(share, range(senders)), Delivery())
        except BaseException:
            failed.set()
            raise


def retry_corrected_recipients(config: AccredibleAPIConfig) -> None:
    """Make those badges due whose learner's record was refused and has been corrected since."""
    refused = AccredibleBadge.objects.filter(
        api_config=config, state=BadgeState.ERROR, problem=BadgeProblem.RECIPIENT, claim="", status=BadgeStatus.AWARDED
    )
    # Each sweep reads all of them: of the badges no more than that, and what was told of a learner along with them.
    refused = refused.filter(user__isnull=False).select_related(f"user__{LEARNER_TEXT}")
    for page in pages(refused.only("refused_recipient", "user")):
        corrected = [badge.pk for badge in page if recipient_fingerprint(badge.user) != badge.refused_recipient]
        AccredibleBadge.objects.filter(pk__in=corrected).make_due()


def send(
    config: AccredibleAPIConfig,
    *,
    limit: int | None = None,
    only: Collection[UUID] | None = None,
    options: ClientOptions | None = None,
    go_on: Callable[[], bool] = always,
) -> Delivery:
    """Send what is due of ``config``, until nothing is, ``limit`` badges were handled, or Accredible does not answer.

    ``only``: none but the badges with these UUIDs. ``options`` None: those of the settings. ``go_on`` is asked before
    each request: once it says False, what was not sent is left to the next sender.

    Raises nothing that Accredible is to blame for. Any number of senders may be at it at once.
    """
    # A failed request is tried again by the badge's own clock, which another process can go on with.
    options = replace(options or ClientOptions.from_settings(), attempts=1)
    if not pauses.allowance(config):
        return Delivery()
    try:
        client = open_client(config, options)
    except ConfigurationError as error:
        pauses.pause(config, error)
        return Delivery(failed=1)
    with client:
        return _Sender(config, client, options, go_on).send(limit, only)


class _Sender:
    def __init__(
        self, config: AccredibleAPIConfig, client: AccredibleClient, options: ClientOptions, go_on: Callable[[], bool]
    ) -> None:
        self._config = config
        self._client = client
        self._patience = options.connect_timeout + options.read_timeout
        self._ends = False
        self._go_on = go_on

    def send(self, limit: int | None, only: Collection[UUID] | None) -> Delivery:
        total = Delivery()
        left = limit
        while self._go_on() and not self._ends:
            allowed = pauses.allowance(self._config)
            claimed = claim(self._config.pk, allowed if left is None else min(left, allowed), only)
            if not claimed.badges:
                break
            total += self._deliver(claimed)
            left = None if left is None else left - len(claimed.badges)
        set_custom_attribute("accredible_config", self._config.pk)
        set_custom_attribute("accredible_delivery_requests", self._client.requests_sent)
        set_custom_attribute("accredible_delivered", total.delivered)
        set_custom_attribute("accredible_delivery_failed", total.failed)
        return replace(total, requests=self._client.requests_sent)

    def _deliver(self, claimed: Claim) -> Delivery:
        results: Results = {}
        requests_before = self._client.requests_sent
        try:
            self._do(claimed, results)
        finally:
            # Also what was done before something unforeseen happened, and before a person stops this process.
            claimed.write_down(results)
            claimed.release([badge for badge in claimed.badges if badge not in results])
        errors = [result.error for result in results.values() if result.error]
        was_asked = self._client.requests_sent > requests_before
        vain = [error for error in errors if not isinstance(error, StillUnderWay)]
        self._notice(vain, succeeded=was_asked and len(vain) < len(results))
        return Delivery(delivered=len(results) - len(errors), failed=len(errors))

    def _do(self, claimed: Claim, results: Results) -> None:
        by_step: dict[Step, list[AccredibleBadge]] = {}
        for badge in claimed.badges:
            by_step.setdefault(badge.next_step, []).append(badge)
        unread = [badge for badge in by_step.get(Step.NOTHING, ()) if badge.is_unread]
        for badge in set(by_step.get(Step.NOTHING, ())).difference(unread):
            # One that is at Accredible was left behind by a process that ended while it had it.
            results[badge] = (
                Result(BadgeAction.RETRY, detail=_("Nothing is left to be done."))
                if badge.external_id
                else Result(BadgeAction.REVOKE, detail=_("Nothing is at Accredible."))
            )
        changes: dict[Step, Callable[[AccredibleBadge], Result]] = {
            Step.EXPIRE: partial(expire, self._client, claimed),
            Step.PUBLISH: partial(publish, self._client),
            Step.REINSTATE: partial(reinstate, self._client),
        }
        for step, change in changes.items():
            for badge in by_step.get(step, ()):
                if not self._go_on():
                    return
                claimed.keep([kept for kept in claimed.badges if kept not in results])
                claimed.mark_changing(badge, shows=step is not Step.EXPIRE)
                results[badge] = change(badge)
                if policy.was_answered(results[badge].error):
                    claimed.mark_answered(badge)
                if self._has_to_wait(results[badge]):
                    return
        to_issue = by_step.get(Step.ISSUE, [])
        if Step.SEARCH in by_step:
            claimed.mark_tried(by_step[Step.SEARCH])
            claimed.keep(claimed.badges)
            found, absent = search(self._client, by_step[Step.SEARCH], self._go_on)
            results |= found
            if any(self._has_to_wait(result) for result in found.values()):
                return
            to_issue = [*absent, *to_issue]
        if to_issue:
            results |= issue(self._client, claimed, to_issue, self._patience, self._go_on)
        for badge in unread:
            if not self._go_on() or any(self._has_to_wait(result) for result in results.values()):
                return
            claimed.keep([kept for kept in claimed.badges if kept not in results])
            results[badge] = read(self._client, badge)

    def _has_to_wait(self, result: Result) -> bool:
        return result.error is not None and (
            policy.concerns_everyone(result.error)
            or policy.was_kept_back(result.error)
            or policy.verdict(result.error) is Verdict.PAUSE
        )

    def _notice(self, errors: Sequence[Exception], *, succeeded: bool) -> None:
        self._ends = any(policy.was_kept_back(error) for error in errors)
        for error in errors:
            if policy.verdict(error) is Verdict.PAUSE:
                # Also where that pauses nothing, because the key was changed: this sender has the old one.
                self._ends = True
                pauses.pause(self._config, error)
                return
        outage = next((error for error in errors if policy.concerns_everyone(error)), None)
        if outage:
            pauses.hold(self._config, outage)
        elif succeeded:
            pauses.end_hold(self._config)
