"""What the service's built-in Accredible integration has, and was not taken over.

Teak and later have the integration, and its tables even where it is off.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DatabaseError, router, transaction
from django.utils.translation import gettext as _

# The label of the service's own badges app. Sumac has the app without the models of Accredible.
_LABEL = "badges"


@dataclass(frozen=True)
class Leftovers:
    """How many configurations were not taken over, and how many groups issue badges."""

    configs: int
    active_groups: int

    def __str__(self) -> str:
        """A sentence that says so, and what to do."""
        return _(
            "The Accredible integration that is built into the service has data that was not taken over (API "
            "configurations: %(configs)s, active groups: %(groups)s), so its pages below /admin/badges/ stay. Take "
            "over with the command accredible_adopt_builtin, or with the button above the list of API configurations "
            "of credentials-accredible, whose pages are below /admin/credentials_accredible/."
        ) % {"configs": self.configs, "groups": self.active_groups}


def left_in_builtin(taken: Collection[int] = ()) -> Leftovers | None:
    """What the built-in integration has for itself; None where that is nothing, or there is no such integration.

    A configuration counts with everything that belongs to it, unless it is one of ``taken``, which are the primary
    keys of those that were taken over. A group counts in any case while it is active, because it then issues badges.
    Two queries, wherever it is asked; tables that do not exist yet hold nothing.
    """
    try:
        configs: Any = apps.get_model(_LABEL, "AccredibleAPIConfig")
        groups: Any = apps.get_model(_LABEL, "AccredibleGroup")
    except LookupError:
        return None
    try:
        # A savepoint, where the caller has a transaction: PostgreSQL would give it up over a missing table.
        with transaction.atomic(using=router.db_for_read(configs)):
            found = Leftovers(
                configs=configs._default_manager.exclude(pk__in=taken).count(),
                active_groups=groups._default_manager.filter(is_active=True).count(),
            )
    except DatabaseError:
        return None
    return found if found.configs or found.active_groups else None
