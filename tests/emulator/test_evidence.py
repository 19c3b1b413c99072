"""Evidence items of a credential."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.api import Api, made


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"category": "grade", "string_object": "83"}, {"type": "grade", "string_object": {"grade": "83"}}),
        ({"category": "grade", "string_object": 83}, {"type": "grade", "string_object": {"grade": "83"}}),
        ({"category": "url", "url": "https://example.org/x"}, {"type": "url", "link_url": "https://example.org/x"}),
        ({"category": "file", "file": "https://example.org/f"}, {"type": "file", "link_url": "https://example.org/f"}),
        ({"category": "transcript", "string_object": "[]"}, {"type": "transcript", "string_object": "[]"}),
    ],
)
def test_evidence_is_attached(api: Api, group: int, item: dict[str, Any], shown: dict[str, Any]) -> None:
    credential = made(api.create(group, id="own"))

    reply = api.post("/v1/credentials/own/evidence_items", {"evidence_item": {"description": "Final", **item}})

    assert reply.status_code == 200
    evidence = reply.json()["evidence_item"]
    assert evidence["description"] == "Final"
    assert {name: evidence[name] for name in shown} == shown
    assert made(api.get(f"/v1/credentials/{credential['id']}"))["evidence_items"] == [evidence]


@pytest.mark.parametrize(
    ("item", "errors"),
    [
        ({}, {"category"}),
        ({"category": "song"}, {"category"}),
        ({"category": ["url"]}, {"category"}),
        ({"category": "url"}, {"url"}),
        ({"category": "file", "file": ""}, {"file"}),
        ({"category": "grade", "string_object": {"grade": 1}}, {"string_object"}),
    ],
)
def test_evidence_that_makes_no_sense_is_refused(api: Api, group: int, item: dict[str, Any], errors: set[str]) -> None:
    credential = made(api.create(group))

    reply = api.post(f"/v1/credentials/{credential['id']}/evidence_items", {"evidence_item": item})

    assert (reply.status_code, reply.json()["errors"].keys()) == (422, errors)
    assert made(api.get(f"/v1/credentials/{credential['id']}"))["evidence_items"] == []


def test_evidence_can_come_with_the_credential(api: Api, group: int) -> None:
    items = [{"category": "grade", "string_object": "83", "description": "Grade"}]

    (evidence,) = made(api.create(group, evidence_items=items))["evidence_items"]

    assert evidence["string_object"] == {"grade": "83"}


def test_evidence_for_no_credential_is_not_found(api: Api) -> None:
    assert api.post("/v1/credentials/none/evidence_items", {"evidence_item": {}}).status_code == 404
