"""How rules are changed by one at a time, and how every process learns of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.models.signals import m2m_changed, post_save

from credentials_accredible.database import alias, batches, lock_keys
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    RulesVersion,
)


class Changes:
    """Changes of rules by this process. ``latest`` is another object after each, and so tells that there was one."""

    def __init__(self) -> None:
        self.note()

    def note(self) -> None:
        self.latest = object()


changes = Changes()


@contextmanager
def rules_locked(*, changing: bool = True) -> Iterator[None]:
    """A transaction in which nobody else changes rules, or makes, removes or restores groups.

    Its first statement locks the version of the rules, before any group: everybody takes the locks in this order. The
    lock holds until the outermost transaction ends. It is on no row that others refer to: events go on meanwhile, where
    the lock of a configuration would keep badges of that configuration from being made.

    Every process reads the rules again afterwards. ``changing=False``: only where ``rules_changed`` is called within.
    """
    with transaction.atomic(using=alias()):
        if changing or not list(RulesVersion.objects.select_for_update().filter(pk=1)):
            rules_changed()
        yield


def lock_groups(groups: Iterable[int]) -> None:
    """Keep everybody else from the groups with these primary keys, and from what is below them, for the transaction.

    Wants ``rules_locked`` around it, and comes before anything of the groups is written. An event locks its learner's
    progress before it refers to groups and requirements: in another order, the two could wait for each other. Raises
    OperationalError where an event holds progress that began a moment ago: the transaction is to be tried again.
    """
    keys = sorted(groups)
    progress = [BadgeProgress.objects.filter(group__in=batch) for batch in batches(keys)]
    lock_keys(BadgeProgress, [pk for rows in progress for pk in rows.order_by().values_list("pk", flat=True)])
    lock_keys(AccredibleGroup, keys)
    # From here on nobody can begin. To wait for somebody who has begun since the first look would be the other order.
    nowait = connections[alias()].features.has_select_for_update_nowait
    for rows in progress:
        list(rows.order_by().select_for_update(nowait=nowait).values_list("pk"))


def rules_changed() -> None:
    """Tell every process that rules, or the groups they count for, have changed: call it in the same transaction.

    Saving a group, a requirement, a penalty or a rule does it, and so does choosing a penalty's requirements. Bulk
    statements (``bulk_create``, ``QuerySet.update`` and ``delete``) do not: they need a call.
    """
    token = uuid.uuid4()
    if not RulesVersion.objects.filter(pk=1).update(token=token):
        RulesVersion.objects.bulk_create([RulesVersion(pk=1, token=token)], ignore_conflicts=True)
    # At once for the transaction itself, and once it is through for the other threads of this process.
    changes.note()
    transaction.on_commit(changes.note)


def watch() -> None:
    """Call ``rules_changed`` whenever something of it is saved."""
    for model in (AccredibleGroup, BadgeRequirement, BadgePenalty, DataRule, PenaltyDataRule, CustomAttribute):
        post_save.connect(_on_change, sender=model, dispatch_uid=f"{__name__}.{model.__name__}")
    m2m_changed.connect(_on_change, sender=BadgePenalty.requirements.through, dispatch_uid=f"{__name__}.chosen")


def _on_change(**_kwargs: Any) -> None:
    rules_changed()
