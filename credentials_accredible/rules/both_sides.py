"""One side issues the badge of a group: this plugin, or the integration that is built into the service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db.models.signals import post_save
from django.utils.translation import gettext as _

from credentials_accredible import conf
from credentials_accredible.environments import origin
from credentials_accredible.exceptions import ConfigurationError
from credentials_accredible.host import builtin
from credentials_accredible.models import AccredibleGroup

log = logging.getLogger(__name__)


def builtin_objection(group: AccredibleGroup) -> str:
    """Why ``group`` must not be activated: the built-in integration issues its badge; empty where it does not."""
    if not builtin.is_active(group.accredible_id) or not _is_there(group.api_config.environment):
        return ""
    return _(
        "The Accredible integration that is built into the service issues the badge of this group, and learners would "
        "get two. Take over from it, with the command accredible_adopt_builtin or the button on the list of API "
        "configurations; or deactivate the group there, below /admin/badges/accrediblegroup/."
    )


def watch_builtin(tell: Callable[[str], None]) -> None:
    """Have a group that is activated there, and is active here, switched off there again; ``tell`` is told why."""
    if not builtin.is_there():
        return

    def refuse_second(instance: Any, raw: bool = False, **_kwargs: Any) -> None:
        if not raw and instance.is_active and builtin.is_at_work() and _is_issued_here(instance.pk):
            builtin.switch([instance.pk], active=False)
            instance.is_active = False
            log.warning("builtin_group_refused group=%s", instance.pk)
            tell(
                _(
                    "The group is not active here: credentials-accredible issues its badge, and learners would get "
                    "two. Deactivate it there first, below /admin/credentials_accredible/accrediblegroup/."
                )
            )

    uid = f"{__name__}.refuse_second"
    post_save.connect(refuse_second, sender=builtin.group_model(), weak=False, dispatch_uid=uid)


def _is_issued_here(number: int) -> bool:
    groups = AccredibleGroup.objects.filter(accredible_id=number, is_active=True)
    return any(map(_is_there, groups.values_list("api_config__environment", flat=True)))


def _is_there(environment: str) -> bool:
    """Whether the built-in integration sends to that environment, where numbers stand for the same groups."""
    try:
        return origin(conf.environment(environment).api_url) == origin(builtin.api_url())
    except ConfigurationError:
        # Nobody knows where one of them is.
        return True
