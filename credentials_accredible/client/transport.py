"""Sends requests, tries again, reads the replies, and turns what goes wrong into our errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from contextlib import closing
from time import monotonic
from typing import Any

import requests
from django.utils.translation import gettext as _
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from credentials_accredible.client import rate_limit
from credentials_accredible.client.errors import LIBRARY_ERRORS, no_reply, not_json, refusal
from credentials_accredible.client.payloads import JsonObject, Reply, parsed
from credentials_accredible.client.session import ClientOptions, open_session
from credentials_accredible.environments import origin
from credentials_accredible.exceptions import NotSent, RateLimited, RequestFailed, Unavailable, UnexpectedReply
from credentials_accredible.secrets import Secret, hidden_locals

_PIECE = 8192
# As much of a refusal as is worth reading.
_LONGEST_REFUSAL = 64 * 1024
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
# Seconds to hold all requests for when Accredible asks to slow down and does not say for how long.
_BREATHER = 1.0


class Transport:
    """Requests to one API address with one key, from any number of threads; see open_session for what it raises.

    What it raises has no exception of an HTTP library as cause or context: their frames hold the key, and Accredible's
    words can repeat it.
    """

    def __init__(self, api_url: str, key: Secret, options: ClientOptions) -> None:
        self._api_url = api_url.rstrip("/")
        self._key = key
        self._options = options
        self._session = open_session(self._api_url, key, options.concurrency)
        self._limiter = limiter_of(
            origin(self._api_url), *options.rate_limit, shares=options.rate_limit_shares, redis_url=options.redis_url
        )
        self._backoff = wait_random_exponential(multiplier=1, max=options.max_wait)
        self._lock = threading.Lock()
        self._sent = 0
        self._kept_back_until = 0.0

    @property
    def requests_sent(self) -> int:
        return self._sent

    @property
    def seconds_kept_back(self) -> float:
        """For how long the rate limit keeps the next request back that waits for its turn; 0 where none does."""
        return max(0.0, self._kept_back_until - monotonic())

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        idempotent: bool,
        attempts: int | None = None,
        stop: threading.Event | None = None,
        send_before: float | None = None,
        has_turn: bool = False,
        answers: Collection[int] = (),
    ) -> JsonObject:
        """The JSON object that Accredible answers with.

        ``send_before``: a time of the monotonic clock after which the request must not leave any more. ``has_turn``:
        it does not wait for its turn, because ``take_turn`` did. ``answers``: statuses of refusals whose JSON object is
        an answer, too.

        ``idempotent``: sending it twice does no harm, so that it is tried again, ``attempts`` times in all (None: as
        often as the options say), when Accredible cannot be reached or asks to slow down. Once ``stop`` is set it is
        neither sent nor tried again.

        Raises RequestFailed; CancelledError where ``stop`` was set before anything was sent.
        """
        stop = stop or threading.Event()
        tries = (attempts or self._options.attempts) if idempotent else 1
        retrying = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(tries) | stop_when_event_set(stop),
            wait=self._wait,
            sleep=lambda seconds: rate_limit.pause(seconds, stop),
            reraise=True,
        )

        def attempt() -> JsonObject:
            if not has_turn:
                self._wait_for_turn(f"{method} {path}", stop, send_before)
            return self._attempt(method, path, json, send_before, answers)

        return retrying(attempt)

    def take_turn(self, *, send_before: float | None = None) -> None:
        """Return when the next request may go out, and count it; NotSent as soon as that would be too late.

        For what is to be written down right before a request leaves, and not while it waits.
        """
        self._wait_for_turn(_("its turn"), threading.Event(), send_before)

    def _wait_for_turn(self, endpoint: str, stop: threading.Event, send_before: float | None) -> None:
        limits = [] if send_before is None else [send_before]
        if self._options.longest_wait is not None:
            limits.append(monotonic() + self._options.longest_wait)
        too_long = rate_limit.wait_for_turn(self._limiter, stop, min(limits, default=None), told=self._note_wait)
        if too_long:
            raise NotSent(endpoint, retry_after=too_long)

    def _note_wait(self, seconds: float) -> None:
        self._kept_back_until = monotonic() + seconds

    def _attempt(
        self, method: str, path: str, json: Any, send_before: float | None, answers: Collection[int]
    ) -> JsonObject:
        if send_before is not None and monotonic() > send_before:
            raise NotSent(f"{method} {path}")
        with self._lock:
            self._sent += 1
        result = self._exchange(method, path, json, answers)
        if isinstance(result, RateLimited):
            seconds = self._asked_for(result, _BREATHER)
            self._limiter.hold(seconds)
            self._note_wait(seconds)
        if isinstance(result, RequestFailed):
            raise result
        return result

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        return max(self._backoff(state), self._asked_for(failure, 0.0))

    def _asked_for(self, failure: BaseException | None, default: float) -> float:
        seconds = getattr(failure, "retry_after", None)
        return min(default if seconds is None else seconds, self._options.max_wait)

    @hidden_locals()
    def _exchange(self, method: str, path: str, json: Any, answers: Collection[int]) -> JsonObject | RequestFailed:
        """The payload, or the exception to raise: raised here, it would have the library's one as context."""
        endpoint = f"{method} {path}"
        try:
            with closing(self._send(method, path, json)) as response:
                reply = self._read(endpoint, response)
        except LIBRARY_ERRORS as error:
            return no_reply(endpoint, error, self._options)
        if isinstance(reply, RequestFailed):
            return reply
        if 200 <= reply.status < 300:
            return self._content(reply)
        answer = self._content(reply) if reply.status in answers else None
        return answer if isinstance(answer, JsonObject) and "results" in answer else refusal(reply, self._key)

    @staticmethod
    def _content(reply: Reply) -> JsonObject | RequestFailed:
        try:
            content = parsed(reply.body)
        except ValueError:
            return not_json(reply, _("not JSON"))
        if not isinstance(content, dict):
            return not_json(reply, _("JSON, but no object"))
        return JsonObject(content, reply)

    def _send(self, method: str, path: str, json: Any) -> requests.Response:
        prepared = self._session.prepare_request(requests.Request(method, self._api_url + path, json=json))
        environment = self._session.merge_environment_settings(prepared.url or "", {}, True, None, None)
        timeout = (self._options.connect_timeout, self._options.read_timeout)
        return self._session.send(prepared, timeout=timeout, allow_redirects=False, **environment)

    def _read(self, endpoint: str, response: requests.Response) -> Reply | RequestFailed:
        status = response.status_code
        succeeded = 200 <= status < 300
        limit = self._options.max_reply_bytes if succeeded else _LONGEST_REFUSAL
        body = bytearray()
        if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
            if succeeded:
                return UnexpectedReply(endpoint, status=status, detail=_("compressed in a way that was not asked for"))
        else:
            # Before its release 2, urllib3 lets a reply that ends too early pass.
            response.raw.enforce_content_length = True
            try:
                for piece in response.iter_content(_PIECE):
                    body += piece
                    if len(body) > limit:
                        break
            except LIBRARY_ERRORS:
                # What did arrive of a refusal says more than that it was cut.
                if succeeded:
                    raise
        if succeeded and len(body) > limit:
            return UnexpectedReply(
                endpoint,
                status=status,
                detail=_("a reply of more than %(limit)s bytes, see MAX_REPLY_BYTES") % {"limit": limit},
            )
        return Reply(endpoint, status, response.headers, bytes(body[:limit]))


