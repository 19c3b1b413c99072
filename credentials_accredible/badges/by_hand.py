"""What staff decide about badges with a reason of their own: to award, to award again, to revoke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credentials_accredible import host
from credentials_accredible.badges import awarding, custom_attributes
from credentials_accredible.badges.learners import has_left, searched
from credentials_accredible.choices import BadgeAction, BadgeStatus
from credentials_accredible.database import batches, in_transaction, lock, text_bytes
from credentials_accredible.delivery.engines import hand_over
from credentials_accredible.events.event import Identity
from credentials_accredible.events.values import text
from credentials_accredible.exceptions import DecisionRefused
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeLogEntry, BadgeProgress
from credentials_accredible.text import identifier, spelled_out

MOST_LEARNERS = 500


def find(entries: Sequence[str]) -> dict[int, Any]:
    """The users that ``entries`` name, by the number of the entry, from 1. Empty entries name nobody.

    A user name comes before an e-mail address. DecisionRefused has a sentence for each entry that names nobody, or
    several, or somebody whom an entry before it names.
    """
    wanted = {line: text(entry) for line, entry in enumerate(map(identifier, entries), start=1) if entry}
    if not wanted:
        raise DecisionRefused([_("Name at least one learner.")])
    if len(wanted) > MOST_LEARNERS:
        sentence = _("These are %(number)s learners; %(most)s at once are possible.")
        raise DecisionRefused([sentence % {"number": len(wanted), "most": MOST_LEARNERS}])
    found, problems = _resolve(wanted)
    lines: dict[int, int] = {}
    for line, learner in found.items():
        first = lines.setdefault(learner.pk, line)
        if first != line:
            sentence = _("Line %(line)s: “%(entry)s” is the learner of line %(first)s.")
            problems[line] = sentence % {"line": line, "entry": spelled_out(wanted[line]), "first": first}
    if problems:
        raise DecisionRefused([problem for _line, problem in sorted(problems.items())])
    return found


def find_one(entry: str) -> Any:
    """The learner with progress or a badge who has that user name or e-mail address.

    DecisionRefused where there is none, or several: nobody finds out here who has an account.
    """
    wanted = text(identifier(entry))
    named = _users([wanted], _known())[wanted]
    if len(named) == 1:
        return named[0]
    sentence = _("Nobody with progress or a badge has the user name or e-mail address “%(entry)s”.")
    if named:
        sentence = _("Several learners have the e-mail address “%(entry)s”. Give the user name.")
    raise DecisionRefused([sentence % {"entry": spelled_out(wanted)}])


def find_some(beginning: str, most: int) -> list[Any]:
    """At most ``most`` learners with progress or a badge whose user names begin like that, or who have that address."""
    return list(searched(text(identifier(beginning))).filter(_known()).order_by("username")[:most])


def _known() -> Q:
    """Of whom something is here: progress, or a badge."""
    models = (BadgeProgress, AccredibleBadge)
    return reduce(or_, (Q(Exists(model._default_manager.filter(user=OuterRef("pk")))) for model in models))


def _resolve(wanted: Mapping[int, str]) -> tuple[dict[int, Any], dict[int, str]]:
    users = _users(wanted.values())
    found, problems = {}, {}
    for line, entry in wanted.items():
        named = users[entry]
        if len(named) == 1:
            found[line] = named[0]
            continue
        sentence = _("Line %(line)s: there is no learner with the user name or e-mail address “%(entry)s”.")
        if named:
            sentence = _("Line %(line)s: several learners have the e-mail address “%(entry)s”. Give the user name.")
        problems[line] = sentence % {"line": line, "entry": spelled_out(entry)}
    return found, problems


def _users(entries: Collection[str], condition: Q | None = None) -> dict[str, list[Any]]:
    """The users that each entry may mean: the one of that user name, otherwise those of that e-mail address.

    ``condition``: users for whom it does not hold are not there.
    """
    by_name: dict[str, Any] = {}
    by_email: dict[str, list[Any]] = defaultdict(list)
    names = {entry for entry in entries if host.can_be_named(entry)}
    addresses = {entry.lower() for entry in names if "@" in entry}
    users = get_user_model()._default_manager.alias(lower_email=Lower("email"))
    for user in users.filter(Q(username__in=names) | Q(lower_email__in=addresses), condition or Q()):
        by_name[user.get_username()] = user
        by_email[user.email.lower()].append(user)
    return {entry: [by_name[entry]] if entry in by_name else by_email.get(entry.lower(), []) for entry in entries}


def award_badges(group: AccredibleGroup, learners: Sequence[str], *, reason: str, user: Any) -> list[AccredibleBadge]:
    """Give the badge of ``group`` to ``learners``, user names or e-mail addresses: to all of them, or to none.

    A badge that was revoked is awarded again. Empty entries count as lines, and name nobody. ``user`` decided it, for
    that ``reason``; both are kept with each badge. Raises DecisionRefused, with a sentence for each line that stands in
    the way: it names nobody or several, somebody twice, or somebody who has the badge.
    """
    reason = _given(reason)
    return _award(group, find(learners), reason, user)


def revoke_badges(badges: QuerySet[AccredibleBadge], *, reason: str, user: Any) -> int:
    """Take ``badges`` away, by the decision of ``user`` for that ``reason``; returns how many there were to take away.

    Events do not award them again. Raises DecisionRefused where the reason is empty.
    """
    reason = _given(reason)
    keys = list(badges.order_by("pk").values_list("pk", flat=True))
    return sum(_revoke(batch, reason, user) for batch in batches(keys))


@in_transaction
def _award(group: AccredibleGroup, learners: dict[int, Any], reason: str, user: Any) -> list[AccredibleBadge]:
    existing = _lock(group, learners.values())
    current = AccredibleGroup.objects.select_related("api_config").filter(pk=group.pk, is_active=True).first()
    if current is None:
        raise DecisionRefused([_("The group is not active. Activate it first.")])
    _refuse_retired(learners)
    _refuse_holders(learners, existing)
    attributes = custom_attributes.of_learners(group.pk, [learner.pk for learner in learners.values()])
    badges = []
    for learner in learners.values():
        badge = existing.get(learner.pk)
        if badge:
            badge.award_again(current, attributes[learner.pk])
        else:
            environment = current.api_config.environment
            badge = awarding.new_badge(learner, current, environment, timezone.localdate(), attributes[learner.pk])
        # One by one: MySQL does not say which keys the rows of a bulk statement got, and the log needs them.
        badge.save()
        badge.user = learner
        badges.append(badge)
    _write_log(badges, BadgeAction.AWARD, reason, user)
    awarding.announce(BADGE_AWARDED, ((badge, current) for badge in badges))
    hand_over(badges)
    return badges


def _lock(group: AccredibleGroup, learners: Iterable[Any]) -> dict[int, AccredibleBadge]:
    """Lock the group, and the badges of it that the learners have or had; returns these, by their users.

    Of badges from when the group had another id at Accredible, only those that a learner still has count.
    Writes that change nothing come first: no snapshot is older than the locks, and SQLite waits here.
    """
    lock(AccredibleGroup.objects.filter(pk=group.pk))
    same_id = Q(api_config=group.api_config_id, accredible_group_id=group.accredible_id)
    still_had = Q(group=group, status=BadgeStatus.AWARDED)
    found = AccredibleBadge.objects.filter(same_id | still_had, user__in=[learner.pk for learner in learners])
    lock(found)
    # The one of the present id comes last, and wins.
    badges = sorted(found, key=lambda badge: badge.accredible_group_id == group.accredible_id)
    return {badge.user_id: badge for badge in badges if badge.user_id is not None}


def _refuse_retired(learners: dict[int, Any]) -> None:
    problems = [
        _("Line %(line)s: %(learner)s has left.") % {"line": line, "learner": learner.get_username()}
        for line, learner in learners.items()
        if has_left(Identity(lms_user_id=getattr(learner, "lms_user_id", None)), learner)
    ]
    if problems:
        raise DecisionRefused(problems)


def _refuse_holders(learners: dict[int, Any], existing: dict[int, AccredibleBadge]) -> None:
    problems = [
        _("Line %(line)s: %(learner)s has this badge already.") % {"line": line, "learner": learner.get_username()}
        for line, learner in learners.items()
        if learner.pk in existing and existing[learner.pk].status == BadgeStatus.AWARDED
    ]
    if problems:
        raise DecisionRefused(problems)


@in_transaction
def _revoke(badges: Collection[int], reason: str, user: Any) -> int:
    awarded = AccredibleBadge.objects.filter(pk__in=badges, status=BadgeStatus.AWARDED)
    lock(awarded)
    chosen = list(awarded.select_related("user", "group"))
    AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in chosen]).revoke()
    _write_log(chosen, BadgeAction.REVOKE, reason, user)
    awarding.announce(BADGE_REVOKED, ((badge, badge.group) for badge in chosen if badge.group))
    hand_over(chosen)
    return len(chosen)


def _write_log(badges: Iterable[AccredibleBadge], action: BadgeAction, reason: str, user: Any) -> None:
    entries = (BadgeLogEntry(badge=badge, action=action, succeeded=True, detail=reason, user=user) for badge in badges)
    for batch in batches(entries, weigh=text_bytes):
        BadgeLogEntry.objects.bulk_create(batch)


def _given(reason: str) -> str:
    if not reason.strip():
        raise DecisionRefused([_("Give a reason: it is kept with the badge.")])
    return text(reason.strip())
