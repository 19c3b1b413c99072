"""What went wrong, as HTTP: always ``{"detail": ...}``, a sentence that says what to do.

Where a program can do something about it, ``code`` says what it is: see ``Code``. Refused input comes with ``errors``,
the messages by field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import TextChoices
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError

from credentials_accredible import api
from credentials_accredible.exceptions import (
    AccredibleError,
    CarryOverRefused,
    ConfigurationError,
    ConfirmationRequired,
    RateLimited,
    RemovalRefused,
    RequestFailed,
    SyncInProgress,
    SyncSuperseded,
    Unavailable,
)


class Code(TextChoices):
    """What programs can tell answers apart by."""

    CONFIGURATION = "configuration", "the configuration or a setting cannot be used: a person has to correct it"
    CONFIRMATION_REQUIRED = "confirmation_required", "groups would be removed: look at the plan, then send its approval"
    REMOVAL_REFUSED = "removal_refused", "more groups would be removed than the guard lets through"
    CARRY_OVER_REFUSED = "carry_over_refused", "a group cannot be carried over: one of the pair is not gone, or not new"
    SYNC_IN_PROGRESS = "sync_in_progress", "another sync of the configuration is running: try again later"
    SYNC_SUPERSEDED = "sync_superseded", "something changed meanwhile: try again"
    LEARNER_UNCLEAR = "learner_unclear", "it is not clear who is to be retired: the answer says what to send"
    NOTHING_TO_DO = "nothing_to_do", "there is nothing to deliver, or it is being delivered now"
    ACCREDIBLE_REFUSED = "accredible_refused", "Accredible refused the request, or its reply makes no sense"
    ACCREDIBLE_UNAVAILABLE = (
        "accredible_unavailable",
        "Accredible does not answer, or asks to slow down: try again later",
    )
    DATABASE_UNAVAILABLE = "database_unavailable", "the database is busy, or cannot be reached: try again later"
    UNEXPECTED = "unexpected", "something that should not happen: the log of the service says more"


class ErrorSerializer(serializers.Serializer):
    detail = serializers.CharField(help_text="What is wrong, and what to do.")
    code = serializers.ChoiceField(Code.choices, required=False, help_text="For programs, where they can react to it.")

    class Meta:
        ref_name = "AccredibleError"


class InvalidSerializer(serializers.Serializer):
    detail = serializers.CharField(help_text="What is wrong, and what to do.")
    errors = serializers.DictField(  # type: ignore[assignment]  # the declaration does not stay on the class
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="The messages by field; those about all of it under non_field_errors.",
    )

    class Meta:
        ref_name = "AccredibleInvalidInput"


# Seconds.
_LONGEST_WAIT = 3600.0

# The first class that an error belongs to decides.
_MEANING: tuple[tuple[type[AccredibleError], int, Code], ...] = (
    (ConfigurationError, status.HTTP_409_CONFLICT, Code.CONFIGURATION),
    (SyncInProgress, status.HTTP_409_CONFLICT, Code.SYNC_IN_PROGRESS),
    (ConfirmationRequired, status.HTTP_409_CONFLICT, Code.CONFIRMATION_REQUIRED),
    (RemovalRefused, status.HTTP_409_CONFLICT, Code.REMOVAL_REFUSED),
    (CarryOverRefused, status.HTTP_409_CONFLICT, Code.CARRY_OVER_REFUSED),
    (SyncSuperseded, status.HTTP_409_CONFLICT, Code.SYNC_SUPERSEDED),
    (Unavailable, status.HTTP_503_SERVICE_UNAVAILABLE, Code.ACCREDIBLE_UNAVAILABLE),
    (RateLimited, status.HTTP_503_SERVICE_UNAVAILABLE, Code.ACCREDIBLE_UNAVAILABLE),
    (RequestFailed, status.HTTP_502_BAD_GATEWAY, Code.ACCREDIBLE_REFUSED),
)


def meaning(error: AccredibleError | None) -> tuple[int, Code]:
    """The HTTP status and the code that stand for ``error``; None is one that nobody foresaw."""
    for kind, http_status, code in _MEANING:
        if isinstance(error, kind):
            return http_status, code
    return status.HTTP_500_INTERNAL_SERVER_ERROR, Code.UNEXPECTED


def retry_headers(error: AccredibleError | None) -> dict[str, str]:
    """``Retry-After``, where Accredible has said how long to wait: an hour at most, whatever it has said."""
    seconds = getattr(error, "retry_after", None)
    return {"Retry-After": str(max(1, round(min(seconds, _LONGEST_WAIT))))} if seconds else {}


def as_api_exception(error: Exception) -> Exception:
    """``error`` as DRF's handler of exceptions, which is the host's, makes an answer of this API of it."""
    if isinstance(error, ValidationError) and not _is_ours(error.detail):
        return _in_one_form(error)
    if isinstance(error, AccredibleError):
        # It escaped from where errors are foreseen: a setting that cannot be used, most likely.
        return APIException({"detail": str(error), "code": str(meaning(error)[1])})
    if isinstance(error, DatabaseError | InterfaceError):
        passes = api.is_busy(error) or api.is_away(error)
        code = Code.DATABASE_UNAVAILABLE if passes else Code.UNEXPECTED
        answer = APIException({"detail": api.why_not_stored(error), "code": str(code)})
        answer.status_code = status.HTTP_503_SERVICE_UNAVAILABLE if passes else answer.status_code
        return answer
    return error


def _is_ours(detail: Any) -> bool:
    return isinstance(detail, dict) and isinstance(detail.get("detail"), str)


def _in_one_form(error: ValidationError) -> ValidationError:
    by_field = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
    errors = {str(name): list(_flat(messages)) for name, messages in by_field.items()}
    sentence = " ".join(f"{name}: {' '.join(messages)}" for name, messages in errors.items())
    return ValidationError({"detail": sentence, "errors": errors})


def _flat(messages: Any) -> Iterable[str]:
    if isinstance(messages, dict):
        messages = messages.values()
    elif not isinstance(messages, list):
        yield str(messages)
        return
    for message in messages:
        yield from _flat(message)