def _may_pass(error: BaseException) -> bool:
    """Whether another try could bring more; one that was kept back for too long would be so again."""
    return isinstance(error, Unavailable | RateLimited) and not isinstance(error, NotSent)


_limiters: dict[tuple[object, ...], rate_limit.Limiter] = {}
# What the window is made longer by. Accredible counts requests as they arrive: one that takes longer than those of the
# next window, because it has to connect first, would be counted with them.
_SPARE = 1.01


def limiter_of(
    address: str, requests: int, seconds: float, *, shares: int = 1, redis_url: str | None = None
) -> rate_limit.Limiter:
    """The one limiter of this process for ``address``, for as long as the limit stays the same.

    With a ``redis_url``, all processes keep the limit of ``requests`` together. Without one, or while it is out of
    reach, this process keeps to one of so many ``shares``.
    """
    # By process, because a lock that was held during a fork stays held in the child.
    identity = (os.getpid(), address, requests, seconds, shares, redis_url)
    found = _limiters.get(identity)
    if found:
        return found
    window = _SPARE * seconds
    own = rate_limit.RateLimiter(max(1, requests // shares), window)
    limiter: rate_limit.Limiter = own
    if redis_url:
        from credentials_accredible.client.shared_rate_limit import SharedLimiter  # noqa: PLC0415  # needs redis

        limiter = SharedLimiter(redis_url, address, requests, window, own)
    return _limiters.setdefault(identity, limiter)
