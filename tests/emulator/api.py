"""A client of the emulator that does nothing of its own: no retries, no checks, every reply as it came."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

PATIENCE = 5
CHECKOUT = Path(__file__).parents[2]

Reply = requests.Response


class Api:
    """Requests with one API key, over connections that are kept."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token token={key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def request(self, method: str, path: str, **options: Any) -> Reply:
        """Any request; ``path`` is what follows the address of the environment."""
        return self.session.request(method, self.url + path, **{"timeout": PATIENCE, **options})

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Reply:
        return self.request("POST", path, json=body, **options)

    def put(self, path: str, body: Any) -> Reply:
        return self.request("PUT", path, json=body)

    def delete(self, path: str) -> Reply:
        return self.request("DELETE", path)

    def groups(self, **body: Any) -> Any:
        """The reply to a search for groups."""
        return self.post("/v1/issuer/groups/search", body).json()

    def create(self, group_id: int, email: str = "ada@example.org", learner: str = "Ada", **fields: Any) -> Reply:
        """The reply to making a credential."""
        credential = {"group_id": group_id, "recipient": {"name": learner, "email": email}, **fields}
        return self.post("/v1/credentials", {"credential": credential})

    def bulk(self, *credentials: Any) -> Reply:
        """The reply to making several credentials."""
        return self.post("/v2/credentials/bulk_create", {"credentials": credentials})

    def search(self, query: dict[str, Any], **body: Any) -> Any:
        """The reply to a search for credentials."""
        return self.post("/v2/credentials/search", {"query": query, **body}).json()


def made(reply: Reply) -> dict[str, Any]:
    """The credential in a reply that has to be a good one."""
    assert reply.status_code == 200, reply.text
    credential: dict[str, Any] = reply.json()["credential"]
    return credential
