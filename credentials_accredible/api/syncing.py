"""Making the groups of a configuration those of its account."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.models import Site

from credentials_accredible.api.accounts import current_site
from credentials_accredible.choices import RunTrigger
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.sync.apply import Consent
from credentials_accredible.sync.engine import Outcome, synchronise
from credentials_accredible.sync.fetch import Progress


def sync(
    config: AccredibleAPIConfig,
    *,
    trigger: str = RunTrigger.API,
    user: Any = None,
    site: Site | None = None,
    consent: Consent | None = None,
    refresh_icons: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Make the groups of ``config`` those of its account; see ``sync.engine.synchronise``.

    ``site`` None: the current one. Call it outside of a transaction: Accredible is asked meanwhile.
    """
    return synchronise(
        config,
        trigger=trigger,
        user=user,
        site=site or current_site(),
        consent=consent,
        refresh_icons=refresh_icons,
        progress=progress,
    )
