"""Accredible over HTTP; knows no Django model."""

from credentials_accredible.client.client import AccredibleClient
from credentials_accredible.client.designs import DesignBatch
from credentials_accredible.client.options import Options
from credentials_accredible.client.payloads import Design, Group, Issuer

__all__ = ["AccredibleClient", "Design", "DesignBatch", "Group", "Issuer", "Options"]
