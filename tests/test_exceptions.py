"""Errors of the package."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from credentials_accredible import exceptions

_ENDPOINT = "POST /v1/credentials"

ERRORS: list[exceptions.AccredibleError] = [
    exceptions.AuthenticationFailed(_ENDPOINT, status=401, detail="Access denied"),
    exceptions.Invalid(_ENDPOINT, status=422, detail="name is wrong", fields={"name": ["is wrong"]}),
    exceptions.RateLimited(_ENDPOINT, retry_after=2.5),
    exceptions.Unavailable(_ENDPOINT, status=503, retry_after=1.0, sent=False),
    exceptions.NotSent(_ENDPOINT),
    exceptions.UnexpectedReply(_ENDPOINT, status=200, detail="an HTML page instead of JSON"),
    exceptions.ActivationRefused(["It has no requirements."]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_out_of_a_task_queue_as_it_went_in(error: Any) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_what_was_not_sent_says_so() -> None:
    assert str(exceptions.NotSent(_ENDPOINT)) == (
        "The request to Accredible was not sent in time (POST /v1/credentials: not sent)."
    )
