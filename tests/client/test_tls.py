"""Certificates are verified, whatever the environment says, and a CA bundle of the environment is used."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from credentials_accredible.exceptions import Unavailable
from tests.client.conftest import KEY, open_transport
from tests.client.server import Server, reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its private key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@pytest.fixture
def server(serve: Callable[..., Server], certificate: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return serve(lambda request: [reply({"ok": 1})], context=context)


@pytest.mark.parametrize("bundle", [None, ""])
def test_a_certificate_that_is_not_trusted_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    if bundle is not None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        monkeypatch.setenv("CURL_CA_BUNDLE", bundle)

    with pytest.raises(Unavailable) as caught:
        open_transport(server.url, attempts=1).request("GET", "/v1/things", idempotent=True)

    # OpenSSL writes it with a space or a hyphen.
    detail = caught.value.detail.replace("self signed", "self-signed")
    assert detail == "its TLS certificate is not trusted (self-signed certificate)"
    assert server.requests == []


def test_a_ca_bundle_of_the_environment_is_used(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    transport = open_transport(server.url)

    for _request in range(2):
        assert transport.request("GET", "/v1/things", idempotent=True) == {"ok": 1}

    assert server.requests[0].headers["Authorization"] == f"Token token={KEY}"
    assert server.connections == 1


def test_a_certificate_for_another_name_is_refused(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    with pytest.raises(Unavailable, match="not trusted"):
        open_transport(server.url.replace("127.0.0.1", "localhost"), attempts=1).request("GET", "/", idempotent=True)


def test_a_ca_bundle_that_is_not_there_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")

    with pytest.raises(Unavailable, match=r"/nowhere/bundle\.pem"):
        open_transport(server.url, attempts=1).request("GET", "/v1/things", idempotent=True)


def test_a_server_without_tls_is_refused(serve: Callable[..., Server]) -> None:
    plain = serve(lambda request: [reply({})])

    with pytest.raises(Unavailable, match="no TLS connection could be made"):
        open_transport(plain.url.replace("http:", "https:"), attempts=1).request("GET", "/v1/things", idempotent=True)
