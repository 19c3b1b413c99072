"""Whose key it is, and the designs of an account."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import AuthenticationFailed, UnexpectedReply
from tests.client.conftest import API, Clock, open_client
from tests.client.server import Request, Server, reply


def add_design(accredible: responses.RequestsMock, id_: int, reply: Any = None, **options: Any) -> None:
    image = f"https://cdn.example.com/{id_}.png"
    whole = {"design": {"id": id_, "kind": "badge", "rasterized_content_url": image, "groups": []}}
    accredible.get(f"{API}/v1/designs/{id_}", **(options or {"json": whole if reply is None else reply}))


# --- issuer -------------------------------------------------------------------------------------------------------


def test_the_issuer_is_read(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    accredible.get(
        f"{API}/v1/issuer/details", json={"issuer": {"id": 3, "name": "Acme 🏅", "email": "a@b", "certificate_left": 5}}
    )

    issuer = client.issuer()

    assert (issuer.id, issuer.name, issuer.credits_left) == (3, "Acme 🏅", 5)
    assert client.requests_sent == 1


@pytest.mark.parametrize("body", [{}, {"issuer": None}, {"issuer": []}, {"issuer": {"name": "Acme"}}])
def test_an_issuer_of_another_shape_is_an_error(
    accredible: responses.RequestsMock, client: AccredibleClient, body: Any
) -> None:
    accredible.get(f"{API}/v1/issuer/details", json=body)

    with pytest.raises(UnexpectedReply, match=r"GET /v1/issuer/details: HTTP 200\): issuer"):
        client.issuer()


def test_a_key_that_is_not_known_is_said_to_be(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    accredible.get(f"{API}/v1/issuer/details", status=401, body="HTTP Token: Access denied.")

    with pytest.raises(AuthenticationFailed) as caught:
        client.issuer()

    assert str(caught.value) == (
        "Accredible refused the API key (GET /v1/issuer/details: HTTP 401): HTTP Token: Access denied."
    )


# --- designs ------------------------------------------------------------------------------------------------------


def test_each_design_is_asked_for_once(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    for id_ in (1, 2, 3):
        add_design(accredible, id_)

    batch = client.designs(iter([3, 1, 3, 2, 1]))

    assert {id_: design.image_url for id_, design in batch.found.items()} == {
        id_: f"https://cdn.example.com/{id_}.png" for id_ in (1, 2, 3)
    }
    assert batch.failures == {}
    assert client.requests_sent == 3


def test_no_designs_cost_no_request(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    batch = client.designs([])

    assert (batch.found, batch.failures, client.requests_sent) == ({}, {}, 0)


def test_a_design_knows_when_it_was_changed(accredible: responses.RequestsMock, client: AccredibleClient) -> None:
    add_design(accredible, 1, {"design": {"id": 1, "updated_at": "2024-05-06T07:08:09.000Z"}})

    assert client.designs([1]).found[1].updated_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"status": 401, "body": "HTTP Token: Access denied."}, "refused the API key"),
        ({"status": 403, "json": {"errors": "Not yours"}}, "Not yours"),
        ({"status": 404, "json": {"error": "Not found"}}, "Not found"),
        ({"status": 429}, "slow down"),
        ({"status": 500}, "is not available"),
        ({"status": 302, "headers": {"Location": "https://x.example"}}, "redirected to x.example"),
        ({"body": b"<html></html>"}, "HTML page"),
        ({"body": b'{"design'}, "not JSON"),
        ({"body": b""}, "empty reply"),
        ({"body": OSError("cut")}, "is not available"),
        ({"json": {}}, "design: Field required"),
        ({"json": {"design": [1]}}, "design: "),
        ({"json": {"design": {"name": "no id"}}}, "design.id"),
        ({"json": {"design": {"id": 3}}}, "it is design 3"),
    ],
)
def test_a_design_that_fails_does_not_stop_the_others(
    accredible: responses.RequestsMock, client: AccredibleClient, clock: Clock, broken: Any, words: str
) -> None:
    add_design(accredible, 1)
    add_design(accredible, 2, **broken)
    add_design(accredible, 3)

    batch = client.designs([1, 2, 3])

    assert set(batch.found) == {1, 3}
    assert set(batch.failures) == {2}
    assert words in batch.failures[2]
    assert "GET /v1/designs/2" in batch.failures[2]
    assert "\n" not in batch.failures[2]


def test_progress_is_told_for_each_design(
    accredible: responses.RequestsMock, client: AccredibleClient, clock: Clock
) -> None:
    add_design(accredible, 1)
    add_design(accredible, 2, status=404)
    add_design(accredible, 3)
    told: list[tuple[int, int | None, int]] = []

    client.designs([1, 2, 3], progress=lambda done, total: told.append((done, total, threading.get_ident())))

    assert told == [(done, 3, threading.get_ident()) for done in (1, 2, 3)]


@pytest.mark.parametrize("broken", [{"status": 503}, {"status": 429}, {"body": ConnectionResetError()}])
def test_designs_are_given_up_when_nothing_answers_any_more(
    accredible: responses.RequestsMock, clock: Clock, broken: Any
) -> None:
    for id_ in range(1, 101):
        add_design(accredible, id_, **({} if id_ == 1 else broken))

    with open_client(concurrency=1, attempts=4) as client:
        batch = client.designs(range(1, 101))

    assert set(batch.found) == {1}
    assert set(batch.failures) == set(range(2, 101))
    assert "Given up, because 5 designs in a row brought no answer." in batch.failures.values()
    # The list of designs has one try, the first design that fails has all of its tries, the four after it one each.
    assert client.requests_sent == 1 + 1 + 4 + 4


def test_designs_that_were_read_are_kept_when_the_others_are_given_up(
    accredible: responses.RequestsMock, clock: Clock
) -> None:
    for id_ in range(1, 101):
        add_design(accredible, id_, **({} if id_ <= 30 else {"status": 503}))

    with open_client(concurrency=1) as client:
        batch = client.designs(range(1, 101), progress=lambda done, total: time.sleep(0.002))

    assert set(batch.found) == set(range(1, 31))
    assert set(batch.failures) == set(range(31, 101))


def test_an_answer_that_comes_after_giving_up_is_kept(serve: Callable[..., Server]) -> None:
    def answer(request: Request) -> Iterator[Any]:
        if request.line.startswith("GET /v1/designs/1 "):
            yield 0.15
            yield reply({"design": {"id": 1}})
        else:
            yield reply(status="503 Unavailable")

    with open_client(serve(answer).url, concurrency=2, attempts=1) as client:
        # Meanwhile everything else has failed, been given up, and the answer has come.
        batch = client.designs(range(1, 101), progress=lambda done, total: time.sleep(1.5 if done == 1 else 0))

    assert set(batch.found) == {1}
    assert set(batch.failures) == set(range(2, 101))
    assert client.requests_sent < 20


@pytest.mark.parametrize("answer", [{}, {"status": 404}])
def test_designs_that_fail_now_and_then_stop_nothing(
    accredible: responses.RequestsMock, clock: Clock, answer: dict[str, Any]
) -> None:
    for id_ in range(1, 41):
        add_design(accredible, id_, **({"status": 503} if id_ % 4 else answer))

    with open_client(concurrency=1) as client:
        batch = client.designs(range(1, 41))

    assert set(batch.found) == ({id_ for id_ in range(1, 41) if id_ % 4 == 0} if not answer else set())
    assert not any("Given up" in reason for reason in batch.failures.values())


def test_designs_are_fetched_several_at_a_time(serve: Callable[..., Server]) -> None:
    meeting = threading.Barrier(3)

    def answer(request: Request) -> Iterator[Any]:
        if request.line.startswith("POST /v1/designs/search "):
            yield reply({"designs": []})
            return
        meeting.wait(timeout=5)
        id_ = int(request.line.split()[1].rsplit("/", 1)[1])
        yield reply({"design": {"id": id_}})

    server = serve(answer)
    with open_client(server.url, concurrency=3) as client:
        batch = client.designs(range(1, 7))

    assert list(batch.failures.values()) == []
    assert server.connections == 3


def test_a_server_that_hangs_does_not_hold_up_hundreds_of_designs(serve: Callable[..., Server]) -> None:
    def answer(request: Request) -> Iterator[Any]:
        yield 10

    began = time.monotonic()
    with open_client(serve(answer).url, read_timeout=0.2, attempts=2, max_wait=0.1) as client:
        batch = client.designs(range(1, 300))

    assert len(batch.failures) == 299
    assert time.monotonic() - began < 4
