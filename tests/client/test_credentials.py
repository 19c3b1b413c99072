"""What the client makes of Accredible's answers about credentials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from time import monotonic
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible.client import AccredibleClient, ClientOptions, NewCredential
from credentials_accredible.exceptions import Invalid, NotFound, RequestFailed, Unavailable, UnexpectedReply
from credentials_accredible.secrets import Secret

API = "https://api.example.com"
ONE, MANY = f"{API}/v1/credentials", f"{API}/v2/credentials/bulk_create"
OPTIONS = ClientOptions(
    connect_timeout=1,
    read_timeout=1,
    attempts=1,
    max_wait=0.01,
    max_reply_bytes=1_000_000,
    page_size=50,
    concurrency=1,
    rate_limit=(100_000, 1),
)
MADE = {"id": 7, "url": "https://www.credential.net/7", "approve": True, "license_id": "A1"}


def new(own_id: str = "a1") -> NewCredential:
    """A credential to be made."""
    return NewCredential(
        own_id=own_id,
        group_id=5,
        recipient_name="Ada Lovelace",
        recipient_email="ada@example.com",
        recipient_id="42",
        issued_on=date(2026, 5, 1),
        name="Badge",
        meta_data={"badge_uuid": own_id},
    )


@pytest.fixture
def client() -> Iterator[AccredibleClient]:
    """A client of an account."""
    with AccredibleClient(API, Secret(plain="secret-key-0001"), OPTIONS) as made:
        yield made


@responses.activate
@pytest.mark.parametrize("given_id", [7, "7"])
def test_an_id_is_text_whatever_it_came_as(client: AccredibleClient, given_id: object) -> None:
    responses.post(ONE, json={"credential": {**MADE, "id": given_id}})

    assert client.create_credential(new()).id == "7"


@responses.activate
@pytest.mark.parametrize("url", [None, 5, "javascript:alert(1)", " javascript:alert(1)", "https://a b"])
def test_an_address_that_is_none_is_left_out(client: AccredibleClient, url: object) -> None:
    responses.post(ONE, json={"credential": {**MADE, "url": url}})

    assert client.create_credential(new()).url == ""


@responses.activate
def test_an_address_with_a_space_is_kept(client: AccredibleClient) -> None:
    responses.post(ONE, json={"credential": {**MADE, "url": "https://badges.example.com/My Badge/1"}})

    assert client.create_credential(new()).url == "https://badges.example.com/My%20Badge/1"


@responses.activate
@pytest.mark.parametrize(
    "item",
    [
        {"errors": {"code": "invalid", "message": "bad", "details": [{"property": "email", "message": "is wrong"}]}},
        {"error": {"code": "invalid", "reason": "bad", "details": [{"property": "email", "reason": "is wrong"}]}},
    ],
    ids=["errors", "error"],
)
@pytest.mark.parametrize("status", [207, 422])
def test_each_of_many_has_its_own_answer_in_both_shapes(
    client: AccredibleClient, item: dict[str, Any], status: int
) -> None:
    responses.post(MANY, status=status, json={"results": [{"credential": MADE}, item]})

    made, refused = client.create_credentials([new(), new("a2")])

    assert made.credential
    assert made.error is None
    assert refused.credential is None
    assert isinstance(refused.error, Invalid)
    assert refused.error.detail == "invalid; bad; email: is wrong"


def named(number: int, **values: Any) -> dict[str, Any]:
    """A result with a credential that says whose it is."""
    return {"credential": {"id": number, "license_id": f"a{number}", "url": "https://example.com/x", **values}}


REFUSED = {"errors": {"code": "invalid", "message": "bad"}}


@responses.activate
@pytest.mark.parametrize(
    ("results", "ids", "unknown"),
    [
        ([named(3), named(2), named(1)], ["1", "2", "3"], False),
        ([named(2), REFUSED, named(1)], ["1", "2", None], False),
        ([named(1), named(1), named(3)], [None, None, "3"], True),
        ([named(2), named(3)], [None, "2", "3"], True),
        ([named(1), named(2), named(9)], ["1", "2", None], True),
        ([named(1), named(2), named(3), named(4)], ["1", "2", "3"], True),
        ([named(1), REFUSED, named(3, group_id=99)], ["1", None, None], True),
        ([named(1), {}, named(3)], ["1", None, "3"], True),
    ],
    ids=["reversed", "mixed", "repeated", "missing", "stranger", "extra", "another group", "nothing"],
)
def test_each_of_many_credentials_is_known_by_what_it_says_of_itself(
    client: AccredibleClient, results: list[Any], ids: list[str | None], unknown: bool
) -> None:
    responses.post(MANY, status=207, json={"results": results})

    items = client.create_credentials([new(), new("a2"), new("a3")])

    assert [item.credential and item.credential.id for item in items] == ids
    kind = UnexpectedReply if unknown else Invalid
    assert all(isinstance(item.error, kind) for item in items if item.credential is None)


@responses.activate
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_without_our_ids_the_address_tells_whose_credential_it_is(client: AccredibleClient, order: list[int]) -> None:
    made = [
        {"credential": {"id": 1, "recipient": {"email": "One@Example.com"}}},
        {"credential": {"id": 2, "recipient": {"email": "two@example.com"}}},
    ]
    responses.post(MANY, json={"results": [made[place] for place in order]})

    items = client.create_credentials(
        [replace(new("a1"), recipient_email="one@example.com"), replace(new("a2"), recipient_email="two@example.com")]
    )

    assert [item.credential and item.credential.id for item in items] == ["1", "2"]


@responses.activate
def test_credentials_that_nothing_tells_apart_are_taken_only_where_no_other_is_out_of_place(
    client: AccredibleClient,
) -> None:
    email = new().recipient_email
    same = [{"credential": {"id": number, "recipient": {"email": email}}} for number in (1, 2)]
    responses.post(MANY, json={"results": same})
    items = client.create_credentials([new("a1"), new("a2")])
    assert [item.credential and item.credential.id for item in items] == ["1", "2"]

    responses.reset()
    responses.post(MANY, json={"results": [named(3), *same]})
    items = client.create_credentials([new("a1"), new("a2"), new("a3")])
    assert [item.credential and item.credential.id for item in items] == [None, None, "3"]


@responses.activate
@pytest.mark.parametrize(
    "values", [{"license_id": "a2"}, {"group": {"id": 99}}, {"recipient": {"email": "another@example.com"}}]
)
def test_another_credential_than_the_one_asked_for_is_no_answer(
    client: AccredibleClient, values: dict[str, Any]
) -> None:
    responses.post(ONE, json={"credential": {**MADE, **values}})

    with pytest.raises(UnexpectedReply, match="another credential"):
        client.create_credential(new())


@responses.activate
def test_reading_and_changing_another_credential_than_the_one_named_is_no_answer(client: AccredibleClient) -> None:
    responses.get(f"{ONE}/8", json={"credential": MADE})
    responses.put(f"{ONE}/8", json={"credential": MADE})

    for ask in (client.credential, client.publish_credential, partial(client.reinstate_credential, valid_until=None)):
        with pytest.raises(UnexpectedReply, match="another credential"):
            ask("8")


@responses.activate
def test_a_credential_can_come_with_an_objection(client: AccredibleClient) -> None:
    item = {
        "credential": {**MADE, "approve": False},
        "errors": {"code": "insufficient_credits", "message": "none left"},
    }
    responses.post(MANY, status=207, json={"results": [item]})

    [made] = client.create_credentials([new()])

    assert made.credential
    assert not made.credential.published
    assert made.error
    assert "none left" in made.error.detail


@responses.activate
@pytest.mark.parametrize("results", [[], [{}], [{"credential": MADE}] * 3, [{"credential": None}, {"errors": None}]])
def test_answers_that_do_not_fit_the_question_are_none(client: AccredibleClient, results: list[Any]) -> None:
    responses.post(MANY, json={"results": results})

    items = client.create_credentials([new(), new("a2")])

    assert all(item.credential is None and isinstance(item.error, UnexpectedReply) for item in items)


@responses.activate
def test_a_refusal_of_all_without_results_is_a_refusal(client: AccredibleClient) -> None:
    responses.post(MANY, status=422, json={"errors": {"credentials": ["too many"]}})

    with pytest.raises(Invalid, match="too many"):
        client.create_credentials([new()])


@responses.activate
def test_making_a_credential_is_never_repeated(client: AccredibleClient) -> None:
    responses.post(ONE, status=500, json={})

    with pytest.raises(Unavailable):
        client.create_credential(new())

    assert len(responses.calls) == 1


@responses.activate
def test_a_request_that_is_too_late_does_not_leave(client: AccredibleClient) -> None:
    with pytest.raises(Unavailable) as caught:
        client.create_credential(new(), send_before=monotonic() - 1)

    assert not caught.value.sent
    assert len(responses.calls) == 0


def test_a_refused_connection_says_that_nothing_was_sent() -> None:
    client = AccredibleClient("http://127.0.0.1:1", Secret(plain="secret-key-0001"), OPTIONS)

    with client, pytest.raises(Unavailable) as caught:
        client.create_credential(new())

    assert not caught.value.sent


STRANGERS = pytest.mark.parametrize(("status", "body"), [(200, '{"status": "ok"}'), (204, ""), (200, ""), (200, "<p>")])


@responses.activate
@STRANGERS
def test_a_strangers_word_that_it_is_deleted_is_not_believed(client: AccredibleClient, status: int, body: str) -> None:
    responses.delete(f"{ONE}/7", status=status, body=body)
    responses.get(f"{ONE}/7", json={"credential": {**MADE, "id": "7"}})

    with pytest.raises(UnexpectedReply):
        client.delete_credential("7")


@responses.activate
@STRANGERS
def test_what_is_deleted_without_a_word_is_not_found_any_more(client: AccredibleClient, status: int, body: str) -> None:
    responses.delete(f"{ONE}/7", status=status, body=body)
    responses.get(f"{ONE}/7", status=404, json={"error": "Not found"})

    client.delete_credential("7")


@responses.activate
def test_what_accredible_says_it_has_deleted_is_deleted(client: AccredibleClient) -> None:
    responses.delete(f"{ONE}/7", json={"credential": {**MADE, "id": "7"}})

    client.delete_credential("7")


@responses.activate
def test_an_id_cannot_lead_to_another_path(client: AccredibleClient) -> None:
    responses.get(f"{ONE}/..%2F..%2Fissuer", status=404, json={"error": "Not found"})

    with pytest.raises(NotFound):
        client.credential("../../issuer")


@responses.activate
def test_found_credentials_are_those_that_were_asked_for(client: AccredibleClient) -> None:
    others = {"id": 8, "license_id": "foreign"}
    responses.post(f"{API}/v2/credentials/search", json={"credentials": [MADE, others], "meta": {}})

    assert list(client.find_credentials(["A1"])) == ["a1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MADE, "errors", "details"]), inner),
    max_leaves=8,
)


@given(status=st.sampled_from([200, 207, 400, 404, 422, 500]), results=JSON)
def test_whatever_comes_is_an_answer_or_a_failed_request(status: int, results: object) -> None:
    with responses.RequestsMock() as mock, AccredibleClient(API, Secret(plain="secret-key-0001"), OPTIONS) as client:
        mock.post(MANY, status=status, json={"results": results})
        try:
            items = client.create_credentials([new()])
        except RequestFailed:
            return
    assert all(item.credential or item.error for item in items)
