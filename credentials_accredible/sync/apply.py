"""Makes a configuration's groups those of its account: all of a plan in one transaction, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.sites.models import Site
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.badges import linking
from credentials_accredible.choices import PROVIDER_FIELDS, RunStatus, SnapshotCause
from credentials_accredible.database import batches, text_bytes, update_all
from credentials_accredible.exceptions import ConfirmationRequired, Overtaken, SyncRefused, SyncSuperseded
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, SyncRun, history
from credentials_accredible.rules.version import lock_groups, rules_changed, rules_locked
from credentials_accredible.snapshots.taking import Holdings, holdings, remove
from credentials_accredible.sync import changes, runs
from credentials_accredible.sync.plan import (
    CarryOver,
    LocalGroup,
    Plan,
    RemoteGroup,
    Update,
    make_plan,
    removal_objection,
    unchanged_plan,
    values_of,
)

# Groups of one statement, where their texts are not long.
_GROUPS_AT_ONCE = 100


@dataclass(frozen=True)
class Consent:
    """What somebody has agreed to.

    ``force``: removals, however many. ``ask``: no removal, unless its ``approval`` is ``approved``, which stands for
    what a person has seen of it. ``carry_over``: which groups that are gone, by their Accredible ids, are the same as
    which new ones.
    """

    force: bool = False
    ask: bool = False
    approved: str = ""
    carry_over: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A message queue turns the keys into texts.
        numbers = {int(old): int(new) for old, new in self.carry_over.items()}
        object.__setattr__(self, "carry_over", numbers)

    def objection(self, plan: Plan) -> SyncRefused | None:
        """Why the plan goes beyond what was agreed to; None where it does not."""
        if self.approved and plan.gone and self.approved != changes.approval(plan, holdings_of(plan)):
            return ConfirmationRequired(
                _("What this sync would change is no longer what was confirmed. Nothing was changed: look at it again.")
            )
        if self.force or self.approved:
            return None
        if self.ask and plan.remove:
            return ConfirmationRequired(
                _(
                    "%(count)s of %(known)s groups would be removed. Nothing was changed: this has to be "
                    "confirmed first."
                )
                % {"count": len(plan.remove), "known": plan.known}
            )
        return removal_objection(plan, conf.number("MAX_REMOVAL_RATIO", least=0, most=1))


def local_groups(config: AccredibleAPIConfig) -> list[LocalGroup]:
    """The groups of ``config`` as they are here."""
    rows = AccredibleGroup.objects.filter(api_config=config).order_by("accredible_id")
    return [LocalGroup(**row) for row in rows.values("pk", "accredible_id", "is_active", *PROVIDER_FIELDS)]


def current_plan(
    config: AccredibleAPIConfig,
    remote: Sequence[RemoteGroup],
    denied: Collection[int],
    carry_over: Mapping[int, int] | None = None,
) -> Plan:
    """What it would take now to make the groups of ``config`` the ``remote`` ones; writes nothing.

    ``denied`` are the ids that Accredible does not have. Groups that it was not asked about, because they came here
    since, are no part of the plan. Raises CarryOverRefused as ``make_plan`` does.
    """
    here = local_groups(config)
    known = {group.accredible_id for group in here}
    asked = {*denied, *(group.accredible_id for group in remote)}
    local = [group for group in here if group.accredible_id in asked]
    new = [group.accredible_id for group in remote if group.accredible_id not in known]
    return make_plan(remote, local, _held_elsewhere(config, new), carry_over)


def holdings_of(plan: Plan) -> dict[int, Holdings]:
    """What hangs on the groups that ``plan`` removes or carries over, by primary key."""
    return holdings([group.pk for group in plan.gone])


def apply(
    run: SyncRun,
    config: AccredibleAPIConfig,
    remote: Sequence[RemoteGroup],
    denied: Collection[int],
    *,
    site: Site | None,
    consent: Consent,
) -> tuple[Plan, SyncRefused | None]:
    """Plan again under the lock and, where ``consent`` covers the plan, carry it out and close ``run`` as succeeded.

    Returns the plan, and the objection that kept it from being carried out. Raises SyncSuperseded where the lock is
    lost or the account behind ``config`` is another one now, and CarryOverRefused. The groups are as before then.
    """
    creating = _brings_new(config, remote)
    # Two configurations of one environment must not both find a group free and take it.
    with rules_locked([config.pk], changing=False, creating=creating, patient=True):
        runs.hold(run)
        _refuse_another_account(config)
        plan = current_plan(config, remote, denied, consent.carry_over)
        objection = consent.objection(plan)
        if plan.create and not creating:
            # Tried again, and with the lock then.
            raise Overtaken(_("A group was removed after this sync had looked whether it would make any. Sync again."))
        if objection is None:
            if plan.gone:
                rules_changed(config.pk)
                lock_groups(group.pk for group in plan.gone)
            made = _create(config, plan, site)
            _link_orphans(config)
            remove([group.pk for group in plan.remove], cause=SnapshotCause.SYNC, run=run, user=run.user)
            changes.record_changes(run, plan, made)
            # Events refer to groups that stay: these are written last, and so kept from events for the shortest time.
            _update(config, plan)
            for pair in plan.carry:
                _carry_over(pair, user=run.user)
            runs.finish(run, RunStatus.SUCCEEDED, plan=plan)
    return plan, objection


def settle(
    run: SyncRun,
    config: AccredibleAPIConfig,
    remote: Sequence[RemoteGroup],
    seen: Sequence[LocalGroup],
    consent: Consent,
) -> Plan | None:
    """Close ``run`` as succeeded where nothing is to be written, without any lock; the plan, None where something is.

    ``seen``: the groups that were here before Accredible was asked. Raises SyncSuperseded as ``apply`` does.
    """
    plan = None if consent.carry_over else unchanged_plan(remote, seen)
    # Groups can have come and gone since. What is in them is written by a sync, and this is the one that runs.
    if plan is None or _ids(config) != {group.accredible_id for group in seen} or _orphans(config).exists():
        return None
    _refuse_another_account(config)
    if not runs.finish(run, RunStatus.SUCCEEDED, plan=plan):
        raise runs.superseded()
    return plan


def _brings_new(config: AccredibleAPIConfig, remote: Sequence[RemoteGroup]) -> bool:
    known = _ids(config)
    return any(group.accredible_id not in known for group in remote)


def _ids(config: AccredibleAPIConfig) -> set[int]:
    return set(AccredibleGroup.objects.filter(api_config=config).order_by().values_list("accredible_id", flat=True))


def _refuse_another_account(config: AccredibleAPIConfig) -> None:
    current = AccredibleAPIConfig.objects.filter(pk=config.pk, environment=config.environment).first()
    if current is None or current.api_key != config.api_key:
        raise SyncSuperseded(
            _("“%(name)s” was changed or deleted while its groups were read. Nothing was changed: sync again.")
            % {"name": config.name}
        )


def _held_elsewhere(config: AccredibleAPIConfig, ids: Sequence[int]) -> dict[int, str]:
    others = AccredibleGroup.objects.filter(api_config__environment=config.environment).exclude(api_config=config)
    held: dict[int, str] = {}
    for batch in batches(ids):
        held.update(others.filter(accredible_id__in=batch).values_list("accredible_id", "api_config__name"))
    return held


def _create(config: AccredibleAPIConfig, plan: Plan, site: Site | None) -> QuerySet[AccredibleGroup]:
    """Make the groups that are new, and return them."""
    now = timezone.now()
    groups = (
        AccredibleGroup(
            api_config_id=config.pk,
            accredible_id=remote.accredible_id,
            site_id=site.pk if site else None,
            synced_at=now,
            **values_of(remote, None),
        )
        for remote in plan.create
    )
    for batch in batches(groups, _GROUPS_AT_ONCE, text_bytes):
        AccredibleGroup.objects.bulk_create(batch)
    # MySQL does not say which keys the rows of a bulk statement got. Nothing else was written at that moment.
    return AccredibleGroup.objects.filter(api_config=config, synced_at=now)


def _link_orphans(config: AccredibleAPIConfig) -> None:
    """Link the badges of deleted configurations to the groups they were earned in, which belong to ``config`` now."""
    orphans = _orphans(config)
    numbers = set(orphans.order_by().values_list("accredible_group_id", flat=True).distinct())
    for batch in batches(numbers):
        for group in AccredibleGroup.objects.filter(api_config=config, accredible_id__in=batch):
            linking.link_all(group, orphans.filter(accredible_group_id=group.accredible_id))


def _orphans(config: AccredibleAPIConfig) -> QuerySet[AccredibleBadge]:
    return AccredibleBadge.objects.filter(api_config=None, environment=config.environment, group=None)


def _update(config: AccredibleAPIConfig, plan: Plan) -> None:
    now = timezone.now()
    changed: dict[tuple[str, ...], list[Update]] = defaultdict(list)
    # Events refer to active ones alone.
    for update in sorted(plan.update, key=lambda update: update.local.is_active):
        changed[tuple(sorted(change.field for change in update.changes))].append(update)
    for fields, updates in sorted(changed.items(), key=lambda item: any(each.local.is_active for each in item[1])):
        groups = (
            AccredibleGroup(
                pk=update.local.pk,
                api_config_id=config.pk,
                accredible_id=update.local.accredible_id,
                synced_at=now,
                modified=now,
                **values_of(update.remote, update.local),
            )
            for update in updates
        )
        for batch in batches(groups, _GROUPS_AT_ONCE, text_bytes):
            update_all(batch, [*fields, "synced_at", "modified"])


def _carry_over(pair: CarryOver, *, user: Any) -> None:
    """Give a group the id and the texts of the one that was made in its place, and deactivate it.

    What is configured under it stays, and so does the progress of its learners. The badges they have stay theirs, and
    count for the group. Those that are not at Accredible yet are made in the new one.
    """
    group = AccredibleGroup.objects.get(pk=pair.local.pk)
    for name, value in values_of(pair.remote, pair.local).items():
        setattr(group, name, value)
    group.accredible_id = pair.remote.accredible_id
    group.is_active = False
    group.synced_at = timezone.now()
    with history.because(_("Carried over by a sync"), user=user):
        group.save()
    numbers = {pair.local.accredible_id, pair.remote.accredible_id}
    linking.link_all(group, linking.unlinked(group.api_config, numbers))
    linking.move_waiting(group)
