"""What an API key sees of its account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from demo.emulator.account import Account
from demo.emulator.catalogue import Design, Group
from demo.emulator.credential import Credential


@dataclass(frozen=True)
class Access:
    """All of ``account``, or one department of it. What a key does not see does not exist for it."""

    account: Account
    department_id: int | None = None

    def sees(self, data: dict[str, Any]) -> bool:
        """Whether ``data`` belongs to a department that this key opens."""
        return self.department_id is None or data.get("department_id") == self.department_id

    def groups(self) -> list[Group]:
        """The groups, by id."""
        return [group for _, group in sorted(self.account.group_by_id.items()) if self.sees(group.data)]

    def designs(self) -> list[Design]:
        """The designs, by id."""
        return [design for _, design in sorted(self.account.design_by_id.items()) if self.sees(design.data)]

    def credentials(self) -> list[Credential]:
        """The credentials, by id."""
        return [found for found in self.account.credential_by_id.values() if self.sees(found.group.data)]

    def group(self, group_id: int | None) -> Group | None:
        """The group of that id."""
        found = self.account.group_by_id.get(group_id or 0)
        return found if found and self.sees(found.data) else None

    def design(self, design_id: int | None) -> Design | None:
        """The design of that id."""
        found = self.account.design_by_id.get(design_id or 0)
        return found if found and self.sees(found.data) else None

    def credential(self, reference: str) -> Credential | None:
        """The credential of that id, else the first one with that own id of the issuer's."""
        seen = self.credentials()
        by_id = (found for found in seen if str(found.id) == reference)
        by_own_id = (found for found in seen if found.license_id == reference)
        return next(by_id, None) or next(by_own_id, None)
