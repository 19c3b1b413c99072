"""The error bodies Accredible answers with; each shape here was seen in real replies."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from demo.emulator import replies

NO_TOKEN = "HTTP Token: Access denied.\n"
_TOO_MANY = "Too many requests, try again later"


class Refusal(Exception):
    """Ends a request with ``status`` and ``body``: a text goes out as plain text, anything else as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    def response(self) -> Response:
        """The refusal as it goes out."""
        response = (
            replies.text(self.body, self.status)
            if isinstance(self.body, str)
            else replies.json_reply(self.body, self.status)
        )
        if self.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Token realm="Application"'
        return response


def malformed(*reasons: str) -> Refusal:
    """400: the request cannot be understood."""
    message = "The request could not be understood"
    return Refusal(400, {"code": "bad_request", "message": message, "status": 400, "errors": list(reasons)})


def no_token() -> Refusal:
    """401: no key was sent, or in no form that is taken."""
    return Refusal(401, NO_TOKEN)


def unknown_key() -> Refusal:
    """401: nobody has this key."""
    return Refusal(401, {"success": False, "data": "Invalid API key"})


def no_route() -> Refusal:
    """404: the API has no such address, or not for this method."""
    return Refusal(404, {"error": "Not found"})


def gone() -> Refusal:
    """404: no such group or design, as far as this key sees."""
    return Refusal(404, {"errors": "Doesn't exist"})


def no_credential() -> Refusal:
    """404: no such credential, as far as this key sees."""
    return Refusal(404, {"success": False, "data": "Credential not found"})


def invalid_group() -> Refusal:
    """422: a credential for a group that this key does not see."""
    return Refusal(422, {"errors": "Invalid Group"})


def invalid_fields(errors: dict[str, list[str]]) -> Refusal:
    """422: field -> messages."""
    return Refusal(422, {"errors": errors})


def too_many(retry_after: int | None) -> Response:
    """429, with ``Retry-After`` in seconds where one is given."""
    response = Refusal(429, {"errors": _TOO_MANY}).response()
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def by_status(status: int, retry_after: int | None = None) -> Response:
    """A reply of that status with a body of its own; KeyError for a status that is not known to occur."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return too_many(retry_after)
    known: dict[int, Refusal] = {
        400: malformed("The request was refused"),
        401: no_token(),
        403: Refusal(403, {"errors": "This API key may not do that"}),
        404: gone(),
        422: invalid_group(),
        500: Refusal(500, {"errors": "Internal server error"}),
    }
    response = replies.proxy_page(status) if status in replies.PROXY_STATUSES else known[status].response()
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


STATUSES = frozenset({400, 401, 403, 404, 422, 429, 500, *replies.PROXY_STATUSES})
