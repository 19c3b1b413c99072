"""What needs a person, a sentence each: what happened, what it means, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible import conf, database
from credentials_accredible.adoption.marks import left_in_builtin
from credentials_accredible.badges import failed_events
from credentials_accredible.choices import BadgeProblem, Delivery, KeyHealth, NeedKind, RunStatus, SnapshotCause
from credentials_accredible.delivery.engines import delivery_engine
from credentials_accredible.delivery.outbox import MOST_COUNTED, unfinished_badges
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, GroupSnapshot
from credentials_accredible.overview.accounts import Account
from credentials_accredible.sync.schedule import failing_schedules
from credentials_accredible.text import moment

# Fewer credits than this are few: each new badge takes one.
_FEW_CREDITS = 25
# A worker takes a sync on at once. One that has waited for this long has none.
_WORKER_AFTER = timedelta(minutes=5)
_REMOVED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Need:
    """``text`` names its ``values`` in braces; ``detail`` is what Accredible or the settings said, for experts.

    ``config`` is the account that it is about, None where it is about none; ``problem`` the reason of badges that
    failed; ``count`` how many badges or events it is about; ``run`` the primary key of the sync.
    """

    kind: NeedKind
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    config: AccredibleAPIConfig | None = None
    problem: str = ""
    count: int = 0
    run: int | None = None

    @property
    def sentence(self) -> str:
        return self.text.format(**self.values)


def of_accounts(accounts: Iterable[Account]) -> Iterator[Need]:
    """What is wrong with keys, credits and syncs."""
    for account in accounts:
        yield from _of_account(account)
    yield from schedule_needs()
    left = left_in_builtin() if conf.replace_builtin() is None else None
    if left:
        yield Need(NeedKind.TAKE_OVER, "{said}", {"said": left})


def schedule_needs() -> Iterator[Need]:
    """Scheduled syncs that fail, or that nobody starts; one query."""
    config: Any
    for config in failing_schedules():
        about = {"config": config, "run": config.last_run}
        if config.failing_since:
            text = _("Since {since}, the scheduled syncs of “{account}” fail. The groups are as they were before.")
            values = {"account": config.name, "since": moment(config.failing_since)}
            yield Need(NeedKind.SCHEDULE_FAILS, text, values, **about)
        else:
            text = _(
                "The scheduled sync of “{account}” was due at {due}, and nobody started it. Schedules need a worker "
                "with a beat, or “accredible_sync --due” in cron."
            )
            values = {"account": config.name, "due": moment(config.next_sync_at)}
            yield Need(NeedKind.SCHEDULE_OVERDUE, text, values, **about)


def of_badges(accounts: Sequence[Account]) -> Iterator[Need]:
    """Badges that nobody sends, that failed, by reason, or that Accredible does not show."""
    by_key = {account.config.pk: account.config for account in accounts}
    for account in accounts:
        if account.late_since:
            text = _("Badges of “{account}” have been due since {since}, and nobody sends them. {how}")
            values = {"account": account.config.name, "since": moment(account.late_since), "how": _who_sends()}
            yield Need(NeedKind.BADGES_LATE, text, values, config=account.config)
    failed, hidden = unfinished_badges()
    for (key, problem), count in sorted(failed.items(), key=lambda item: -item[1]):
        yield _failed(by_key.get(key), problem, count)
    for key, count in sorted(hidden.items(), key=lambda item: -item[1]):
        text = ngettext(
            "{count} badge of “{account}” was made at Accredible, and learners cannot see it: the account has no "
            "credits, the group has no design, or the account is in sandbox mode.",
            "{count} badges of “{account}” were made at Accredible, and learners cannot see them: the account has no "
            "credits, the group has no design, or the account is in sandbox mode.",
            count,
        )
        values = {"count": _counted(count), "account": by_key[key].name if key in by_key else "–"}
        yield Need(NeedKind.BADGES_HIDDEN, text, values, config=by_key.get(key), count=count)


def of_events() -> Iterator[Need]:
    """Events that could not be processed; one query."""
    count = failed_events.unresolved(MOST_COUNTED)
    if count:
        text = ngettext(
            "{count} event of a learner could not be processed: what it would have earned or taken back is open. Look "
            "at the reason, mend it, and have the event processed again.",
            "{count} events of learners could not be processed: what they would have earned or taken back is open. "
            "Look at the reasons, mend them, and have the events processed again.",
            count,
        )
        yield Need(NeedKind.EVENTS_FAILED, text, {"count": _counted(count)}, count=count)


def of_removals() -> Iterator[Need]:
    """Groups that syncs removed under the hands of learners, for some days; one query."""
    lately = GroupSnapshot.objects.filter(
        created__gte=database.now() - _REMOVED_FOR, cause=SnapshotCause.SYNC, restored_at=None, learners__gt=0
    )
    names = list(lately.order_by("-learners").values_list("name", flat=True)[: MOST_COUNTED + 1])
    if names:
        text = ngettext(
            "{count} group with learners on the way to its badge was removed in the last 7 days, because it is gone "
            "at Accredible: “{first}”. If that was a mistake, it can be restored.",
            "{count} groups with learners on the way to their badges were removed in the last 7 days, because they "
            "are gone at Accredible, among them “{first}”. If that was a mistake, they can be restored.",
            len(names),
        )
        values = {"count": _counted(len(names)), "first": names[0]}
        yield Need(NeedKind.GROUPS_REMOVED, text, values, count=len(names))


def _of_account(account: Account) -> Iterator[Need]:
    config = account.config
    name = {"account": config.name}
    if account.key == KeyHealth.MISSING:
        text = _("“{account}” has no API key, so that nothing can be synced or sent: enter one.")
        yield Need(NeedKind.KEY, text, name, config=config)
    if account.key == KeyHealth.UNREADABLE:
        text = _("The API key of “{account}” cannot be read, so that nothing can be synced or sent: enter it again.")
        yield Need(NeedKind.KEY, text, name, account.key_problem, config)
    if config.paused_at:
        text = _(
            "No badge of “{account}” has been sent since {since}: its API key was refused, or cannot be used. Enter a "
            "key that works; or, if this one works again, resume delivery."
        )
        yield Need(NeedKind.PAUSED, text, {**name, "since": moment(config.paused_at)}, config.pause_reason, config)
    if config.credits_left is not None and config.credits_left < _FEW_CREDITS:
        text = ngettext(
            "When “{account}” was looked at last, {when}, it had {count} credit left. Without credits, learners "
            "cannot see new badges: buy some at Accredible, and then test the connection.",
            "When “{account}” was looked at last, {when}, it had {count} credits left. Without credits, learners "
            "cannot see new badges: buy some at Accredible, and then test the connection.",
            config.credits_left,
        )
        values = {**name, "count": config.credits_left, "when": moment(config.checked_at)}
        yield Need(NeedKind.CREDITS, text, values, config=config, count=config.credits_left)
    if config.asks:
        text = _(
            "The last sync of “{account}” would have removed groups, and was not carried out. Look at what would "
            "change, and confirm it, or mend it at Accredible."
        )
        yield Need(NeedKind.CONFIRMATION, text, name, config=config, run=config.last_run)
    waits = config.last_status == RunStatus.QUEUED and config.last_started < database.now() - _WORKER_AFTER
    if waits:
        text = _("A sync of “{account}” has waited since {since} for a worker, and none was seen: start one.")
        values = {**name, "since": moment(config.last_started)}
        yield Need(NeedKind.SYNC_WAITS, text, values, config=config, run=config.last_run)


def _failed(config: AccredibleAPIConfig | None, problem: str, count: int) -> Need:
    values: dict[str, Any] = {"count": _counted(count), "why": _why(problem)}
    if config:
        values["account"] = config.name
        text = ngettext(
            "{count} badge of “{account}” was not delivered: {why}",
            "{count} badges of “{account}” were not delivered: {why}",
            count,
        )
    else:
        text = ngettext(
            "{count} badge of no account was not delivered: {why}",
            "{count} badges of no account were not delivered: {why}",
            count,
        )
    return Need(NeedKind.BADGES_FAILED, text, values, config=config, problem=problem, count=count)


def _why(problem: str) -> str:
    return {
        BadgeProblem.RECIPIENT: _(
            "Accredible does not take the learner's name or e-mail address. What is corrected in the learner's record "
            "is sent again by itself."
        ),
        BadgeProblem.REFUSED: _("refused by Accredible. Each badge says why; mend that, and retry."),
        BadgeProblem.TAKEN: _(
            "at Accredible, the learner already has a credential of this group that was not made here. Delete it there "
            "and retry, or revoke the badge here."
        ),
        BadgeProblem.EXHAUSTED: _("tried for days, without success. If Accredible answers again, retry."),
        BadgeProblem.ORPHANED: _(
            "the API configuration was deleted. Add one for the same account, sync its groups, and retry."
        ),
    }.get(BadgeProblem(problem), _("each badge says why; mend that, and retry."))


def _who_sends() -> str:
    try:
        if delivery_engine() is Delivery.CELERY:
            return _("Badges are sent by a worker, and none was seen: start one.")
    except ConfigurationError as error:
        return str(error)
    return _("What is left over is sent by the command accredible_deliver: have cron run it.")


def _counted(count: int) -> str:
    return _("More than %d") % MOST_COUNTED if count > MOST_COUNTED else str(count)
