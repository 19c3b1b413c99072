"""Credentials, as the API makes, shows, changes and deletes them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from demo.emulator import credential_search, issuing, refusals
from demo.emulator.credential import Credential
from demo.emulator.credential_fields import InvalidCredential, read_evidence
from demo.emulator.reading import json_object, nested_object
from demo.emulator.replies import json_reply
from demo.emulator.routes.context import access, base

LARGEST_BULK = 30

credentials = Blueprint("credentials", __name__)


@credentials.post("/v1/credentials")
def create() -> Response:
    """Make a credential."""
    credential, _ = issuing.create(access(), nested_object(json_object(request), "credential"))
    return _shown(credential)


@credentials.get("/v1/credentials/<reference>")
def view(reference: str) -> Response:
    """One credential, by its id or by the issuer's own id."""
    return _shown(_find(reference))


@credentials.route("/v1/credentials/<reference>", methods=["PUT", "PATCH"])
def update(reference: str) -> Response:
    """Change what the body holds of a credential. PATCH is not documented; it is what some clients send."""
    credential = _find(reference)
    return _shown(issuing.update(access(), credential, nested_object(json_object(request), "credential")))


@credentials.delete("/v1/credentials/<reference>")
def delete(reference: str) -> Response:
    """Delete a credential for good."""
    credential = _find(reference)
    del access().account.credential_by_id[credential.id]
    return _shown(credential)


@credentials.post("/v1/credentials/<reference>/evidence_items")
def add_evidence(reference: str) -> Response:
    """Attach an evidence item to a credential."""
    credential = _find(reference)
    item = read_evidence(nested_object(json_object(request), "evidence_item"))
    return json_reply({"evidence_item": issuing.attach(access().account, credential, item)})


@credentials.post("/v2/credentials/bulk_create")
def bulk_create() -> Response:
    """Make up to 30 credentials: 200 when all went well, 207 when some did, 422 when none was made."""
    payloads = json_object(request).get("credentials")
    if not isinstance(payloads, list) or not 1 <= len(payloads) <= LARGEST_BULK:
        raise refusals.malformed(f"credentials is a list of 1 to {LARGEST_BULK}")
    results = [_result(payload) for payload in payloads]
    if not any("credential" in result for result in results):
        return json_reply({"results": results}, 422)
    return json_reply({"results": results}, 207 if any("errors" in result for result in results) else 200)


@credentials.post("/v2/credentials/search")
def search() -> Response:
    """The credentials that match."""
    return json_reply(credential_search.search(access().credentials(), json_object(request), base()))


def _result(payload: Any) -> dict[str, Any]:
    try:
        if not isinstance(payload, dict):
            raise InvalidCredential([("credential", "is not an object")])
        credential, unpublished = issuing.create(access(), payload)
    except InvalidCredential as error:
        details = [{"property": name, "message": message} for name, message in error.problems]
        message = "The credential is not valid"
        return {"errors": {"code": "credential_invalid", "message": message, "details": details}}
    result: dict[str, Any] = {"credential": credential.bulk_reply(base())}
    if unpublished == "insufficient_credits":
        result["errors"] = {"code": unpublished, "message": "The credential is not published: no credits are left"}
    return result


def _find(reference: str) -> Credential:
    credential = access().credential(reference)
    if not credential:
        raise refusals.no_credential()
    return credential


def _shown(credential: Credential) -> Response:
    return json_reply({"credential": credential.reply(base())})
