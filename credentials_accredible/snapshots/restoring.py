"""Restores removed groups from their snapshots: all that was asked for in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.sites.models import Site
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credentials_accredible.choices import Return
from credentials_accredible.database import retried
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.models import AccredibleAPIConfig, AccredibleGroup, GroupSnapshot, SyncRun, history
from credentials_accredible.rules.configuration import Addition, GroupConfiguration, addition, figures_in_words
from credentials_accredible.rules.rows import configuration_of, configure
from credentials_accredible.rules.version import lock_groups, rules_locked
from credentials_accredible.snapshots import format, learners
from credentials_accredible.snapshots.learners import RestoredLearners

_NAMED = 5


@dataclass(frozen=True)
class RestoreChoices:
    """How somebody wants snapshots restored.

    ``config``: where groups go whose own configuration was deleted. ``join``: by the snapshot's primary key, the
    Accredible id of the group here that is the same one under another id. ``merge``: whether to add to groups that
    have been configured since.
    """

    config: AccredibleAPIConfig | None = None
    join: Mapping[int, int] = field(default_factory=dict)
    merge: bool = False


@dataclass
class Restoration:
    """How one snapshot is restored, or would be.

    ``group`` is the one that it joins or, once it is restored, has become; None for a new one. ``reason`` says why
    there is nothing to do, or why it is refused. ``added`` is what it adds to the group, and ``known`` has the primary
    keys, by ref, of the requirements that are there already. ``same_name`` are groups here that could be the same one
    under another id.
    """

    snapshot: GroupSnapshot
    way: Return
    reason: str = ""
    config: AccredibleAPIConfig | None = None
    group: AccredibleGroup | None = None
    added: Addition | None = None
    known: dict[int, int] = field(default_factory=dict)
    learners: RestoredLearners = field(default_factory=RestoredLearners)
    notes: list[str] = field(default_factory=list)
    same_name: list[AccredibleGroup] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether it cannot be done as it was asked for."""
        return self.way == Return.REFUSED

    @property
    def wanted(self) -> bool:
        return self.way in {Return.NEW, Return.JOINED}

    def counts(self) -> dict[str, int]:
        """How much is restored: requirements, rules, penalties, attributes, learners, gone, badges."""
        missing = self.added.missing if self.added else GroupConfiguration()
        return {
            "requirements": len(missing.requirements),
            "rules": missing.number_of_rules,
            "penalties": len(missing.penalties),
            "attributes": len(missing.custom_attributes),
            "learners": self.learners.restored,
            "gone": self.learners.gone,
            "badges": self.learners.badges,
        }


def find_snapshots(keys: Sequence[int] = (), *, runs: Sequence[int] = ()) -> list[GroupSnapshot]:
    """The snapshots with these primary keys, in that order, then those of these sync runs.

    Raises ConfigurationError for one that does not exist, and for a run without snapshots.
    """
    snapshots = _with_configurations(GroupSnapshot.objects.all())
    found = {snapshot.pk: snapshot for snapshot in snapshots.filter(pk__in=keys)}
    missing = [str(key) for key in keys if key not in found]
    if missing:
        words = _("There is no snapshot %(missing)s: the admin lists those there are.")
        raise ConfigurationError(words % {"missing": ", ".join(missing)})
    wanted = {key: found[key] for key in keys}
    for run in runs:
        if not SyncRun.objects.filter(pk=run).exists():
            raise ConfigurationError(_("There is no sync run %(run)s: the admin lists those there are.") % {"run": run})
        of_run = list(snapshots.filter(sync_run=run).order_by("pk"))
        if not of_run:
            words = _("The sync run %(run)s has removed no group, or its snapshots are pruned.")
            raise ConfigurationError(words % {"run": run})
        wanted |= {snapshot.pk: snapshot for snapshot in of_run}
    return list(wanted.values())


def preview_restore(snapshots: Sequence[GroupSnapshot], choices: RestoreChoices) -> list[Restoration]:
    """How ``snapshots`` would be restored now, with figures; writes nothing."""
    plans = _plan_all(snapshots, choices)
    for item in plans:
        if item.config and item.wanted:
            item.learners = learners.count(item.snapshot, item.config, item.group)
    return plans


def restore(snapshots: Sequence[GroupSnapshot], choices: RestoreChoices, *, user: Any = None) -> list[Restoration]:
    """Restore ``snapshots``, all of them or, where one is refused, none; returns how each was restored.

    ``user`` is who does it. A snapshot that was restored before is left alone. Nobody gets a badge by it: the groups
    are inactive.
    """
    with history.because(_("Restored from a snapshot"), user=user):
        return _restore([snapshot.pk for snapshot in snapshots], choices)


def restoration_figures(item: Restoration) -> str:
    """How much is restored, in one line."""
    counts = item.counts()
    parts = [
        *figures_in_words(counts["requirements"], counts["rules"], counts["penalties"]),
        ngettext("%d custom attribute", "%d custom attributes", counts["attributes"]) % counts["attributes"],
        ngettext("the progress of %d learner", "the progress of %d learners", counts["learners"]) % counts["learners"],
        ngettext("the link of %d badge", "the links of %d badges", counts["badges"]) % counts["badges"],
    ]
    if counts["gone"]:
        gone = ngettext("%d learner is no longer here", "%d learners are no longer here", counts["gone"])
        parts.append(gone % counts["gone"])
    return ", ".join(parts)


