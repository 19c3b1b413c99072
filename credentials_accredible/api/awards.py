"""Badges that staff award and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from credentials_accredible.badges import by_hand
from credentials_accredible.models import AccredibleBadge, AccredibleGroup


def award_badges(group: AccredibleGroup, learners: Sequence[str], *, reason: str, user: Any) -> list[AccredibleBadge]:
    """Give the badge of ``group`` to ``learners``, user names or e-mail addresses: to all of them, or to none.

    A badge that was revoked is awarded again. Empty entries count as lines, and name nobody. ``user`` decided it, for
    that ``reason``; both are kept with each badge. Raises DecisionRefused, with a sentence for each line that stands in
    the way: it names nobody or several, somebody twice, or somebody who has the badge.
    """
    return by_hand.award(group, learners, reason, user)


def revoke_badges(badges: QuerySet[AccredibleBadge], *, reason: str, user: Any) -> int:
    """Take ``badges`` away, by the decision of ``user`` for that ``reason``; returns how many there were to take away.

    Events do not award them again. Raises DecisionRefused where the reason is empty.
    """
    return by_hand.revoke(list(badges.order_by().values_list("pk", flat=True)), reason, user)
