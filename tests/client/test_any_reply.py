"""No reply, however odd, brings anything but what was asked for or an error of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import AccredibleError, RequestFailed
from tests.client.conftest import API, open_client

TEXTS = st.text(st.characters(codec=None), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


def mostly(expected: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is expected, or anything."""
    return expected | ANYTHING


IDS = mostly(st.integers(1, 5))
GROUPS = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "name": mostly(TEXTS),
        "course_name": mostly(TEXTS),
        "course_description": mostly(TEXTS),
        "created_at": mostly(st.datetimes().map(str)),
        "updated_at": ANYTHING,
        "badge_design_id": IDS,
        "design_id": IDS,
        "else": ANYTHING,
    },
)
METAS = st.fixed_dictionaries(
    {},
    optional={
        "next_page": mostly(st.integers(0, 4)),
        "total_pages": mostly(st.integers(0, 4)),
        "total_count": mostly(st.integers(0, 12)),
    },
)
PAGES = mostly(
    st.fixed_dictionaries({"groups": mostly(st.lists(mostly(GROUPS), max_size=4))}, optional={"meta": mostly(METAS)})
)
PLAIN_PAGES = st.fixed_dictionaries({"groups": st.lists(GROUPS, max_size=3)}, optional={"meta": st.none() | METAS})
DESIGNS = mostly(
    st.fixed_dictionaries(
        {
            "design": mostly(
                st.fixed_dictionaries({"id": IDS, "rasterized_content_url": mostly(TEXTS), "updated_at": ANYTHING})
            )
        }
    )
)
ISSUERS = mostly(
    st.fixed_dictionaries(
        {"issuer": mostly(st.fixed_dictionaries({"id": IDS, "name": mostly(TEXTS), "certificate_left": ANYTHING}))}
    )
)

by_many_examples = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def answering(body: Any, status: int = 200, **headers: str) -> tuple[responses.RequestsMock, AccredibleClient]:
    mock = responses.RequestsMock(assert_all_requests_are_fired=False)
    for method, path in (("GET", "issuer/details"), ("POST", "issuer/groups/search"), ("GET", "designs/3")):
        mock.add(method, f"{API}/v1/{path}", body=body, status=status, headers=headers)
    return mock, open_client(attempts=1)


def outcome(call: Callable[[], Any]) -> Any:
    """What ``call`` gives, or the error of ours that it raises."""
    try:
        return call()
    except AccredibleError as error:
        return error


def fit_for_storing(*texts: str) -> bool:
    return all("\x00" not in text and text.encode("utf-8") is not None for text in texts)


@by_many_examples
@given(pages=st.lists(PAGES | PLAIN_PAGES, min_size=1, max_size=4))
def test_any_pages_are_groups_or_an_error(pages: list[Any]) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        number = json.loads(request.body)["page"]
        return 200, {}, json.dumps(pages[number - 1] if number <= len(pages) else {"groups": []})

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock, open_client() as client:
        mock.add_callback("POST", f"{API}/v1/issuer/groups/search", answer)
        groups = outcome(client.groups)

    if isinstance(groups, AccredibleError):
        assert len(str(groups)) < 500
        return
    # Every page that was sent holds groups, and none of them is lost.
    assert [group.accredible_id for group in groups] == [
        int(group["id"]) for page in pages[: client.requests_sent] for group in page["groups"]
    ]
    assert len({group.accredible_id for group in groups}) == len(groups)
    for group in groups:
        assert group.accredible_id > 0
        assert group.name.strip()
        assert fit_for_storing(group.name, group.internal_name, group.description)


@by_many_examples
@given(content=DESIGNS)
def test_any_design_is_found_or_fails(content: Any) -> None:
    mock, client = answering(json.dumps(content))
    with mock, client:
        batch = client.designs([3])

    assert set(batch.found) ^ set(batch.failures) == {3}
    for design in batch.found.values():
        assert design.id == 3
        assert design.image_url == "" or design.image_url.lower().startswith(("http://", "https://"))


@by_many_examples
@given(content=ISSUERS)
def test_any_issuer_is_one_or_an_error(content: Any) -> None:
    mock, client = answering(json.dumps(content))
    with mock, client:
        issuer = outcome(client.issuer)

    if isinstance(issuer, AccredibleError):
        return
    assert issuer.id > 0
    assert fit_for_storing(issuer.name)


@by_many_examples
@given(
    status=st.integers(200, 999),
    body=st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()),
    kind=st.sampled_from(["application/json", "text/html; charset=utf-8", "", "\x80"]),
    after=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
)
def test_any_status_with_any_body_is_an_error_of_ours(status: int, body: bytes, kind: str, after: str) -> None:
    if status in {204, 304}:
        body = b""  # these have none, whatever a server sends
    mock, client = answering(body, status, **{"Content-Type": kind, "Retry-After": after, "Location": after})
    with mock, client:
        result = outcome(client.issuer)

    if isinstance(result, RequestFailed):
        assert result.status == status
        assert len(result.detail) <= 300
        assert result.detail == " ".join(result.detail.split())
        assert fit_for_storing(str(result))
    else:
        assert 200 <= status < 300
