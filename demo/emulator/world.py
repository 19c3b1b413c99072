"""Everything one emulator knows: environments and their accounts, faults, the rate limit, the record of requests."""

from __future__ import annotations

import re
import threading
from collections import deque

from demo.emulator.access import Access
from demo.emulator.account import DEFAULT_CREDITS, Account
from demo.emulator.credential import Credential
from demo.emulator.faults import Faults
from demo.emulator.ids import Ids
from demo.emulator.rate import RateLimit
from demo.emulator.records import Recorded

DEFAULT_ENVIRONMENT = "emulator"
ENVIRONMENT_NAME = "[a-z0-9_-]{1,32}"
_RECORDS_KEPT = 50_000


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


class World:
    """The state of an emulator. Whoever reads or changes it holds ``lock``."""

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
