"""What a deletion takes along, in figures: Django's own pages would list every learner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext, ngettext

from credentials_accredible import api
from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    Fulfillment,
)

# What ModelAdmin.get_deleted_objects returns: (objects, counts by name, names of missing permissions, protected).
Deletion = tuple[list[Any], dict[str, int], set[Any], list[Any]]

_LISTED = 100


def tell_of_snapshots(request: HttpRequest, snapshots: Sequence[int]) -> None:
    """Say that snapshots were kept, and where they are to those who may see them."""
    if not snapshots or not request.user.has_perm("credentials_accredible.view_groupsnapshot"):
        return
    if len(snapshots) == 1:
        address = reverse("admin:credentials_accredible_groupsnapshot_change", args=snapshots)
        link = gettext("A snapshot can bring the group back.")
    else:
        address = reverse("admin:credentials_accredible_groupsnapshot_changelist")
        link = gettext("Snapshots can bring the groups back.")
    messages.info(request, format_html('<a href="{}">{}</a>', address, link))


def of_groups(request: HttpRequest, site: AdminSite, groups: Sequence[AccredibleGroup]) -> Deletion:
    """What goes with ``groups``: a line for each, as many as one reads, with what hangs on it."""
    held = api.holdings([group.pk for group in groups])
    counts = {AccredibleGroup: len(groups), **_sums(held.values())}
    missing = _missing(request, site, counts)
    return _lines(groups, held), _named(counts), missing, []


def of_configs(request: HttpRequest, site: AdminSite, configs: Sequence[AccredibleAPIConfig]) -> Deletion:
    """What goes with ``configs``: their groups, and what hangs on these."""
    lines: list[Any] = []
    everything: list[api.Holdings] = []
    total = 0
    for config in configs:
        groups = list(config.groups.all())
        held = api.holdings([group.pk for group in groups])
        lines += [_link("accredibleapiconfig", config.pk, config), *([_lines(groups, held)] if groups else [])]
        everything += held.values()
        total += len(groups)
    counts = {AccredibleAPIConfig: len(configs), AccredibleGroup: total, **_sums(everything)}
    return lines, _named(counts), _missing(request, site, counts), []


def of_requirements(request: HttpRequest, site: AdminSite, requirements: Sequence[BadgeRequirement]) -> Deletion:
    """What goes with ``requirements``: their rules, and that learners have fulfilled them."""
    keys = [requirement.pk for requirement in requirements]
    rules = _counted(DataRule, "requirement", keys)
    fulfilled = _counted(Fulfillment, "requirement", keys)
    lines: list[Any] = []
    for item in requirements[:_LISTED]:
        texts = [
            ngettext("%d data rule", "%d data rules", rules.get(item.pk, 0)) % rules.get(item.pk, 0),
            ngettext("fulfilled by %d learner", "fulfilled by %d learners", fulfilled.get(item.pk, 0))
            % fulfilled.get(item.pk, 0),
        ]
        lines += [_link("badgerequirement", item.pk, item), texts]
    counts = {
        BadgeRequirement: len(requirements),
        DataRule: sum(rules.values()),
        Fulfillment: sum(fulfilled.values()),
    }
    return _shortened(lines, len(requirements)), _named(counts), _missing(request, site, counts), []


def _lines(groups: Sequence[AccredibleGroup], held: Mapping[int, api.Holdings]) -> list[Any]:
    lines: list[Any] = []
    for group in groups[:_LISTED]:
        lines += [
            _link("accrediblegroup", group.pk, group),
            [api.describe_holdings(held.get(group.pk, api.Holdings()))],
        ]
    return _shortened(lines, len(groups))


def _shortened(lines: list[Any], total: int) -> list[Any]:
    return [*lines, gettext("and %d more") % (total - _LISTED)] if total > _LISTED else lines


def _link(model_name: str, pk: int, text: object) -> str:
    address = reverse(f"admin:credentials_accredible_{model_name}_change", args=[pk])
    return format_html('<a href="{}">{}</a>', address, Truncator(str(text)).chars(200))


def _sums(held: Iterable[api.Holdings]) -> dict[Any, int]:
    held = list(held)
    return {
        BadgeRequirement: sum(item.requirements for item in held),
        DataRule: sum(item.rules for item in held),
        BadgePenalty: sum(item.penalties for item in held),
        CustomAttribute: sum(item.attributes for item in held),
        BadgeProgress: sum(item.learners for item in held),
    }


def _counted(model: Any, path: str, keys: Sequence[int]) -> dict[int, int]:
    rows = model.objects.filter(**{f"{path}__in": keys}).order_by()
    return dict(rows.values_list(path).annotate(Count("pk")))


def _named(counts: Mapping[Any, int]) -> dict[str, int]:
    return {capfirst(str(model._meta.verbose_name_plural)): count for model, count in counts.items() if count}


def _missing(request: HttpRequest, site: AdminSite, counts: Mapping[Any, int]) -> set[Any]:
    """The names of what the user may not delete. Learners' progress goes with what they may delete."""
    return {
        model._meta.verbose_name
        for model, count in counts.items()
        if count
        and model is not BadgeProgress
        and site.is_registered(model)
        and not site.get_model_admin(model).has_delete_permission(request)
    }