def _with_configurations(snapshots: QuerySet[GroupSnapshot]) -> QuerySet[GroupSnapshot]:
    # Nothing here needs an API key, and so none is read.
    return snapshots.prefetch_related(Prefetch("api_config", AccredibleAPIConfig.objects.defer("api_key")))


@retried
def _restore(keys: list[int], choices: RestoreChoices) -> list[Restoration]:
    # Syncs wait, and other restores: they could take a group that is found to be free.
    kept = GroupSnapshot.objects.filter(pk__in=keys, api_config__isnull=False)
    configs = {*kept.values_list("api_config", flat=True), *([choices.config.pk] if choices.config else [])}
    with rules_locked(configs, creating=True):
        locked = _with_configurations(GroupSnapshot.objects.select_for_update()).filter(pk__in=keys)
        found = {snapshot.pk: snapshot for snapshot in locked}
        plans = _plan_all([found[key] for key in keys if key in found], choices)
        if any(item.refused for item in plans) or not any(item.wanted for item in plans):
            transaction.set_rollback(True)
            return plans
        wanted = [item for item in plans if item.wanted]
        lock_groups(item.group.pk for item in wanted if item.group)
        for item in wanted:
            _restore_one(item)
        return plans


def _restore_one(item: Restoration) -> None:
    snapshot, added = item.snapshot, item.added
    if item.config is None or added is None:
        raise TypeError(_("a snapshot is restored to a configuration"))
    group = item.group or _make(snapshot, item.config)
    if item.group:
        _join(snapshot, group, deactivate=bool(added))
    requirements = configure(group, added.missing, item.known)
    item.group = group
    item.learners = learners.restore(snapshot, group, requirements)
    snapshot.restored_at, snapshot.restored_to = timezone.now(), group
    snapshot.save(update_fields=["restored_at", "restored_to", "modified"])


def _make(snapshot: GroupSnapshot, config: AccredibleAPIConfig) -> AccredibleGroup:
    values = format.group_values(snapshot.data)
    if AccredibleGroup.objects.filter(uuid=values["uuid"]).exists():
        del values["uuid"]
    group = AccredibleGroup(
        api_config=config, accredible_id=snapshot.accredible_id, site=_site(snapshot), is_active=False, **values
    )
    group.save(force_insert=True)
    return group


def _join(snapshot: GroupSnapshot, group: AccredibleGroup, *, deactivate: bool) -> None:
    if group.site is None:
        group.site = _site(snapshot)
    if deactivate:
        group.is_active = False
    group.save(update_fields=["site", "is_active", "modified"])


def _site(snapshot: GroupSnapshot) -> Site | None:
    domain = snapshot.data["group"]["site"]
    return Site.objects.filter(domain=domain).first() if domain else None


def _plan_all(snapshots: Iterable[GroupSnapshot], choices: RestoreChoices) -> list[Restoration]:
    plans: list[Restoration] = []
    places: dict[tuple[Any, ...], GroupSnapshot] = {}
    for snapshot in snapshots:
        found = _plan(snapshot, choices)
        if found.wanted and found.config:
            place = (found.config.pk, found.group.accredible_id if found.group else snapshot.accredible_id)
            if place in places:
                words = _(
                    "Snapshot %(pk)s goes to the same group: restore one of the two. The newer one says how the "
                    "group was in the end."
                )
                found = _refused(snapshot, words, pk=places[place].pk)
            places.setdefault(place, snapshot)
        plans.append(found)
    return plans


def _plan(snapshot: GroupSnapshot, choices: RestoreChoices) -> Restoration:
    if snapshot.version > format.SNAPSHOT_VERSION:
        words = _("A newer release of the plugin wrote this snapshot: install that one to restore it.")
        return _refused(snapshot, words)
    if snapshot.restored_at and snapshot.restored_to:
        name = f"“{snapshot.restored_to.name}” ({snapshot.restored_to.accredible_id})"
        return Restoration(
            snapshot,
            Return.NOTHING,
            _("Restored already, on %(restored_at)s UTC, to the group %(name)s.")
            % {"restored_at": f"{snapshot.restored_at:%Y-%m-%d %H:%M}", "name": name},
            config=snapshot.restored_to.api_config,
            group=snapshot.restored_to,
        )
    config = snapshot.api_config or choices.config
    if config is None:
        words = _(
            "Its configuration “%(config_name)s” was deleted. Name the configuration it goes to: one of "
            "the same account, in the environment “%(environment)s”."
        )
        return _refused(snapshot, words, config_name=snapshot.config_name, environment=snapshot.environment)
    if config.environment != snapshot.environment:
        words = _(
            "It is of the environment “%(environment)s”, and “%(name)s” of “%(theirs)s”, where "
            "the number %(accredible_id)s stands for another group."
        )
        theirs = {"name": config.name, "theirs": config.environment, "accredible_id": snapshot.accredible_id}
        return _refused(snapshot, words, environment=snapshot.environment, **theirs)
    group, objection = _target(snapshot, config, choices)
    if objection:
        return _refused(snapshot, objection)
    return _into(snapshot, config, group, choices)


