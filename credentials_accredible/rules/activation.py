"""Whether learners can earn a group at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.database import lock
from credentials_accredible.exceptions import ActivationRefused
from credentials_accredible.models import AccredibleGroup, BadgeRequirement, history
from credentials_accredible.rules.both_sides import builtin_objection
from credentials_accredible.rules.configuration import RequirementEntry
from credentials_accredible.rules.matching import Rule
from credentials_accredible.rules.rows import requirement_entry
from credentials_accredible.rules.validation import attribute_problem, group_problems
from credentials_accredible.rules.version import rules_locked


def as_data(requirement: BadgeRequirement, rules: Iterable[Rule]) -> RequirementEntry:
    """A requirement of the database as validation takes it, called as staff see it, with these rules."""
    entry = requirement_entry(requirement, rules)
    return entry.model_copy(update={"description": str(requirement)}) if requirement.pk else entry


def activation_problems(group: AccredibleGroup) -> list[str]:
    """Why nobody could ever earn the badge of ``group`` as it is stored, a sentence each; empty where they could."""
    stored = group.requirements.prefetch_related("rules")
    return group_problems([as_data(requirement, requirement.rules.all()) for requirement in stored], conf.event_types())


def activate_group(group: AccredibleGroup) -> None:
    """Let learners earn the badge of ``group``; ActivationRefused where nobody ever could, or would earn it twice."""
    with rules_locked([group.api_config_id]):
        # First the row, for its lock: what is configured under the group stays as it is checked.
        _set_active(group, True)
        problems = activation_problems(group)
        if objection := builtin_objection(group):
            problems.append(objection)
        if problems:
            raise ActivationRefused(problems)
    group.is_active = True


def deactivate_group(group: AccredibleGroup) -> None:
    """Stop learners from earning the badge of ``group``; what they have stays."""
    with rules_locked([group.api_config_id]):
        _set_active(group, False)
    group.is_active = False


def refuse_unearnable(groups: Collection[int]) -> None:
    """Raise ActivationRefused where nobody could earn one of the active groups with these primary keys.

    Call it at the end of the transaction that has changed what is configured under them. It locks the groups, so of
    two people who change the same one at once, the second sees what the first has left.
    """
    lock(AccredibleGroup.objects.filter(pk__in=groups))
    for group in AccredibleGroup.objects.filter(pk__in=groups, is_active=True):
        problems = activation_problems(group)
        if problems:
            raise ActivationRefused(problems)


def _set_active(group: AccredibleGroup, active: bool) -> None:
    stored = AccredibleGroup.objects.filter(pk=group.pk)
    with history.noting(stored):
        stored.update(is_active=active, modified=timezone.now())


def attribute_doubts(group: AccredibleGroup) -> list[str]:
    """Which mapped attributes of ``group`` can never have a value, a sentence each; none of them keeps it from being
    earned."""
    event_types = set(group.requirements.order_by().values_list("event_type", flat=True))
    found = ((item, attribute_problem(item.source, item.value, event_types)) for item in group.custom_attributes.all())
    text = _("The custom attribute “%(name)s” stays empty: %(problem)s")
    return [text % {"name": item.name, "problem": problem} for item, problem in found if problem]
