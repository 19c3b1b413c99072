"""Groups and designs: what is issued, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from demo.emulator import clock

DESIGN_KEYS = ("primary_design_id", "badge_design_id", "certificate_design_id", "design_id")

Picture = Literal["plain", "signed", "redirect", "absent"]

# Longer than a column of 255 characters, as the signatures of object stores are.
_SIGNATURE = "X-Emulated-Signature=" + "0123456789abcdef" * 40


@dataclass(eq=False)
class Group:
    """A group: ``data`` as the API shows it, whatever that lacks, and the setting that the API does not show."""

    id: int
    data: dict[str, Any]
    allow_duplicates: bool = False

    @property
    def design_id(self) -> int | None:
        """The design its credentials are shown with; None where there is nothing to show."""
        return next((self.data[key] for key in DESIGN_KEYS if self.data.get(key)), None)


@dataclass(eq=False)
class Design:
    """A design: ``data`` as the API shows it, and which kind of address its picture has."""

    id: int
    data: dict[str, Any]
    picture: Picture = "plain"

    def reply(self, base: str) -> dict[str, Any]:
        """The design as the API shows it; ``base`` is the address of the environment."""
        if "rasterized_content_url" in self.data:
            return self.data
        address = {
            "plain": f"{base}/designs/{self.id}.png",
            "signed": f"{base}/designs/{self.id}.png?{_SIGNATURE}",
            "redirect": f"{base}/designs/{self.id}/rasterized",
        }.get(self.picture)
        return self.data if address is None else {**self.data, "rasterized_content_url": address}


def group_data(number: int, name: Any, department_id: Any) -> dict[str, Any]:
    """What a group shows where nothing else is said."""
    now = clock.now()
    return {
        "id": number,
        "name": name,
        "course_name": name,
        "course_description": f"What learners achieve in {name}.",
        "course_link": f"https://example.org/courses/{number}",
        "language": "en",
        "learning_outcomes": None,
        "attach_pdf": False,
        "design_name": "",
        **dict.fromkeys(DESIGN_KEYS),
        "department_id": department_id,
        "meta_data": None,
        "blockchain": False,
        "generate_private_credential": False,
        "auto_expiry": None,
        "signup_url_show": False,
        "signup_url": None,
        "course_link_show": True,
        "organization_link_show": True,
        "skill_category": None,
        "achievement_type": None,
        "collections": [],
        "created_at": now,
        "updated_at": now,
    }


def design_data(number: int, department_id: Any) -> dict[str, Any]:
    """What a design shows where nothing else is said."""
    return {
        "id": number,
        "name": f"Design {number}",
        "kind": "badge",
        "department_id": department_id,
        "updated_at": clock.now(),
    }
