"""One synchronisation from beginning to end, and its preview: fetch, plan, guard, apply, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import broker, conf
from credentials_accredible.choices import RunStatus, RunTrigger
from credentials_accredible.client import AccredibleClient, Group, open_client
from credentials_accredible.database import drop_lost_connection, retried
from credentials_accredible.database_errors import why_not_stored
from credentials_accredible.delivery.engines import resume_delivery
from credentials_accredible.exceptions import AccredibleError, ConfigurationError, SyncInProgress, SyncRefused
from credentials_accredible.models import AccredibleAPIConfig, SyncRun
from credentials_accredible.sync import runs
from credentials_accredible.sync.apply import Consent, apply, current_plan, holdings_of, local_groups, settle
from credentials_accredible.sync.changes import Outcome
from credentials_accredible.sync.plan import LocalGroup, RemoteGroup
from credentials_accredible.text import shortened

log = logging.getLogger(__name__)

_MOST_WARNINGS = 50
_HIDDEN = gettext_lazy(
    "Accredible's list lacked groups that are there when they are asked for by id: %(ids)s. They were kept."
)

# (stage, done, total, kept_back): stage is "groups", "designs" or "applying"; total is None while it is not known;
# kept_back: for so many seconds Accredible's rate limit keeps the next request back, 0 where it does not.
Progress = Callable[[str, int, int | None, float], None]


def preview(
    config: AccredibleAPIConfig,
    *,
    force: bool = False,
    carry_over: Mapping[int, int] | None = None,
    refresh_icons: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """What a synchronisation would do now, *refused* where a guard would stop it and ``force`` is not given.

    ``carry_over`` is as in ``Consent``. Writes nothing, and does not raise AccredibleError.
    """
    try:
        with open_client(config) as client:
            local = local_groups(config)
            fetched = _fetch(client, local, refresh_icons=refresh_icons, progress=progress or _silent)
        plan = current_plan(config, fetched.groups, fetched.denied, carry_over)
        objection = Consent(force=force).objection(plan)
    except SyncRefused as error:
        return Outcome(config, RunStatus.REFUSED, str(error), reason=error)
    except AccredibleError as error:
        return Outcome(config, RunStatus.FAILED, str(error), reason=error)
    return Outcome(
        config,
        RunStatus.REFUSED if objection else RunStatus.SUCCEEDED,
        str(objection or ""),
        plan=plan,
        holdings=holdings_of(plan),
        warnings=fetched.warnings,
        reason=objection,
    )


def sync(
    config: AccredibleAPIConfig,
    *,
    trigger: str = RunTrigger.API,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Make the groups of ``config`` those of its account, and record how that went.

    New groups get ``site``, None: the current one. Does not raise for anything that goes wrong on the way, a bug
    included: the outcome and the run say what it was, and the groups are as before then. Call it outside of a
    transaction: Accredible is asked meanwhile.
    """
    site = site or current_site()
    opened = _open_run(runs.begin, config, trigger=trigger, user=user)
    if opened.run is None or opened.status != RunStatus.RUNNING:
        return opened
    return _Synchronisation(config, opened.run, progress).carry_out(site, consent or Consent(), refresh_icons)


def start_sync(
    config: AccredibleAPIConfig,
    *,
    trigger: str = RunTrigger.API,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
) -> Outcome:
    """As ``sync``, by a worker where there is one.

    The outcome is *queued* then, and its run says how far it has come and how it ended. Where no broker is
    configured, or where it is out of reach, the sync is done before this returns. Call it outside of a transaction.
    """
    site, consent = site or current_site(), consent or Consent()
    try:
        in_background = conf.broker_url() is not None
    except ConfigurationError as error:
        return Outcome(config, RunStatus.FAILED, str(error), reason=error)
    if not in_background:
        return sync(config, trigger=trigger, user=user, site=site, consent=consent, refresh_icons=refresh_icons)
    # The run is there, and holds the lock, before the message is sent: the worker that gets it takes it over, once.
    queued = _open_run(runs.queue, config, trigger=trigger, user=user)
    if queued.run is None or not queued.is_queued:
        return queued
    options = {"site": site.pk if site else None, "consent": asdict(consent), "refresh_icons": refresh_icons}
    if broker.publish(broker.SYNC, queued.run.pk, options):
        return queued
    # A broker that took the message and could not say so has given it to a worker: then the run is that one's.
    return run_queued_sync(queued.run.pk, options) or queued


