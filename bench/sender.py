"""A sender with a rate limit of its own: ``python -m bench.sender LIMIT WINDOW SHARES THREADS BEGIN``."""

from __future__ import annotations

import sys
import time

import django


def main(limit: int, window: float, shares: int, threads: int, begin: float) -> None:
    """Deliver from ``begin``, a time of the calendar, until nothing is left."""
    from django.conf import settings

    from credentials_accredible import api
    from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge

    settings.CREDENTIALS_ACCREDIBLE |= {"RATE_LIMIT": (limit, window), "RATE_LIMIT_SHARES": shares}
    time.sleep(max(0.0, begin - time.time()))
    [config] = AccredibleAPIConfig.objects.all()
    while AccredibleBadge.objects.filter(next_attempt_at__isnull=False).exists():
        if not api.deliver(config, senders=threads).requests:
            time.sleep(0.1)


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
