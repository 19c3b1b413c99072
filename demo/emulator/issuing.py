"""The rules by which credentials are made, changed, published and charged for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Literal

from demo.emulator import clock
from demo.emulator.account import Access, Account
from demo.emulator.catalogue import Group
from demo.emulator.credential import Credential
from demo.emulator.credential_fields import (
    BLANK,
    InvalidCredential,
    UnknownGroup,
    read_credential,
    read_evidence,
    read_recipient,
    text,
)
from demo.emulator.ids import as_id

_TAKEN = "has already been taken. Your group settings do not allow duplicates for one e-mail address."

Unpublished = Literal["insufficient_credits", "no_design", "sandbox_mode", "not_asked"]


def create(access: Access, payload: dict[str, Any]) -> tuple[Credential, Unpublished | None]:
    """Make a credential, and publish it if that may be; also tells why it was not published.

    Two credentials may carry the same own id: nothing is known to keep them apart, so a client has to look first.
    Raises UnknownGroup and InvalidCredential.
    """
    account = access.account
    group = _group(access, payload.get("group_id"))
    problems: list[tuple[str, str]] = []
    values = read_credential(payload, problems)
    recipient = read_recipient(payload.get("recipient"), {}, problems)
    license_id = _own_id(payload.get("id"), problems)
    evidence = _evidence_items(payload.get("evidence_items"), problems)
    wanted = values.pop("approve", True)
    values["issued_on"] = values.get("issued_on") or clock.today()
    values["expired_on"] = values.get("expired_on") or _end_of_validity(group, values["issued_on"])
    credential = Credential(
        id=0,
        environment=account.environment.name,
        issuer=account.issuer,
        group=group,
        recipient=recipient,
        license_id=license_id,
        **values,
    )
    _check(account, credential, problems)
    credential.id = account.ids.take("credential")
    for item in evidence:
        attach(account, credential, item)
    account.credential_by_id[credential.id] = credential
    return credential, _publish(account, credential) if wanted else "not_asked"


def update(access: Access, credential: Credential, payload: dict[str, Any]) -> Credential:
    """The credential with what ``payload`` holds changed. Raises UnknownGroup and InvalidCredential."""
    account = access.account
    problems: list[tuple[str, str]] = []
    values = read_credential(payload, problems)
    wanted = values.pop("approve", None)
    if "group_id" in payload:
        values["group"] = _group(access, payload["group_id"])
    if "recipient" in payload:
        values["recipient"] = read_recipient(payload["recipient"], credential.recipient, problems)
    if "id" in payload:
        values["license_id"] = _own_id(payload["id"], problems)
    values["issued_on"] = values.get("issued_on") or credential.issued_on
    changed = replace(credential, **values, updated_at=clock.later_than(credential.updated_at))
    _check(account, changed, problems)
    account.credential_by_id[changed.id] = changed
    if wanted:
        _publish(account, changed)
    elif wanted is False:
        changed.published_on = None
    return changed


def attach(account: Account, credential: Credential, item: dict[str, Any]) -> dict[str, Any]:
    """Add an evidence item to a credential; gives it its id and position."""
    entry = {"id": account.ids.take("evidence_item"), **item, "position": len(credential.evidence_items)}
    credential.evidence_items.append(entry)
    return entry


def _end_of_validity(group: Group, issued_on: str) -> str | None:
    """As many years after that day as the group's ``auto_expiry`` says; it is ignored unless it is more than 0."""
    years = group.data.get("auto_expiry")
    if not isinstance(years, int | float) or years <= 0:
        return None
    issued = date.fromisoformat(issued_on)
    try:
        return issued.replace(year=issued.year + int(years)).isoformat()
    except ValueError:  # the leap day of a year that has none
        return issued.replace(year=issued.year + int(years), day=28).isoformat()


def _publish(account: Account, credential: Credential) -> Unpublished | None:
    if credential.approve:
        return None
    if account.sandbox_mode:
        return "sandbox_mode"
    if credential.group.design_id is None:
        return "no_design"
    today = clock.today()
    charge = (credential.recipient["email"].lower(), today[:4])
    if charge not in account.charged:
        if account.credits < 1:
            return "insufficient_credits"
        account.credits -= 1
        account.charged.add(charge)
    credential.published_on = today
    return None


def _check(account: Account, credential: Credential, problems: list[tuple[str, str]]) -> None:
    if not credential.title:
        problems.append(("name", BLANK))
    if not (credential.description or credential.group.data.get("course_description")):
        problems.append(("description", BLANK))
    email = (credential.recipient.get("email") or "").lower()
    if not credential.group.allow_duplicates and any(
        found.id != credential.id and found.group is credential.group and found.recipient["email"].lower() == email
        for found in account.credential_by_id.values()
    ):
        problems.append(("recipient.email", _TAKEN))
    if problems:
        raise InvalidCredential(problems)


def _group(access: Access, reference: Any) -> Group:
    group = access.group(as_id(reference))
    if group is None:
        raise UnknownGroup
    return group


def _own_id(value: Any, problems: list[tuple[str, str]]) -> str | None:
    try:
        return text(value)
    except ValueError as error:
        problems.append(("id", str(error)))
        return None


def _evidence_items(value: Any, problems: list[tuple[str, str]]) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        problems.append(("evidence_items", "is not a list"))
        return []
    try:
        return [read_evidence(item) for item in value]
    except InvalidCredential as error:
        problems.extend((f"evidence_items.{name}", message) for name, message in error.problems)
        return []
