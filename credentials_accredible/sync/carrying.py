"""Carries groups over to others that were made at Accredible in their place: here, they stay the same groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from credentials_accredible.badges import linking
from credentials_accredible.models import AccredibleGroup, history
from credentials_accredible.sync.plan import CarryOver, values_of


def carry_over(pairs: Iterable[CarryOver], *, user: Any = None) -> None:
    """Give each group the id and the texts of the one that was made in its place, and deactivate it.

    What is configured under it stays, and so does the progress of its learners. The badges they have stay theirs, and
    count for the group. Those that are not at Accredible yet are made in the new one. Wants a transaction around it
    that has called ``badges.index.changed``.
    """
    for pair in pairs:
        group = AccredibleGroup.objects.get(pk=pair.local.pk)
        for name, value in values_of(pair.remote, pair.local).items():
            setattr(group, name, value)
        group.accredible_id = pair.remote.accredible_id
        group.is_active = False
        group.synced_at = timezone.now()
        with history.because(gettext("Carried over by a sync"), user=user):
            group.save()
        numbers = {pair.local.accredible_id, pair.remote.accredible_id}
        linking.link_all(group, linking.unlinked(group.api_config, numbers))
        linking.move_waiting(group)
