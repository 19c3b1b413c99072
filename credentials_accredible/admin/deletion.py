"""What a deletion takes along, in figures: Django's own pages would list every learner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Count, Model
from django.http import HttpRequest
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext, ngettext

from credentials_accredible import api
from credentials_accredible.admin.base import address, admin_of, link, link_if_open, may
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    Fulfillment,
    GroupSnapshot,
    PenaltyDataRule,
)

# What ModelAdmin.get_deleted_objects returns: (objects, counts by name, names of missing permissions, protected).
Deletion = tuple[list[Any], dict[str, int], set[Any], list[Any]]

_LISTED = 100


def tell_of_snapshots(request: HttpRequest, snapshots: Sequence[int]) -> None:
    """Say that snapshots were kept, and where they are to those who may see them."""
    if not snapshots or not may(request, "view_groupsnapshot"):
        return
    if len(snapshots) == 1:
        to = address(GroupSnapshot, "change", *snapshots)
        messages.info(request, link(to, gettext("A snapshot can bring the group back.")))
    else:
        to = address(GroupSnapshot, "changelist")
        messages.info(request, link(to, gettext("Snapshots can bring the groups back.")))


def of_groups(request: HttpRequest, site: AdminSite, groups: Sequence[AccredibleGroup]) -> Deletion:
    """What goes with ``groups``: a line for each, as many as one reads, with what hangs on it."""
    held = api.holdings([group.pk for group in groups])
    counts = {AccredibleGroup: len(groups), **_sums(held.values())}
    return _deletion(request, site, _group_lines(groups, held), counts)


def of_configs(request: HttpRequest, site: AdminSite, configs: Sequence[AccredibleAPIConfig]) -> Deletion:
    """What goes with ``configs``: their groups, and what hangs on these."""
    lines: list[Any] = []
    everything: list[api.Holdings] = []
    total = 0
    for config in configs:
        groups = list(config.groups.all())
        held = api.holdings([group.pk for group in groups])
        lines += [_link(config), *([_group_lines(groups, held)] if groups else [])]
        everything += held.values()
        total += len(groups)
    counts = {AccredibleAPIConfig: len(configs), AccredibleGroup: total, **_sums(everything)}
    return _deletion(request, site, lines, counts)


def of_requirements(request: HttpRequest, site: AdminSite, requirements: Sequence[BadgeRequirement]) -> Deletion:
    """What goes with ``requirements``: their rules, and that learners have fulfilled them."""
    keys = [requirement.pk for requirement in requirements]
    rules = _by(DataRule, "requirement", keys)
    learners = _by(Fulfillment, "requirement", keys)
    lines: list[Any] = []
    for item in requirements[:_LISTED]:
        texts = [
            ngettext("%d data rule", "%d data rules", rules[item.pk]) % rules[item.pk],
            ngettext("fulfilled by %d learner", "fulfilled by %d learners", learners[item.pk]) % learners[item.pk],
        ]
        lines += [_link(item), texts]
    counts = {BadgeRequirement: len(requirements), DataRule: rules.total(), Fulfillment: learners.total()}
    return _deletion(request, site, _shortened(lines, len(requirements)), counts)


def of_penalties(request: HttpRequest, site: AdminSite, penalties: Sequence[BadgePenalty]) -> Deletion:
    """What goes with ``penalties``: their rules. The requirements that they take back stay."""
    keys = [penalty.pk for penalty in penalties]
    rules = _by(PenaltyDataRule, "penalty", keys)
    lines: list[Any] = []
    for item in penalties[:_LISTED]:
        lines += [_link(item), [ngettext("%d data rule", "%d data rules", rules[item.pk]) % rules[item.pk]]]
    counts = {BadgePenalty: len(penalties), PenaltyDataRule: rules.total()}
    return _deletion(request, site, _shortened(lines, len(penalties)), counts)


def _deletion(request: HttpRequest, site: AdminSite, lines: list[Any], counts: Mapping[Any, int]) -> Deletion:
    going = [model for model, count in counts.items() if count]
    # Learners' progress goes with what the user may delete.
    missing = {
        model._meta.verbose_name
        for model in going
        if model is not BadgeProgress
        and site.is_registered(model)
        and not admin_of(site, model).has_delete_permission(request)
    }
    return lines, {capfirst(str(model._meta.verbose_name_plural)): counts[model] for model in going}, missing, []


def _group_lines(groups: Sequence[AccredibleGroup], held: Mapping[int, api.Holdings]) -> list[Any]:
    lines: list[Any] = []
    for group in groups[:_LISTED]:
        lines += [_link(group), [str(held.get(group.pk, api.Holdings()))]]
    return _shortened(lines, len(groups))


def _shortened(lines: list[Any], total: int) -> list[Any]:
    return [*lines, gettext("and %d more") % (total - _LISTED)] if total > _LISTED else lines


def _link(obj: Model) -> str:
    return link_if_open(type(obj), "change", Truncator(str(obj)).chars(200), obj.pk)


def _sums(held: Iterable[api.Holdings]) -> dict[Any, int]:
    held = list(held)
    return {
        BadgeRequirement: sum(item.requirements for item in held),
        DataRule: sum(item.rules for item in held),
        BadgePenalty: sum(item.penalties for item in held),
        CustomAttribute: sum(item.attributes for item in held),
        BadgeProgress: sum(item.learners for item in held),
    }


def _by(model: Any, owner: str, keys: Sequence[int]) -> Counter[int]:
    rows = model.objects.filter(**{f"{owner}__in": keys}).order_by()
    return Counter(dict(rows.values_list(owner).annotate(Count("pk"))))
