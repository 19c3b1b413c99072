"""An interruption at whatever line shows no key in an error report: not in our functions, not in those of libraries."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import pytest

from credentials_accredible.client import AccredibleClient, ClientOptions, transport
from credentials_accredible.secrets import Secret
from tests.client.conftest import OPTIONS
from tests.client.server import Request, Server, reply
from tests.client.test_credentials import new
from tests.client.test_secrecy import FAULTS, echo
from tests.conftest import PluginSettings
from tests.interrupting import PACKAGE, interrupted, places_that_show

# Written in another way in an address, in a page, and in Base64.
KEY = "k3y/0123&4567+89abcdef"
ENCRYPTION_KEY = "encrypts-all-the-others"

# One for each way that a failure is read in.
READ_DIFFERENTLY = [
    "cut", "not HTTP", "not compressed", "401 in text", "404", "422", "429", "500", "redirect", "not JSON", "no groups",
]  # fmt: skip
READERS = ("/client/errors.py", "/client/payloads.py", "/client/transport.py", "/secrets.py", "/text.py")


@pytest.fixture
def stored(plugin_settings: PluginSettings) -> Secret:
    """The key as it comes from the database."""
    plugin_settings(ENCRYPTION_KEYS=[ENCRYPTION_KEY])
    return Secret(token=Secret(plain=KEY).encrypted())


def asking(
    url: str, key: Secret, ask: Callable[[AccredibleClient], object] = AccredibleClient.issuer
) -> Callable[[], None]:
    """What opens a client with a key that is still encrypted, and asks."""
    options = ClientOptions(**{**OPTIONS, "attempts": 1})

    def call() -> None:
        # Nobody waits because the one before was asked to slow down.
        transport._limiters.clear()
        with AccredibleClient(url, Secret(token=key.encrypted()), options) as client:
            ask(client)

    return call


def refuse_all(request: Request) -> Any:
    objection = {"errors": {"code": "invalid", "message": f"{echo(request)} may not"}}
    return [reply({"results": [objection, objection]}, status="422 No")]


def never_shown(call: Callable[[], None], *, within: Collection[str] = (PACKAGE,)) -> None:
    lines = 0
    for interruption in interrupted(call, within=within):
        lines += 1
        assert places_that_show(interruption, KEY, ENCRYPTION_KEY) == []
    assert lines > 10


def test_while_a_key_is_decrypted_and_sent(serve: Callable[..., Server], stored: Secret) -> None:
    server = serve(lambda request: [reply({"issuer": {"id": 1, "name": "Organisation"}})])

    never_shown(asking(server.url, stored))

    assert server.requests[-1].headers["Authorization"].endswith(KEY)


@pytest.mark.parametrize("fault", READ_DIFFERENTLY)
def test_while_a_failure_is_read_that_repeats_the_key(serve: Callable[..., Server], stored: Secret, fault: str) -> None:
    never_shown(asking(serve(FAULTS[fault]).url, stored), within=READERS)


@pytest.mark.parametrize("script", [refuse_all, FAULTS["422"]])
def test_while_many_are_refused_with_words_that_repeat_the_key(
    serve: Callable[..., Server], stored: Secret, script: Callable[[Request], Any]
) -> None:
    def ask(client: AccredibleClient) -> object:
        return client.create_credentials([new(), new("a2")])

    never_shown(asking(serve(script).url, stored, ask), within=(*READERS, "/client/client.py"))


def test_while_a_key_is_encrypted_compared_and_hinted_at(stored: Secret) -> None:
    def call() -> None:
        key = Secret(token=stored.encrypted())
        assert key == key.reencrypted()
        assert key.reencrypted().encrypted()
        assert key.hint

    never_shown(call)


def test_these_reports_would_show_a_key_in_a_variable_of_a_library() -> None:
    with pytest.raises(ValueError, match="Expecting value") as caught:
        json.loads(KEY)

    assert any("/json/decoder.py" in place for place in places_that_show(caught.value, KEY))