def run_queued_sync(run_id: int, options: dict[str, Any]) -> Outcome | None:
    """Carry out a sync that ``start_sync`` has queued: for workers. None where another one has done it, or does.

    ``options`` are those of the message. Call it outside of a transaction.
    """
    consent = Consent(**options["consent"])
    run = runs.take(run_id)
    if run is None:
        # The message has come a second time. A run whose process died is closed, not taken over: what killed one
        # worker could kill the next.
        runs.close_dead(SyncRun.objects.filter(pk=run_id))
        return None
    config = run.api_config
    if config is None:
        words = _("“%(config_name)s” was deleted meanwhile.") % {"config_name": run.config_name}
        runs.finish(run, RunStatus.FAILED, error=words)
        return Outcome(AccredibleAPIConfig(name=run.config_name), RunStatus.FAILED, words, run=run)
    site = Site.objects.filter(pk=options["site"]).first()
    return _Synchronisation(config, run).carry_out(site, consent, options["refresh_icons"])


def current_site(request: HttpRequest | None = None) -> Site | None:
    """The site that new groups get where nobody names another; None where the host has no such site."""
    try:
        return Site.objects.get_current(request)
    except (Site.DoesNotExist, ImproperlyConfigured):
        return None


def _open_run(opener: Callable[..., SyncRun], config: AccredibleAPIConfig, *, trigger: str, user: Any) -> Outcome:
    """A run as ``opener`` makes it, one of ``runs.begin`` and ``runs.queue``; or, closed, why there is none."""
    try:
        # As it is now: it may have been changed or deleted while others were synchronised.
        config.refresh_from_db()
        run = opener(config, trigger=trigger, user=user)
    except SyncInProgress as error:
        refused = runs.record_refusal(config, str(error), trigger=trigger, user=user)
        return Outcome(config, RunStatus.REFUSED, str(error), run=refused, reason=error)
    except AccredibleAPIConfig.DoesNotExist:
        return Outcome(config, RunStatus.FAILED, _("“%(name)s” was deleted meanwhile.") % {"name": config.name})
    except AccredibleError as error:
        return Outcome(config, RunStatus.FAILED, str(error), reason=error)
    except DatabaseError as error:
        log.exception("sync_failed config=%s", config.pk)
        # The next configuration has another chance.
        drop_lost_connection()
        return Outcome(config, RunStatus.FAILED, _database_words(error))
    return Outcome(config, RunStatus(run.status), run=run)


@dataclass(frozen=True)
class _Fetched:
    """What Accredible has: its groups in its order, and a sentence for whatever was odd or could not be read.

    ``seen`` are the groups that were here before, ``denied`` the ids of those that Accredible does not have.
    """

    groups: list[RemoteGroup]
    denied: frozenset[int]
    warnings: list[str]
    seen: list[LocalGroup]


class _Synchronisation:
    def __init__(self, config: AccredibleAPIConfig, run: SyncRun, progress: Progress | None = None) -> None:
        self.config = config
        self.run = run
        self.progress = progress or _silent
        self.fetched = _Fetched([], frozenset(), [], [])

    def carry_out(self, site: Site | None, consent: Consent, refresh_icons: bool) -> Outcome:
        try:
            self.fetched = self._fetch(refresh_icons)
            total = len(self.fetched.groups)
            plan = retried(settle)(self.run, self.config, self.fetched.groups, self.fetched.seen, consent)
            objection = None
            if plan is None:
                self._beating("applying", 0, total, 0.0)
                # A learner's event can meet it halfway: databases let one of two go on, and the other one try again.
                carry_out_plan = partial(apply, self.run, self.config, self.fetched.groups, self.fetched.denied)
                plan, objection = retried(carry_out_plan)(site=site, consent=consent)
        except SyncRefused as error:
            return self._ended(RunStatus.REFUSED, str(error), reason=error)
        except AccredibleError as error:
            return self._ended(RunStatus.FAILED, str(error), reason=error)
        except DatabaseError as error:
            log.exception("sync_failed config=%s run=%s", self.config.pk, self.run.pk)
            return self._ended(RunStatus.FAILED, _database_words(error))
        except Exception:
            log.exception("sync_failed config=%s run=%s", self.config.pk, self.run.pk)
            return self._ended(
                RunStatus.FAILED,
                _(
                    "Something went wrong that nobody has foreseen: probably a mistake in this plugin. Nothing was "
                    "changed. Show the log of this service, at sync_failed, to the people who look after the service."
                ),
            )
        except BaseException:
            runs.finish(self.run, RunStatus.FAILED, error=_("Interrupted. Nothing was changed."))
            raise
        if objection:
            hanging = holdings_of(plan)
            return self._ended(RunStatus.REFUSED, str(objection), reason=objection, plan=plan, holdings=hanging)
        self.progress("applying", total, total, 0.0)
        if self.config.paused_at:
            # Since before this sync, with which the key has worked.
            resume_delivery(self.config)
        return Outcome(self.config, RunStatus.SUCCEEDED, plan=plan, warnings=self.fetched.warnings, run=self.run)

    def _fetch(self, refresh_icons: bool) -> _Fetched:
        with open_client(self.config) as client:
            try:
                fetched = _fetch(client, local_groups(self.config), refresh_icons=refresh_icons, progress=self._beating)
            finally:
                self.run.requests = client.requests_sent
        self.run.warnings = fetched.warnings
        return fetched

    def _beating(self, stage: str, done: int, total: int | None, kept_back: float) -> None:
        runs.beat(self.run, stage, done, total, kept_back)
        self.progress(stage, done, total, kept_back)

    def _ended(self, status: RunStatus, error: str, **details: Any) -> Outcome:
        try:
            # What a guard objects to, a person can still agree to.
            runs.finish(self.run, status, error=error, needs_confirmation="plan" in details)
        except DatabaseError:
            # The run stays open until its lease is over; nothing was changed by it.
            log.exception("sync_run_not_closed config=%s run=%s", self.config.pk, self.run.pk)
        return Outcome(self.config, status, error, run=self.run, warnings=self.fetched.warnings, **details)


