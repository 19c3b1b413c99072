"""Accredible over HTTP; knows no Django model."""

from credentials_accredible.client.client import BULK_LIMIT, AccredibleClient, BulkItem, open_client
from credentials_accredible.client.credential_payloads import Credential, NewCredential
from credentials_accredible.client.groups import DesignBatch
from credentials_accredible.client.payloads import AttributeKey, Design, Group, Issuer
from credentials_accredible.client.session import ClientOptions

__all__ = [
    "BULK_LIMIT",
    "AccredibleClient",
    "AttributeKey",
    "BulkItem",
    "ClientOptions",
    "Credential",
    "Design",
    "DesignBatch",
    "Group",
    "Issuer",
    "NewCredential",
    "open_client",
]
