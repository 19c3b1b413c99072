"""How many requests a user may send: the setting ``REST_THROTTLE``."""

from __future__ import annotations

import logging
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from credentials_accredible import conf

log = logging.getLogger(__name__)

_UNLIMITED = (None, None)


class RestThrottle(UserRateThrottle):
    """Counts in Django's default cache. Where that lives in the process, each process counts for itself."""

    scope = "credentials_accredible"

    def get_rate(self) -> Any:
        """The setting as it is now, whatever DRF's own settings say."""
        return conf.get("REST_THROTTLE")

    def parse_rate(self, rate: Any) -> Any:
        """Requests, and the seconds they may be sent in; ConfigurationError where the setting cannot be used."""
        return conf.rate("REST_THROTTLE") or _UNLIMITED

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the request is within the limit; yes, too, where the cache cannot say."""
        try:
            return super().allow_request(request, view)
        except Exception as error:  # backends of caches raise errors of their own kinds
            log.warning("rest_throttle_failed error=%s", type(error).__name__)
            return True