def _target(
    snapshot: GroupSnapshot, config: AccredibleAPIConfig, choices: RestoreChoices
) -> tuple[AccredibleGroup | None, str]:
    """The group here that the snapshot joins, None for a new one; and what stands against it."""
    wanted = choices.join.get(snapshot.pk)
    if wanted is not None:
        group = config.groups.filter(accredible_id=wanted).first()
        words = _("“%(name)s” has no group %(wanted)s. Sync its groups first.")
        return group, "" if group else words % {"name": config.name, "wanted": wanted}
    mine = config.groups.filter(accredible_id=snapshot.accredible_id).first()
    if mine is None:
        # It was carried over to another id after it had been restored.
        mine = config.groups.filter(uuid=snapshot.data["group"]["uuid"]).first()
    if mine is not None:
        return mine, ""
    holder = (
        AccredibleGroup.objects.filter(api_config__environment=config.environment, accredible_id=snapshot.accredible_id)
        .values_list("api_config__name", flat=True)
        .first()
    )
    if holder is not None:
        words = _(
            "“%(holder)s” holds the group %(accredible_id)s now. Two copies would issue two badges: "
            "remove it there first."
        )
        return None, words % {"holder": holder, "accredible_id": snapshot.accredible_id}
    return None, ""


def _into(
    snapshot: GroupSnapshot, config: AccredibleAPIConfig, group: AccredibleGroup | None, choices: RestoreChoices
) -> Restoration:
    there, refs = configuration_of(group) if group else (GroupConfiguration(), {})
    added = addition(format.configuration_in(snapshot.data), there)
    result = Restoration(snapshot, Return.JOINED if group else Return.NEW, config=config, group=group, added=added)
    keys = {ref: pk for pk, ref in refs.items()}
    result.known = {ref: keys[there_ref] for ref, there_ref in added.known.items()}
    result.notes = list(_notes(result))
    if group is None:
        result.same_name = _same_name(snapshot, config)
    elif there and added and not choices.merge:
        requirements, penalties = len(there.requirements), len(there.penalties)
        figures = (
            ngettext("%(count)s requirement", "%(count)s requirements", requirements) % {"count": requirements},
            ngettext("%(count)s penalty", "%(count)s penalties", penalties) % {"count": penalties},
        )
        result.way = Return.REFUSED
        result.reason = _(
            "The group “%(name)s” (%(accredible_id)s) has been configured since: %(figures)s. Choose to "
            "merge, which adds what the snapshot has beyond that; or remove there what is not wanted."
        ) % {"name": group.name, "accredible_id": group.accredible_id, "figures": ", ".join(figures)}
    return result


def _notes(result: Restoration) -> Iterable[str]:
    snapshot, group, added = result.snapshot, result.group, result.added
    if group is None:
        yield _(
            "It comes back inactive. A sync removes it again, with a new snapshot, unless Accredible lists it by then."
        )
    elif group.is_active and added:
        yield _("The group is active. It is deactivated, because what its badge takes will have changed.")
    if group is not None and group.accredible_id != snapshot.accredible_id:
        yield _(
            "At Accredible it is another group: %(new)s instead of %(old)s. "
            "Learners who have the badge keep the one they have."
        ) % {"new": group.accredible_id, "old": snapshot.accredible_id}
    if added and added.kept:
        kept = ", ".join(added.kept[:_NAMED])
        yield _("These custom attributes keep the value they have: %(kept)s.") % {"kept": kept}
    if snapshot.restored_at:
        said = {"restored_at": f"{snapshot.restored_at:%Y-%m-%d %H:%M}"}
        yield _("It was restored on %(restored_at)s UTC, and the group was removed again since.") % said
    newer = GroupSnapshot.objects.filter(
        environment=snapshot.environment, accredible_id=snapshot.accredible_id, pk__gt=snapshot.pk, restored_at=None
    )
    latest = newer.order_by("-pk").first()
    if latest:
        said = {"pk": str(latest.pk), "created": f"{latest.created:%Y-%m-%d %H:%M}"}
        yield _("There is a newer snapshot of this group, %(pk)s, of %(created)s UTC.") % said
    if snapshot.data["shortened"]:
        yield _("Very long texts from Accredible come back shortened. The next sync completes them.")


def _same_name(snapshot: GroupSnapshot, config: AccredibleAPIConfig) -> list[AccredibleGroup]:
    # Databases differ in what they take for the same text: letter case, accents.
    named = config.groups.filter(name=snapshot.name).order_by("pk")
    return [group for group in named[: _NAMED + 1] if group.name == snapshot.name][:_NAMED]


def _refused(snapshot: GroupSnapshot, words: str, **values: Any) -> Restoration:
    return Restoration(snapshot, Return.REFUSED, words % values, config=snapshot.api_config)
