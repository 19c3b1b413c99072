"""Holds the emulator up against Accredible's public API reference, where a copy of it is at hand."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from demo.emulator.account import Account, World
from demo.emulator.app import create_app
from tests.emulator.api import Api, Reply

REFERENCE = os.environ.get("ACCREDIBLE_OPENAPI", "")

pytestmark = pytest.mark.skipif(
    not Path(REFERENCE).is_file(),
    reason="ACCREDIBLE_OPENAPI does not name a copy of Accredible's API reference (OpenAPI, JSON)",
)

# The issuer's own data, with whatever keys the issuer likes.
FREE = {"meta_data", "recipient_meta_data", "custom_attributes"}
# What the reference leaves out, or misspells, in one place and has in another.
BEYOND = {
    "GET /v1/issuer/all_groups": {"groups.achievement_type", "groups.collections"},
    "POST /v1/credentials": {"credential.uuid"},
    "GET /v1/credentials/{}": {"credential.uuid"},
    "DELETE /v1/credentials/{}": {"credential.uuid"},
    "POST /v2/credentials/bulk_create": {"results.credential.custom_attributes"},
}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """The endpoints of the reference: method and path, as ``GET /v1/designs/{}``, and what is said of them."""
    paths = json.loads(Path(REFERENCE).read_text(encoding="utf-8"))["paths"]
    return {
        f"{method.upper()} {re.sub(r'{.*?}', '{}', path)}": endpoint
        for path, methods in paths.items()
        for method, endpoint in methods.items()
    }


def unknown_keys(value: Any, schemas: list[Any], examples: list[Any], place: str = "") -> set[str]:
    """The keys in ``value`` that neither a schema nor an example knows, as ``credential.uuid``."""
    if isinstance(value, list):
        items = [schema["items"] for schema in schemas if "items" in schema]
        shown = [item for example in examples if isinstance(example, list) for item in example]
        return {key for each in value for key in unknown_keys(each, items, shown, place)}
    if not isinstance(value, dict):
        return set()
    properties = [schema["properties"] for schema in schemas if schema.get("properties")]
    shown = [example for example in examples if isinstance(example, dict)]
    known = {name for each in (*properties, *shown) for name in each}
    found = set()
    for name, inner in value.items():
        here = f"{place}.{name}".lstrip(".")
        if name not in known:
            found.add(here)
        elif name not in FREE:
            found |= unknown_keys(
                inner,
                [each[name] for each in properties if name in each],
                [each[name] for each in shown if name in each],
                here,
            )
    return found


def documented(endpoint: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The schemas and the examples of the replies of an endpoint."""
    contents = [content for reply in endpoint["responses"].values() for content in reply.get("content", {}).values()]
    schemas = [content["schema"] for content in contents if "schema" in content]
    return schemas, [content["example"] for content in contents if "example" in content]


def test_every_endpoint_is_in_the_reference(reference: dict[str, Any]) -> None:
    app: Flask = create_app(World())
    served = {
        f"{method} {re.sub('<.*?>', '{}', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/v1/", "/v2/"))
    }

    assert len(served) == 14
    assert served <= reference.keys()


def test_every_key_of_a_reply_is_in_the_reference(reference: dict[str, Any], account: Account, api: Api) -> None:
    account.add_attribute_key("Grade")
    group = account.add_group(allow_duplicates=True, meta_data={"course_id": "x"})["id"]
    credential = api.create(
        group,
        id="own",
        custom_attributes={"Grade": "A"},
        evidence_items=[{"category": "grade", "string_object": "83"}],
    )
    order = {"group_id": group, "recipient": {"name": "Ada", "email": "ada@example.org"}}
    replies: dict[str, Reply] = {
        "POST /v1/issuer/groups/search": api.post("/v1/issuer/groups/search", {}),
        "GET /v1/issuer/all_groups": api.get("/v1/issuer/all_groups"),
        "GET /v1/issuer/groups/{}": api.get(f"/v1/issuer/groups/{group}"),
        "GET /v1/issuer/details": api.get("/v1/issuer/details"),
        "POST /v1/attribute_keys/search": api.post("/v1/attribute_keys/search", {}),
        "POST /v1/credentials": credential,
        "GET /v1/credentials/{}": api.get("/v1/credentials/own"),
        "POST /v1/credentials/{}/evidence_items": api.post(
            "/v1/credentials/own/evidence_items",
            {"evidence_item": {"category": "url", "url": "https://example.org/"}},
        ),
        "POST /v2/credentials/search": api.post("/v2/credentials/search", {}),
        "POST /v2/credentials/bulk_create": api.bulk(order, order | {"group_id": 1}),
        "DELETE /v1/credentials/{}": api.delete("/v1/credentials/own"),
    }

    for name, reply in replies.items():
        assert reply.status_code in {200, 207}, name
        schemas, examples = documented(reference[name])
        assert schemas, name
        assert unknown_keys(reply.json(), schemas, examples) == BEYOND.get(name, set()), name
