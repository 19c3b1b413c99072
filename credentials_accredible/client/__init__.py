"""Accredible over HTTP; knows no Django model. Each name is imported from its home when it is used first."""

from typing import TYPE_CHECKING

from credentials_accredible.lazy import offering

if TYPE_CHECKING:
    from credentials_accredible.client.client import BULK_LIMIT, AccredibleClient, BulkItem, open_client
    from credentials_accredible.client.credential_payloads import Credential, NewCredential
    from credentials_accredible.client.groups import DesignBatch
    from credentials_accredible.client.payloads import AttributeKey, Design, Group, Issuer
    from credentials_accredible.client.session import ClientOptions

_HOMES = {
    "client.client": "BULK_LIMIT AccredibleClient BulkItem open_client",
    "client.credential_payloads": "Credential NewCredential",
    "client.groups": "DesignBatch",
    "client.payloads": "AttributeKey Design Group Issuer",
    "client.session": "ClientOptions",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = offering(__name__, _HOMES)
