"""One quick try by the process that decided: in little time, and not while Accredible is known to be away.

What stops it is in the database, so that of all processes only one finds out, now and then, whether an outage is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from uuid import UUID

from credentials_accredible import conf
from credentials_accredible.badges.delivery import pauses
from credentials_accredible.badges.delivery.claims import others_at_work
from credentials_accredible.badges.delivery.sender import Delivery, send
from credentials_accredible.client import BULK_LIMIT, Options
from credentials_accredible.models import AccredibleAPIConfig

# Seconds that a request waits for its turn below the rate limit; the command has more patience.
_LONGEST_WAIT = 1.0


def try_now(config_id: int, uuids: Sequence[UUID] | None, *, despite_hold: bool = False) -> Delivery:
    """Send those of the badges with these UUIDs that are due, of the configuration: as many as go into one request.

    ``uuids`` None: any that are due. Takes ``INLINE_TIMEOUT`` and a second, and about twice as long where one badge
    takes several requests. ``despite_hold``: try it even while all senders wait for an outage to end.
    """
    config = AccredibleAPIConfig.objects.filter(pk=config_id).first()
    if config is None:
        return Delivery()
    if despite_hold:
        pauses.look_again(config)
    elif config.outages and others_at_work(config.pk):
        # The hold is over, or about to be: one process at a time finds out.
        return Delivery()
    connect_timeout, read_timeout = conf.pair("INLINE_TIMEOUT")
    options = replace(
        Options.from_settings(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        longest_wait=_LONGEST_WAIT,
    )
    end = monotonic() + connect_timeout + read_timeout
    few = None if uuids is None else uuids[:BULK_LIMIT]
    return send(
        config,
        limit=BULK_LIMIT if few is None else len(few),
        only=few,
        options=options,
        go_on=lambda: monotonic() < end,
    )
