"""How the rules of a configuration are changed by one at a time, and how every process learns of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.models.signals import m2m_changed, post_save
from django.utils.translation import gettext

from credentials_accredible.database import alias, batches, lock_keys
from credentials_accredible.database_errors import is_busy
from credentials_accredible.exceptions import GroupsBusy
from credentials_accredible.models import (
    AccredibleGroup,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    CustomAttribute,
    DataRule,
    PenaltyDataRule,
    RulesVersion,
    SyncRun,
)


class Changes:
    """Changes of rules by this process. ``latest`` is another object after each, and so tells that there was one."""

    def __init__(self) -> None:
        self.note()

    def note(self) -> None:
        self.latest = object()


changes = Changes()


# The row that is locked where groups are made: two configurations must not both find a group free, and take it.
_CREATING = -1
# The row for changes of nobody knows which configuration.
_ANY = 0
# Seconds for which people wait for others, and between two looks. With what they do themselves it is about one.
_PATIENCE = 0.8
_LOOK_EVERY = 0.05


@contextmanager
def rules_locked(
    configs: Iterable[int], *, changing: bool = True, creating: bool = False, patient: bool = False
) -> Iterator[None]:
    """A transaction in which nobody else changes rules of these configurations, or removes or restores their groups.

    ``creating``: nor makes groups, in any configuration. It begins with locks on the versions of their rules, before
    any group, in the order of their keys: everybody takes the locks in this order. The locks hold until the outermost
    transaction ends. They are on no rows that others refer to: events go on meanwhile, where the lock of a
    configuration would keep badges of that configuration from being made.

    Raises GroupsBusy where another holds them for most of a second; ``patient``: waits as long as the database lets it.
    Every process reads the rules again afterwards. ``changing=False``: only where ``rules_changed`` is called within.
    """
    keys = sorted(set(configs))
    with transaction.atomic(using=alias()):
        _lock([_CREATING, *keys] if creating else keys, patient=patient)
        if changing:
            rules_changed(*keys)
        yield


@contextmanager
def groups_locked(groups: Iterable[int]) -> Iterator[None]:
    """``rules_locked`` for the configurations of the groups with these primary keys, with ``lock_groups``."""
    keys = sorted(groups)
    configs: set[int] = set()
    for batch in batches(keys):
        found = AccredibleGroup.objects.filter(pk__in=batch).order_by()
        configs.update(found.values_list("api_config_id", flat=True).distinct())
    with rules_locked(configs):
        lock_groups(keys)
        yield


def _lock(keys: Sequence[int], *, patient: bool) -> None:
    missing = set(keys) - _take(keys, patient=patient)
    if missing:
        RulesVersion.objects.bulk_create([RulesVersion(pk=key) for key in sorted(missing)], ignore_conflicts=True)
        _take(keys, patient=patient)


def _take(keys: Sequence[int], *, patient: bool) -> set[int]:
    """Lock the versions with these primary keys; returns those that are there."""
    features = connections[alias()].features
    rows = RulesVersion.objects.filter(pk__in=keys).order_by("pk")
    if not features.has_select_for_update:
        # The first write of the transaction keeps everybody else out of SQLite, and a look before it would be too old.
        return set(keys)
    until = time.monotonic() + _PATIENCE
    nowait = features.has_select_for_update_nowait and not patient
    while True:
        try:
            with transaction.atomic(using=alias()):
                return set(rows.select_for_update(nowait=nowait).values_list("pk", flat=True))
        except OperationalError as error:
            if not nowait or not is_busy(error):
                raise
            if time.monotonic() >= until:
                raise GroupsBusy(_who_writes(keys)) from None
            time.sleep(_LOOK_EVERY)


def _who_writes(keys: Sequence[int]) -> str:
    run = SyncRun.objects.filter(lock__in=keys, stage="applying").first()
    if run:
        return gettext("A sync of “%s” is writing its groups at present: try again when it has finished.") % (
            run.config_name
        )
    return gettext("Somebody else is changing groups at present: try again in a moment.")


def lock_groups(groups: Iterable[int]) -> None:
    """Keep everybody else from the groups with these primary keys, and from what is below them, for the transaction.

    Wants ``rules_locked`` around it, and comes before anything of the groups is written. An event locks its learner's
    progress before it refers to groups and requirements: in another order, the two could wait for each other. Raises
    OperationalError where an event holds progress that began a moment ago: the transaction is to be tried again.
    """
    keys = sorted(groups)
    known = _progress_of(keys)
    lock_keys(BadgeProgress, known)
    lock_keys(AccredibleGroup, keys)
    # From here on nobody can begin. To wait for somebody who has begun since the first look would be the other order.
    lock_keys(BadgeProgress, _progress_of(keys) - known, nowait=True)


def _progress_of(groups: Sequence[int]) -> set[int]:
    # Read without locks: a database can go through all progress to find it, and would meet that of other groups.
    rows = (BadgeProgress.objects.filter(group__in=batch).order_by() for batch in batches(groups))
    return {pk for found in rows for pk in found.values_list("pk", flat=True)}


def rules_changed(*configs: int) -> None:
    """Tell every process that rules, or the groups they count for, have changed: call it in the same transaction.

    ``configs`` are the primary keys of the configurations whose rules they are, where the caller knows. Saving a group,
    a requirement, a penalty or a rule does it, and so does choosing a penalty's requirements. Bulk statements
    (``bulk_create``, ``QuerySet.update`` and ``delete``) do not: they need a call.
    """
    token = uuid.uuid4()
    for key in configs or (_ANY,):
        if not RulesVersion.objects.filter(pk=key).update(token=token):
            RulesVersion.objects.bulk_create([RulesVersion(pk=key, token=token)], ignore_conflicts=True)
    # At once for the transaction itself, and once it is through for the other threads of this process.
    changes.note()
    transaction.on_commit(changes.note)


def watch_rules() -> None:
    """Call ``rules_changed`` whenever something of it is saved; twice is fine."""
    for model in (AccredibleGroup, BadgeRequirement, BadgePenalty, DataRule, PenaltyDataRule, CustomAttribute):
        post_save.connect(_on_change, sender=model, dispatch_uid=f"{__name__}.{model.__name__}")
    m2m_changed.connect(_on_change, sender=BadgePenalty.requirements.through, dispatch_uid=f"{__name__}.chosen")


def _on_change(instance: Any, raw: bool = False, **_kwargs: Any) -> None:
    # A fixture can bring rules before their group.
    rules_changed(*() if raw else (_group_of(instance).api_config_id,))


def _group_of(instance: Any) -> AccredibleGroup:
    if isinstance(instance, AccredibleGroup):
        return instance
    owner = getattr(instance, "requirement", None) or getattr(instance, "penalty", None) or instance
    group: AccredibleGroup = owner.group
    return group
