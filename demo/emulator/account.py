"""Everything one emulator knows: environments, their accounts with all that is in them, and what each API key opens."""

from __future__ import annotations

import copy
import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from demo.emulator import catalogue, clock
from demo.emulator.catalogue import Design, Group, Picture
from demo.emulator.credential import Credential
from demo.emulator.faults import Faults
from demo.emulator.ids import Ids
from demo.emulator.rate import RateLimit
from demo.emulator.records import Recorded

DEFAULT_ENVIRONMENT = "emulator"
ENVIRONMENT_NAME = "[a-z0-9_-]{1,32}"
DEFAULT_CREDITS = 10_000
_RECORDS_KEPT = 50_000


class World:
    """The state of an emulator. What reads or changes it holds ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        # Where the emulator is reached, as http://127.0.0.1:8901; its server fills this in.
        self.url = ""
        self.clear()

    def clear(self) -> None:
        """Forget everything: accounts, faults, the rate limit, the record."""
        with self.lock:
            self.environments: dict[str, Environment] = {}
            self.faults = Faults()
            self.rate_limit: RateLimit | None = None
            self.requests: deque[Recorded] = deque(maxlen=_RECORDS_KEPT)

    def empty(self) -> None:
        """As clear, but accounts stay, with their keys and without content."""
        with self.lock:
            environments = self.environments
            self.clear()
            self.environments = environments
            for environment in environments.values():
                environment.ids.restart()
                for account in environment.accounts:
                    account.empty()

    def environment(self, name: str) -> Environment:
        """The environment of that name, made if need be; ValueError for what cannot be a name."""
        if not re.fullmatch(ENVIRONMENT_NAME, name):
            raise ValueError("The name of an environment is 1 to 32 of the characters a-z, 0-9, _ and -.")
        with self.lock:
            if name not in self.environments:
                self.environments[name] = Environment(name, self)
            return self.environments[name]

    def path_of(self, environment: str) -> str:
        """What precedes ``/v1`` in the paths of an environment."""
        return "" if environment == DEFAULT_ENVIRONMENT else f"/env/{environment}"


class Environment:
    """An environment of Accredible's: accounts and ids of its own."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.lock = world.lock
        self.ids = Ids()
        self.accounts: list[Account] = []
        self._world = world

    @property
    def url(self) -> str:
        """The address of its API, its dashboard and its pages."""
        return self._world.url + self._world.path_of(self.name)

    def add_account(
        self, key: str, department_id: int | None, *, credits: int = DEFAULT_CREDITS, sandbox_mode: bool = False
    ) -> Account:
        """A new account that ``key`` opens, or of which ``key`` opens one department; ValueError for a used key."""
        with self.lock:
            self.ids.take_key(key)
            account = Account(
                environment=self,
                departments=[self.ids.take("department") if department_id is None else department_id],
                initial_credits=credits,
                sandbox_mode=sandbox_mode,
                keys={key: department_id},
            )
            self.accounts.append(account)
            return account

    def access(self, key: str) -> Access | None:
        """What ``key`` opens here; None for an unknown key."""
        for account in self.accounts:
            if key in account.keys:
                return Access(account, account.keys[key])
        return None

    def credential(self, reference: str) -> Credential | None:
        """The credential of any account that a public address names: by its public name, its id or its own id."""
        for account in self.accounts:
            for found in account.credential_by_id.values():
                if reference in {found.encoded_id, str(found.id), found.license_id}:
                    return found
        return None


