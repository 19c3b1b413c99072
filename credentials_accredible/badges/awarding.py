"""Badges are given for complete progress and taken away for lost letters; others are told once it is certain."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from openedx_events.learning.data import BadgeData, BadgeTemplateData, UserData, UserPersonalData
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED
from openedx_events.tooling import OpenEdxPublicSignal

from credentials_accredible import host
from credentials_accredible.badges import custom_attributes
from credentials_accredible.choices import BadgeStatus
from credentials_accredible.database import in_transaction, lock_keys, pages
from credentials_accredible.delivery.engines import hand_over
from credentials_accredible.models import AccredibleBadge, AccredibleGroup, BadgeProgress, CustomAttribute
from credentials_accredible.models.progress import BadgeProgressQuerySet

log = logging.getLogger(__name__)

_ORIGIN = "accredible"


def due(progress: BadgeProgressQuerySet) -> BadgeProgressQuerySet:
    """Of ``progress``, what is complete and has never brought a badge; a revoked badge is one, too.

    A group can have had another id at Accredible: its badges of that time are linked to it.
    """
    same_id = Q(api_config=OuterRef("group__api_config"), accredible_group_id=OuterRef("group__accredible_id"))
    badges = AccredibleBadge.objects.filter(same_id | Q(group=OuterRef("group")), user=OuterRef("user"))
    complete = {"letters_total__gt": 0, "letters_fulfilled": F("letters_total")}
    return progress.with_letters().filter(~Exists(badges), **complete)


def award(progress: BadgeProgressQuerySet, on: date) -> int:
    """Give the badges that are due for ``progress``, earned on that day; returns how many.

    Wants a transaction around it that has locked the progress and is tried again after IntegrityError.
    """
    mapped = Exists(CustomAttribute.objects.filter(group=OuterRef("group")))
    earned: list[Any] = list(
        due(progress)
        .select_related("user", "group")
        .annotate(has_attributes=mapped, environment=F("group__api_config__environment"))
    )
    with_attributes = [item for item in earned if item.has_attributes]
    attributes = custom_attributes.of_progress(with_attributes) if with_attributes else {}
    badges = [new_badge(item.user, item.group, item.environment, on, attributes.get(item.pk, {})) for item in earned]
    AccredibleBadge.objects.bulk_create(badges)
    announce(BADGE_AWARDED, ((badge, badge.group) for badge in badges if badge.group))
    hand_over(badges)
    return len(badges)


def new_badge(
    user: Any, group: AccredibleGroup, environment: str, on: date, attributes: Mapping[str, str]
) -> AccredibleBadge:
    """A badge that is decided now, unsaved; ``environment``: of the group's configuration."""
    return AccredibleBadge(
        user=user,
        group=group,
        api_config_id=group.api_config_id,
        environment=environment,
        accredible_group_id=group.accredible_id,
        group_name=group.name,
        issued_on=on,
        custom_attributes=dict(attributes),
    )


def revoke(user: Any, groups: Iterable[AccredibleGroup]) -> None:
    """Take away the badges of ``groups`` that the user has. Wants a transaction, as ``award``."""
    by_origin: dict[Any, AccredibleGroup] = {(group.api_config_id, group.accredible_id): group for group in groups}
    by_key = {group.pk: group for group in by_origin.values()}
    of_ids = reduce(or_, (Q(api_config=config, accredible_group_id=number) for config, number in by_origin))
    of_groups = of_ids | Q(group__in=by_key)
    awarded = AccredibleBadge.objects.filter(of_groups, user=user, status=BadgeStatus.AWARDED)
    badges = list(awarded.select_related("user"))
    AccredibleBadge.objects.filter(pk__in=[badge.pk for badge in badges]).revoke()
    origins = ((badge.group_id, (badge.api_config_id, badge.accredible_group_id)) for badge in badges)
    of = [by_key[group] if group in by_key else by_origin[origin] for group, origin in origins]
    announce(BADGE_REVOKED, zip(badges, of, strict=True))
    hand_over(badges)


def announce(signal: OpenEdxPublicSignal, badges: Iterable[tuple[AccredibleBadge, AccredibleGroup]]) -> None:
    """Send the public signal for each badge, once the transaction is through.

    None for a learner whose number in the LMS is not known: the event bus cannot carry it, and others cannot use it.
    """
    for badge, group in badges:
        if getattr(badge.user, "lms_user_id", None) is None:
            about = (signal.event_type, badge.uuid)
            log.info("badge_signal_not_sent event_type=%s badge=%s reason=no_lms_user_id", *about)
        else:
            transaction.on_commit(partial(_send, signal, _badge_data(badge, group)))


def _send(signal: OpenEdxPublicSignal, data: BadgeData) -> None:
    try:
        signal.send_event(badge=data)
    except Exception as error:  # not every signal is sent robustly, and a listener must not cost a badge
        name = type(error).__name__
        log.error("badge_signal_failed event_type=%s badge=%s error=%s", signal.event_type, data.uuid, name)


def _badge_data(badge: AccredibleBadge, group: AccredibleGroup) -> BadgeData:
    user: Any = badge.user
    pii = UserPersonalData(username=user.get_username(), email=host.email_address(user), name=host.full_name(user))
    return BadgeData(
        uuid=str(badge.uuid),
        user=UserData(id=user.lms_user_id, is_active=user.is_active, pii=pii),
        template=BadgeTemplateData(
            uuid=str(group.uuid),
            origin=_ORIGIN,
            name=group.name,
            description=group.description,
            image_url=group.icon_url,
        ),
    )


@dataclass(frozen=True)
class Reevaluation:
    """How many learners have progress in a group, and how many badges they got, or would get."""

    learners: int
    badges: int


def reevaluate(group: AccredibleGroup, *, dry_run: bool) -> Reevaluation:
    """Award the badges of everybody whose progress is complete by the requirements as they are now.

    Nobody who has or had the badge gets it again, and none is revoked. An inactive group awards nothing. ``dry_run``
    only counts. Goes through the learners in batches, each in a transaction of its own.
    """
    progress = BadgeProgress.objects.filter(group=group, group__is_active=True)
    learners = BadgeProgress.objects.filter(group=group).count()
    if dry_run:
        return Reevaluation(learners, due(progress).count())
    return Reevaluation(learners, sum(_award([row.pk for row in page]) for page in pages(due(progress))))


@in_transaction
def _award(batch: list[int]) -> int:
    # For the lock: an event of the same learner waits, or is through.
    lock_keys(BadgeProgress, batch)
    progress = BadgeProgress.objects.filter(pk__in=batch, group__is_active=True)
    return award(progress, timezone.localdate())
