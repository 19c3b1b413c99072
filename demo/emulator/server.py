"""The emulator as a server in a thread, with a Python interface for tests and stories."""

from __future__ import annotations

import ipaddress
import socket
import threading
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import make_server

from demo.emulator.account import DEFAULT_CREDITS, DEFAULT_ENVIRONMENT, Account, World
from demo.emulator.app import create_app
from demo.emulator.faults import Fault
from demo.emulator.handler import Connections, handler_for
from demo.emulator.rate import DOCUMENTED_WINDOW, RateLimit
from demo.emulator.records import Recorded
from demo.emulator.seed import seed as fill

_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 0.5


class Emulator:
    """An Accredible emulator on a loopback address; a context manager.

    ``world`` outlives the server: stopped and started again, it has the same address and the same content.
    ValueError for an address that other machines could reach, since anybody who reaches it controls it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        if not _is_loopback(host):
            raise ValueError(f"The emulator serves loopback addresses only, and {host} is none.")
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None
        self.world = World()

    def start(self) -> None:
        """Serve; OSError where the address is in use. Does nothing when it serves already."""
        if self._thread:
            return
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.create_server((self._host, self._port), family=family, backlog=128) as listening:
            self._port = listening.getsockname()[1]
            self._connections = Connections()
            self._server = make_server(
                self._host,
                self._port,
                create_app(self.world),
                threaded=True,
                request_handler=handler_for(self._connections),
                fd=listening.fileno(),
            )
        host = f"[{self._host}]" if family == socket.AF_INET6 else self._host
        self.world.url = f"http://{host}:{self._port}"
        self.world.stopping.clear()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name="accredible-emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, within a second, whatever is being waited for."""
        if not self._thread:
            return
        self.world.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._connections.close(_PATIENCE_SECONDS)
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the default environment, as ``http://127.0.0.1:8901``: API, dashboard and pages."""
        return self.url_of(DEFAULT_ENVIRONMENT)

    def url_of(self, environment: str) -> str:
        """The address of an environment."""
        return self.world.url + self.world.path_of(environment)

    def add_account(
        self,
        *,
        key: str,
        environment: str = DEFAULT_ENVIRONMENT,
        department_id: int | None = None,
        seed: int = 0,
        credits: int = DEFAULT_CREDITS,
        sandbox_mode: bool = False,
    ) -> Account:
        """A new account with ``seed`` groups; ``department_id`` makes ``key`` open that department only.

        ``credits``: how many recipients can be published. ValueError for a key in use in that environment.
        """
        account = self.world.environment(environment).add_account(
            key, department_id, credits=credits, sandbox_mode=sandbox_mode
        )
        if seed:
            fill(account, seed)
        return account

    def fault(self, kind: str, **options: Any) -> Fault:
        """Let something go wrong, see Fault; its ``hits`` tell how often it did. ValueError for what is no fault."""
        fault = Fault.model_validate({"kind": kind, **options})
        with self.world.lock:
            self.world.faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Let everything go well again."""
        with self.world.lock:
            self.world.faults.clear()

    def rate_limit(self, limit: int | None, window: float = DOCUMENTED_WINDOW, *, retry_after: bool = True) -> None:
        """Allow ``limit`` requests per ``window`` seconds, or any number: None."""
        with self.world.lock:
            self.world.rate_limit = None if limit is None else RateLimit(limit, window, retry_after)

    @property
    def requests(self) -> list[Recorded]:
        """Every request since the start or the last reset, oldest first."""
        with self.world.lock:
            return list(self.world.requests)

    def reset(self) -> None:
        """Forget everything, accounts included."""
        self.world.clear()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
