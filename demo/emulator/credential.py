"""An issued credential, in the three shapes in which the API shows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from demo.emulator import clock
from demo.emulator.catalogue import Group


@dataclass(eq=False)
class Credential:
    """A credential. It keeps its group, also when the group is deleted."""

    id: int
    environment: str
    issuer: dict[str, Any]
    group: Group
    recipient: dict[str, Any]
    license_id: str | None = None
    name: str | None = None
    description: str | None = None
    issued_on: str = field(default_factory=clock.today)
    expired_on: str | None = None
    published_on: str | None = None
    complete: bool = True
    private: bool = False
    custom_attributes: dict[str, Any] | None = None
    meta_data: dict[str, Any] | None = None
    evidence_items: list[dict[str, Any]] = field(default_factory=list)
    created_at: str = field(default_factory=clock.now)
    updated_at: str = field(default_factory=clock.now)

    @property
    def approve(self) -> bool:
        """Whether it is published."""
        return self.published_on is not None

    @property
    def title(self) -> str | None:
        """What it is called: its own name, else its group's title."""
        return self.name or self.group.data.get("course_name")

    @property
    def is_expired(self) -> bool:
        """Whether its day has come."""
        return self.expired_on is not None and self.expired_on <= clock.today()

    @property
    def uuid(self) -> str:
        """The same whenever the same credential is made again."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.environment}:{self.id}"))

    @property
    def encoded_id(self) -> str:
        """The name it has in public addresses."""
        return "c" + self.uuid[:8]

    def reply(self, base: str) -> dict[str, Any]:
        """What creating, viewing, changing and deleting answer: the id is a text. ``base``: the environment's URL."""
        return {
            "id": str(self.id),
            "uuid": self.uuid,
            **self._common(base),
            "group_id": self.group.id,
            "encoded_id": self.encoded_id,
            "private": self.private,
            "seo_image": self.picture(base),
            "certificate": {"image": {"preview": self.picture(base)}},
            "badge": {"image": {"preview": self.picture(base)}},
        }

    def bulk_reply(self, base: str) -> dict[str, Any]:
        """What creating many answers: the id is a number, and less is told."""
        issuer = {name: value for name, value in self.issuer.items() if name != "id"}
        return {"id": self.id, **self._common(base), "issuer": issuer}

    def search_item(self, base: str) -> dict[str, Any]:
        """What a search of the second version answers: flat, the id a number, no ``url``."""
        group = self.group.data
        return {
            "id": self.id,
            "uuid": self.uuid,
            "encoded_id": self.encoded_id,
            "license_id": self.license_id,
            "name": self.title,
            "approve": self.approve,
            "grade": None,
            "private": self.private,
            "issued_on": self.issued_on,
            "expired_on": self.expired_on,
            "published_on": self.published_on,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "recipient_name": self.recipient["name"],
            "recipient_email": self.recipient["email"],
            "recipient_id": self.recipient["id"],
            "recipient_meta_data": self.recipient["meta_data"] or {},
            "recipient_opened": False,
            "recipient_engaged": False,
            "issuer_id": self.issuer["id"],
            "seo_image": self.picture(base),
            "custom_attributes": self.custom_attributes or {},
            "meta_data": self.meta_data or {},
            "group": {
                "id": self.group.id,
                "name": group.get("name"),
                "course_name": group.get("course_name"),
                "badge_design_id": group.get("badge_design_id"),
                "certificate_design_id": group.get("certificate_design_id"),
            },
        }

    def _common(self, base: str) -> dict[str, Any]:
        group = self.group.data
        return {
            "name": self.title,
            "description": self.description or group.get("course_description"),
            "approve": self.approve,
            "grade": None,
            "complete": self.complete,
            "issued_on": self.issued_on,
            "expired_on": self.expired_on,
            "course_link": group.get("course_link"),
            "custom_attributes": self.custom_attributes,
            "group_name": group.get("name"),
            "url": f"{base}/credentials/{self.encoded_id}",
            "evidence_items": self.evidence_items,
            "references": [],
            "recipient": self.recipient,
            "issuer": self.issuer,
            "meta_data": self.meta_data,
        }

    def picture(self, base: str) -> str | None:
        """The address of what it looks like; None where its group has no design."""
        return f"{base}/designs/{self.group.design_id}.png" if self.group.design_id else None
