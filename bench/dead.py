"""What others do while the badges of a sender that has died are kept from them: everything else."""

from __future__ import annotations

from collections.abc import Iterator

from bench.account import new_config, reaching
from bench.measuring import seconds
from bench.provider import Provider
from bench.rows import Row
from credentials_accredible import api
from credentials_accredible.delivery.claims import claim
from credentials_accredible.models import AccredibleBadge, AccredibleGroup
from tests.factories import make_badge

BADGES, CLAIMED = 300, 30


def rows() -> Iterator[Row]:
    """One claims badges and is never heard of again; the next one sends what is left."""
    with Provider() as provider, reaching(provider):
        provider.ask("fill", 1, 1)
        config = new_config()
        api.sync(config)
        group = AccredibleGroup.objects.get()
        for _number in range(BADGES):
            make_badge(group)
        claim(config.pk, CLAIMED)
        took = seconds(lambda: api.deliver(config))
        waiting = AccredibleBadge.objects.filter(next_attempt_at__isnull=False).count()
    yield Row.at_most("senders behind a dead one: badges that wait", CLAIMED, waiting, "", seconds=took)
