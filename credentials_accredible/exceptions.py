"""Everything that can go wrong, as one tree.

``str()`` of any of them is one sentence for an operator; it holds no API key and, because it can hold text of
the provider, it must be escaped like any other text when it is put into a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class AccredibleError(Exception):
    """Root of all errors this package raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by a task queue, it would be made again from its arguments alone, which are given by name.
        return _restored, (type(self), self.args, vars(self))


def _restored(kind: type[AccredibleError], args: tuple[Any, ...], attributes: dict[str, Any]) -> AccredibleError:
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


# --- the installation is not as it should be ---------------------------------------------------------------------


class ConfigurationError(AccredibleError):
    """A setting or a stored configuration cannot be used; the message names what to change."""


class KeyUnreadable(ConfigurationError):
    """A stored API key cannot be decrypted with the encryption keys in the settings."""


# --- what Accredible answered, or did not ------------------------------------------------------------------------


class RequestFailed(AccredibleError):
    """A request to Accredible did not bring what was asked for.

    ``endpoint``: method and path, as ``POST /v1/issuer/groups/search``. ``status``: the HTTP status, None where
    there was no reply. ``detail``: the provider's own words, shortened; may be empty. ``sent``: False where it is
    certain that the request did not reach Accredible, or that Accredible did nothing about it; None stands for what
    is so for errors of this kind. ``retry_after``: the seconds after which Accredible wants to be asked again, None
    where it did not say. ``fields``: its words on each field, where it gives them so.
    """

    explanation = gettext_lazy("Accredible refused the request")
    sent = True
    _without_status = gettext_lazy("no reply")

    def __init__(
        self,
        endpoint: str,
        *,
        status: int | None = None,
        detail: str = "",
        sent: bool | None = None,
        retry_after: float | None = None,
        fields: dict[str, list[str]] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.status = status
        self.detail = detail
        self.sent = type(self).sent if sent is None else sent
        self.retry_after = retry_after
        self.fields = fields or {}
        super().__init__(endpoint, status, detail)

    def __str__(self) -> str:
        status = f"HTTP {self.status}" if self.status else self._without_status
        sentence = f"{self.explanation} ({self.endpoint}: {status})"
        return f"{sentence}: {self.detail}" if self.detail else f"{sentence}."


class AuthenticationFailed(RequestFailed):
    """401: the API key is not known at this environment."""

    explanation = gettext_lazy("Accredible refused the API key")


class PermissionRefused(RequestFailed):
    """403: the API key is known, but may not do this."""

    explanation = gettext_lazy("Accredible does not allow this API key to do this")


class NotFound(RequestFailed):
    """404: there is no such thing, or this API key does not see it."""

    explanation = gettext_lazy("Accredible did not find it")


class Invalid(RequestFailed):
    """400, 409, 422 and other refusals of what was sent."""

    explanation = gettext_lazy("Accredible did not accept what was sent")


class RateLimited(RequestFailed):
    """429: too many requests. Nothing was done, unless somebody in front of Accredible says so: then it is ``sent``."""

    explanation = gettext_lazy("Accredible asks to slow down")
    sent = False


class Unavailable(RequestFailed):
    """408, 5xx, or no reply at all: connection refused or cut, name not found, TLS failure, time-out."""

    explanation = gettext_lazy("Accredible is not available")


class NotSent(Unavailable):
    """The rate limit, or a request of Accredible to slow down, would have kept the request back for too long."""

    explanation = gettext_lazy("The request to Accredible was not sent in time")
    sent = False
    _without_status = gettext_lazy("not sent")


class UnexpectedReply(RequestFailed):
    """A reply that is not what the API promises: not JSON, a key missing, pages that contradict each other.

    Also a refusal in words that are not Accredible's, as a proxy's page: what became of the request is not known.
    """

    explanation = gettext_lazy("Accredible sent a reply that makes no sense here")


# --- a synchronisation that was not carried out ------------------------------------------------------------------


class SyncRefused(AccredibleError):
    """A synchronisation was stopped before it changed anything."""


class SyncInProgress(SyncRefused):
    """Another synchronisation of the same configuration is running."""


class RemovalRefused(SyncRefused):
    """The plan removes more groups than the guard lets through without somebody's word."""


class ConfirmationRequired(SyncRefused):
    """The plan removes groups and was to be confirmed first, or is not the plan that was confirmed."""


class CarryOverRefused(SyncRefused):
    """A group was to be carried over to another id, and that makes no sense as things are at Accredible."""


class SyncSuperseded(SyncRefused):
    """The lock was taken over by another synchronisation while this one was working."""


# --- changes of groups and rules ---------------------------------------------------------------------------------


class GroupsBusy(AccredibleError, OperationalError):
    """Groups of a configuration are not to be changed for now, because another is changing them; the message says who.

    Also an error of the database, so that it is answered like those. Nothing is changed; it has
    been waited for long enough, so nobody tries again at once.
    """


class Overtaken(AccredibleError, OperationalError):
    """What was looked at has changed before it could be locked; the message says what.

    Also an error of the database, so that the transaction is tried again like one that the database has ended.
    """


# --- badges ------------------------------------------------------------------------------------------------------


class _Refused(AccredibleError):
    """``problems`` says why, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class ActivationRefused(_Refused):
    """A group cannot be activated; ``problems`` says why, a sentence each."""


class DecisionRefused(_Refused):
    """What a person decided about badges was not carried out, nothing of it; ``problems`` says why, a sentence each."""


class RetirementRefused(AccredibleError):
    """It is not clear who is to be retired, and nothing was changed; the message says what to give."""


# --- files that carry configuration ------------------------------------------------------------------------------


class FileProblem(NamedTuple):
    """What is wrong in a file, and where: line and column count from 1, 0 where there is no such place."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return (
            _("Line %(line)s, column %(column)s: %(message)s")
            % {"line": self.line, "column": self.column, "message": self.message}
            if self.line
            else self.message
        )


class ImportRefused(AccredibleError):
    """A file was not imported, and nothing was changed; ``problems`` are all that were found, by place."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__(" ".join(map(str, self.problems)))
