"""Accredible over HTTP; knows no Django model."""

from credentials_accredible.client.client import AccredibleClient
from credentials_accredible.client.credential_payloads import Credential, NewCredential
from credentials_accredible.client.credentials import BULK_LIMIT, BulkItem
from credentials_accredible.client.groups import DesignBatch
from credentials_accredible.client.options import Options
from credentials_accredible.client.payloads import AttributeKey, Design, Group, Issuer

__all__ = [
    "BULK_LIMIT",
    "AccredibleClient",
    "AttributeKey",
    "BulkItem",
    "Credential",
    "Design",
    "DesignBatch",
    "Group",
    "Issuer",
    "NewCredential",
    "Options",
]
