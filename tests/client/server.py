"""A server that says on a socket exactly what a test wants, well-formed or not, and records what it was sent."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

CLOSE = object()  # ends the connection

# Bytes are sent, numbers are seconds of silence.
Script = Iterable[Any]


class Request:
    """A request as it came over the wire."""

    def __init__(self, connection: int, line: str, headers: dict[str, str], body: bytes) -> None:
        self.connection = connection
        self.line = line
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """Answers each request with what ``script`` makes of it; a context manager."""

    def __init__(self, script: Callable[[Request], Script], context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.script = script
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with server.lock:
                    server.connections += 1
                    number = server.connections
                while (request := read(self.rfile, number)) and server.play(request, self.wfile):
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def get_request(self) -> Any:
                connection, address = super().get_request()
                # The handshake is made in the connection's own thread, with its first read.
                wrapped = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                return wrapped, address

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is what many tests are about."""

        if context is None:
            del Listener.get_request
        self.lock = threading.Lock()
        self._listener = Listener(("127.0.0.1", 0), Handler)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()

    def play(self, request: Request, out: Any) -> bool:
        """Answer; whether the connection stays open."""
        with self.lock:
            self.requests.append(request)
        for part in self.script(request):
            if part is CLOSE:
                return False
            if isinstance(part, bytes):
                out.write(part)
            elif self.stopping.wait(part):
                return False
        return True


def read(stream: Any, connection: int) -> Request | None:
    """The next request; None where there is none."""
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers = {}
    while header := stream.readline().decode("latin-1").strip():
        name, _colon, value = header.partition(": ")
        headers[name] = value
    return Request(connection, line, headers, stream.read(int(headers.get("Content-Length", 0))))


def reply(content: Any = None, *, status: str = "200 OK", body: bytes | None = None, **headers: str) -> bytes:
    """A whole reply, with ``content`` as JSON or ``body`` as it is."""
    body = json.dumps(content).encode() if body is None else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
