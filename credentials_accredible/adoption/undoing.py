"""Gives back what was taken over from the built-in integration, as long as nothing was decided here since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from credentials_accredible.adoption import marks
from credentials_accredible.adoption.report import AdoptedConfig, AdoptedGroup, Adoption
from credentials_accredible.adoption.taking import find_builtin_configs
from credentials_accredible.choices import Adopted, SnapshotCause, Takeover
from credentials_accredible.database import batches, retried
from credentials_accredible.host import builtin
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    AdoptedRow,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    DataRule,
    EarlyPenalty,
    Fulfillment,
    PenaltyDataRule,
    history,
)
from credentials_accredible.rules.configuration import GroupConfiguration
from credentials_accredible.rules.rows import configuration_of
from credentials_accredible.rules.version import lock_groups, rules_locked
from credentials_accredible.snapshots.taking import remove


def undo_adoption(wanted: Sequence[str] = (), *, dry_run: bool = False, user: Any = None) -> Adoption:
    """Give back what was taken over of these configurations, all of it or, where something was decided since, nothing.

    What was made for it here goes, and the built-in integration issues again what it issued before. ``wanted``,
    ``dry_run`` and ``user`` as of ``adopt_builtin``; raises ConfigurationError as ``find_builtin_configs``.
    """
    there = {config.pk: config.name for config in find_builtin_configs(wanted)}
    with history.because(_("Given back to the built-in integration."), user=user):
        return _undo(there, dry_run, user)


@retried
def _undo(there: dict[int, str], dry_run: bool, user: Any) -> Adoption:
    with rules_locked(AccredibleAPIConfig.objects.values_list("pk", flat=True)):
        report = Adoption([_Undoing(pk, name, user).plan() for pk, name in there.items()])
        refused = bool(report.refused)
        if refused:
            report.keep_all()
        else:
            for config in report.configs:
                _Undoing(config.builtin_id, config.name, user).carry_out(config)
        if dry_run or refused or not report.is_changed:
            transaction.set_rollback(True)
        return report


class _Undoing:
    """Gives back one configuration."""

    def __init__(self, builtin_id: int, name: str, user: Any) -> None:
        self._name = name
        self._user = user
        self._builtin_id = builtin_id
        self._mark = marks.of(Adopted.CONFIG, builtin_id)

    def plan(self) -> AdoptedConfig:
        """What would be given back, and what stands against it."""
        item = AdoptedConfig(self._builtin_id, self._name)
        if self._mark is None:
            item.way, item.reason = Takeover.NOTHING, _("It was not taken over.")
            return item
        item.way = Takeover.UNDONE
        item.config = AccredibleAPIConfig.objects.defer("api_key").filter(pk=self._mark.own_id).first()
        groups = list(self._mark.below.filter(kind=Adopted.GROUP).order_by("builtin_id"))
        own = AccredibleGroup.objects.in_bulk([mark.own_id for mark in groups])
        lock_groups(own)
        for mark in groups:
            group = own.get(mark.own_id)
            each = AdoptedGroup(mark.builtin_id, group.name if group else str(mark.builtin_id), Takeover.UNDONE)
            each.group = group
            objections = list(_objections(mark, group)) if group else [_("It was removed here since.")]
            if objections:
                each.refuse(" ".join(objections))
            item.groups.append(each)
        orphans = self._mark.below.filter(kind=Adopted.BADGE)
        if _changed_badges(orphans):
            item.refuse(_("Badges of deleted groups were changed here since."))
        return item

    def carry_out(self, item: AdoptedConfig) -> None:
        """Give back what ``plan`` has found."""
        if self._mark is None:
            return
        active = []
        for mark in self._mark.below.filter(kind=Adopted.GROUP):
            each = next(found for found in item.groups if found.builtin_id == mark.builtin_id)
            if each.group:
                self._give_back(each, mark, each.group)
            if mark.before["builtin_active"]:
                each.switched = True
                active.append(mark.builtin_id)
        builtin.switch(active, active=True)
        _delete(AccredibleBadge, self._mark, Adopted.BADGE)
        if self._mark.made and item.config:
            self._remove_config(item, item.config)
        self._mark.delete()

    def _give_back(self, item: AdoptedGroup, mark: AdoptedRow, group: AccredibleGroup) -> None:
        taken = GroupConfiguration.model_validate(mark.before["configuration"])
        if mark.made or _made(mark, Adopted.REQUIREMENT).exists():
            rules = taken.number_of_rules
            item.counts.update(requirements=len(taken.requirements), rules=rules, penalties=len(taken.penalties))
        item.counts["badges"] = _delete(AccredibleBadge, mark, Adopted.BADGE)
        item.counts["fulfilments"] = _delete(Fulfillment, mark, Adopted.FULFILLMENT)
        item.counts["progress"] = _delete(BadgeProgress, mark, Adopted.PROGRESS)
        if mark.made:
            remove([group.pk], cause=SnapshotCause.PERSON, user=self._user)
            return
        penalties = list(_made(mark, Adopted.PENALTY))
        history.delete(PenaltyDataRule.objects.filter(penalty__in=penalties))
        BadgePenalty.requirements.through.objects.filter(badgepenalty__in=penalties).delete()
        history.delete(BadgePenalty.objects.filter(pk__in=penalties), referred=True)
        requirements = list(_made(mark, Adopted.REQUIREMENT))
        history.delete(DataRule.objects.filter(requirement__in=requirements))
        history.delete(BadgeRequirement.objects.filter(pk__in=requirements), referred=True)
        if group.is_active != mark.before["active"]:
            group.is_active = mark.before["active"]
            group.save(update_fields=["is_active", "modified"])

    def _remove_config(self, item: AdoptedConfig, config: AccredibleAPIConfig) -> None:
        if config.groups.exists() or config.badges.exists():
            item.notes.append(_("“%s” stays: it has other groups or badges.") % config.name)
        else:
            config.delete()


def _objections(mark: AdoptedRow, group: AccredibleGroup) -> Iterator[str]:
    """What was decided here since about a group that was taken over."""
    now, _refs = configuration_of(group)
    if now != GroupConfiguration.model_validate(mark.before["configuration"]):
        yield _("Its requirements, penalties or custom attributes were changed here since.")
    own = BadgeProgress.objects.filter(group=group)
    given = Fulfillment.objects.filter(progress__group=group)
    badges = AccredibleBadge.objects.filter(api_config=group.api_config, accredible_group_id=group.accredible_id)
    happened = own.filter(pk__in=_made(mark, Adopted.PROGRESS)).exclude(last_event_at=None).exists()
    if happened or _newer(mark, Adopted.PROGRESS, own) or _newer(mark, Adopted.FULFILLMENT, given):
        yield _("Events have changed the progress of learners here since.")
    elif any(_missing(mark, kind, rows) for kind, rows in ((Adopted.PROGRESS, own), (Adopted.FULFILLMENT, given))):
        yield _("Progress of learners was taken back here since.")
    if EarlyPenalty.objects.filter(requirement__group=group).exists():
        yield _("Events have brought penalties here since.")
    if _newer(mark, Adopted.BADGE, badges):
        yield _("Badges were awarded here since.")
    if _changed_badges(mark.below.filter(kind=Adopted.BADGE)):
        yield _("Badges were revoked, awarded again, sent or deleted here since.")


def _newer(mark: AdoptedRow, kind: Adopted, rows: QuerySet[Any]) -> bool:
    """Whether some of ``rows`` were not made by the take-over, and made or changed since."""
    return rows.exclude(pk__in=_made(mark, kind)).filter(modified__gt=mark.created).exists()


def _missing(mark: AdoptedRow, kind: Adopted, rows: QuerySet[Any]) -> bool:
    made = _made(mark, kind)
    return rows.filter(pk__in=made).count() != made.count()


def _changed_badges(rows: Any) -> bool:
    """Whether a badge that was taken over is not what it was then; that Accredible was asked about it is no change."""
    for batch in batches(rows.filter(made=True).order_by("pk")):
        own = AccredibleBadge.objects.in_bulk([row.own_id for row in batch])
        for row in batch:
            badge = own.get(row.own_id)
            if badge is None or badge.sent_at or badge.claim:
                return True
            if {"status": badge.status, "external_id": badge.external_id} != row.before:
                return True
    return False


def _made(mark: AdoptedRow, kind: Adopted) -> QuerySet[AdoptedRow, int]:
    """The primary keys of the rows here that were made for what was taken over."""
    return mark.below.filter(kind=kind, made=True).values_list("own_id", flat=True)


def _delete(model: Any, mark: AdoptedRow, kind: Adopted) -> int:
    """Delete the rows here that were made for what was taken over; returns how many."""
    keys = list(_made(mark, kind))
    for batch in batches(keys):
        model.objects.filter(pk__in=batch).delete()
    return len(keys)
