"""A proxy in front of a server, which can take the server away."""

from __future__ import annotations

import contextlib
import socket
from threading import Lock, Thread


class Proxy:
    """Passes on what comes to ``port``; while it is ``away``, connections are cut."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._is_away = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def cut(self, *, away: bool) -> None:
        """Close all connections; ``away``: and those that come, until this is called with False."""
        with self._lock:
            self._is_away = away
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def end(self) -> None:
        """Stop."""
        self._listener.close()
        self.cut(away=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                with self._lock:
                    if self._is_away:
                        client.close()
                        continue
                    server = socket.create_connection(self._target)
                    self._open |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        # The other thread closes the other end.
        with source:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)