def _fetch(client: AccredibleClient, local: list[LocalGroup], *, refresh_icons: bool, progress: Progress) -> _Fetched:
    """All groups of the client's account, each with its icon.

    The list can change while its pages are read: a group that is here and not in it is asked for by its id. A design
    is asked for once, and only where its picture is not known yet, where a group that uses it has changed at Accredible
    since, or where ``refresh_icons`` says so. Raises RequestFailed where the groups cannot be read; a design that
    cannot be read costs a warning.
    """

    def tell(stage: str, done: int, total: int | None) -> None:
        progress(stage, done, total, client.seconds_kept_back)

    groups = client.groups(progress=partial(tell, "groups"))
    listed = len(groups)
    missing = {group.accredible_id for group in local} - {group.accredible_id for group in groups}
    groups += client.find_groups(sorted(missing), progress=lambda *_figures: tell("groups", listed, listed))
    hidden = [group.accredible_id for group in groups[listed:]]
    known, needed = _designs(groups, local, refresh_icons)
    batch = client.designs(needed, progress=partial(tell, "designs"))
    icons: dict[int, str | None] = {
        **known,
        **{design_id: design.image_url for design_id, design in batch.found.items()},
        **dict.fromkeys(batch.failures),
    }
    # The run has to fit into the database, however many there are.
    warnings = [
        _("Design %(design_id)s: %(reason)s") % {"design_id": design_id, "reason": reason}
        for design_id, reason in sorted(batch.failures.items())
    ]
    more = len(warnings) - _MOST_WARNINGS
    if more > 0:
        warnings[_MOST_WARNINGS:] = [
            ngettext("%(count)s more design could not be read.", "%(count)s more designs could not be read.", more)
            % {"count": more}
        ]
    if hidden:
        warnings.append(_HIDDEN % {"ids": shortened(", ".join(map(str, hidden)), 500)})
    remote = [_remote(group, icons) for group in groups]
    return _Fetched(remote, frozenset(missing.difference(hidden)), warnings, local)


def _designs(groups: list[Group], local: list[LocalGroup], refresh: bool) -> tuple[dict[int, str], list[int]]:
    """The icons known already by design id, and the ids of the designs to ask for."""
    known = {group.design_id: group.icon_url for group in local if group.design_id is not None and group.icon_url}
    updated = {group.accredible_id: group.remote_updated_at for group in local}
    needed = []
    for group in groups:
        if group.design_id is None:
            continue
        touched = group.accredible_id in updated and updated[group.accredible_id] != group.updated_at
        if refresh or touched or group.design_id not in known:
            needed.append(group.design_id)
    return known, list(dict.fromkeys(needed))


def _remote(group: Group, icons: dict[int, str | None]) -> RemoteGroup:
    return RemoteGroup(
        accredible_id=group.accredible_id,
        name=group.name,
        internal_name=group.internal_name,
        description=group.description,
        icon_url="" if group.design_id is None else icons[group.design_id],
        design_id=group.design_id,
        remote_created_at=group.created_at,
        remote_updated_at=group.updated_at,
    )


def _silent(stage: str, done: int, total: int | None, kept_back: float) -> None:
    """Progress that nobody looks at."""


def _database_words(error: DatabaseError) -> str:
    return _("The database did not take the changes. %(why)s") % {"why": why_not_stored(error)}