@dataclass(eq=False)
class Account:
    """An issuer's account. The public methods are for tests and stories and hand out copies."""

    environment: Environment
    departments: list[int]
    keys: dict[str, int | None]
    initial_credits: int = DEFAULT_CREDITS
    sandbox_mode: bool = False
    name: str = "Emulated University"
    id: int = field(init=False)

    def __post_init__(self) -> None:
        self.lock = self.environment.lock
        self.ids = self.environment.ids
        self.id = self.ids.take("issuer")
        self.empty()

    def empty(self) -> None:
        """Forget everything but the keys and the departments."""
        self.group_by_id: dict[int, Group] = {}
        self.design_by_id: dict[int, Design] = {}
        self.credential_by_id: dict[int, Credential] = {}
        self.attribute_keys: list[dict[str, Any]] = []
        self.credits = self.initial_credits
        # Accredible charges a recipient once a year, however many credentials they get.
        self.charged: set[tuple[str, str]] = set()

    @property
    def issuer(self) -> dict[str, Any]:
        """The issuer as credentials name it."""
        return {"id": self.id, "name": self.name, "description": None, "url": "https://example.org"}

    def add_key(self, key: str, department_id: int | None = None) -> None:
        """Let ``key`` open the account, or one department of it; ValueError where the environment has that key."""
        with self.lock:
            self.ids.take_key(key)
            self._know_department(department_id)
            self.keys[key] = department_id

    def add_departments(self, wanted: int) -> None:
        """Have at least ``wanted`` departments."""
        with self.lock:
            while len(self.departments) < wanted:
                self.departments.append(self.ids.take("department"))

    def groups(self) -> list[dict[str, Any]]:
        """All groups, by id."""
        with self.lock:
            return [copy.deepcopy(group.data) for _, group in sorted(self.group_by_id.items())]

    def designs(self) -> list[dict[str, Any]]:
        """All designs, by id."""
        with self.lock:
            return [
                copy.deepcopy(design.reply(self.environment.url)) for _, design in sorted(self.design_by_id.items())
            ]

    def credentials(self) -> list[dict[str, Any]]:
        """All credentials, by id, as a search of the second version shows them."""
        with self.lock:
            return [copy.deepcopy(found.search_item(self.environment.url)) for found in self.credential_by_id.values()]

    def add_group(
        self, /, *, allow_duplicates: bool = False, without: Iterable[str] = (), **fields: Any
    ) -> dict[str, Any]:
        """A new group with ``fields`` over the defaults, less the keys in ``without``.

        Where no design id is given it gets the department's first badge design, made if need be; name one, be it
        None, to have it your way. ValueError for an ``id`` that is in use or no positive int.
        """
        with self.lock:
            department_id = fields.get("department_id", self.departments[0])
            self._know_department(department_id)
            number = self.ids.take("group", fields.get("id"))
            data = catalogue.group_data(number, fields.get("name", f"group-{number}"), department_id)
            if not fields.keys() & set(catalogue.DESIGN_KEYS):
                design = self._badge_design_of(department_id)
                data |= dict.fromkeys(("primary_design_id", "badge_design_id", "design_id"), design["id"])
                data["design_name"] = design["name"]
            if "created_at" in fields:
                data["updated_at"] = fields["created_at"]
            data |= copy.deepcopy(fields) | {"id": number}
            for key in without:
                data.pop(key, None)
            self.group_by_id[number] = Group(number, data, allow_duplicates)
            return copy.deepcopy(data)

    def update_group(
        self,
        group_id: int,
        /,
        *,
        allow_duplicates: bool | None = None,
        without: Iterable[str] = (),
        **fields: Any,
    ) -> dict[str, Any]:
        """Change a group's ``fields``, take the keys in ``without`` away; KeyError where there is no such group."""
        with self.lock:
            group = self.group_by_id[group_id]
            if fields.get("id", group_id) != group_id:
                raise ValueError("The id of a group does not change.")
            if "department_id" in fields:
                self._know_department(fields["department_id"])
            if allow_duplicates is not None:
                group.allow_duplicates = allow_duplicates
            group.data |= {"updated_at": clock.later_than(group.data.get("updated_at"))} | copy.deepcopy(fields)
            for key in without:
                group.data.pop(key, None)
            return copy.deepcopy(group.data)

    def remove_group(self, group_id: int) -> None:
        """Delete a group; its credentials stay. KeyError where there is no such group."""
        with self.lock:
            del self.group_by_id[group_id]
            self.ids.release("group", group_id)

    def add_design(self, /, *, picture: Picture = "plain", **fields: Any) -> dict[str, Any]:
        """A new design with ``fields`` over the defaults.

        ``picture``: its address is short (plain), signed and far longer than 255 characters, one that redirects, or
        absent. A ``rasterized_content_url`` among the fields goes out as it is.
        """
        with self.lock:
            department_id = fields.get("department_id", self.departments[0])
            self._know_department(department_id)
            number = self.ids.take("design", fields.get("id"))
            data = catalogue.design_data(number, department_id) | copy.deepcopy(fields) | {"id": number}
            design = self.design_by_id[number] = Design(number, data, picture)
            return copy.deepcopy(design.reply(self.environment.url))

    def remove_design(self, design_id: int) -> None:
        """Delete a design; groups go on naming it. KeyError where there is no such design."""
        with self.lock:
            del self.design_by_id[design_id]
            self.ids.release("design", design_id)

    def add_attribute_key(self, name: str, kind: str = "text", department_id: int | None = None) -> dict[str, Any]:
        """A new name for custom attributes."""
        with self.lock:
            entry = {
                "id": self.ids.take("attribute_key"),
                "name": name,
                "kind": kind,
                "department_id": department_id or self.departments[0],
            }
            self.attribute_keys.append(entry)
            return dict(entry)

    def _badge_design_of(self, department_id: int) -> dict[str, Any]:
        for design in self.design_by_id.values():
            if design.data["department_id"] == department_id and design.data["kind"] == "badge":
                return design.data
        return self.add_design(department_id=department_id)

    def _know_department(self, department_id: int | None) -> None:
        if department_id is not None and department_id not in self.departments:
            self.departments.append(department_id)


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
        groups = self.account.group_by_id
        every = [groups[number] for number in sorted(groups)]
        return every if self.department_id is None else [group for group in every if self.sees(group.data)]

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
