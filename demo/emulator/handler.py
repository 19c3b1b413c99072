"""HTTP on one connection, which is kept for the next request.

Werkzeug's own handler closes the connection after each reply; clients with a pool would never meet a reused one.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from typing import Any

from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

LARGEST_BODY = 16 * 1024 * 1024


class Connections:
    """The open connections of a server, each with the thread that serves it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._closed = False

    def add(self, connection: socket.socket) -> None:
        """Note ``connection`` for the thread that calls; one that comes too late is shut at once."""
        with self._lock:
            self._open[connection] = threading.current_thread()
            if self._closed:
                _shut(connection)

    def discard(self, connection: socket.socket) -> None:
        """Forget ``connection``: its thread is done."""
        with self._lock:
            self._open.pop(connection, None)

    def close(self, patience: float) -> None:
        """Shut all connections, and wait up to ``patience`` seconds for their threads to end."""
        with self._lock:
            self._closed = True
            threads = list(self._open.values())
            for connection in self._open:
                _shut(connection)
        end = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # Gone already.
        connection.shutdown(socket.SHUT_RDWR)


def handler_for(connections: Connections) -> type[WSGIRequestHandler]:
    """The handler of a server whose connections are noted in ``connections``."""

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out in two packets; with Nagle's algorithm the second waits for the client.
        disable_nagle_algorithm = True

        def setup(self) -> None:
            connections.add(self.request)
            super().setup()

        def finish(self) -> None:
            try:
                super().finish()
            finally:
                connections.discard(self.request)

        def log(self, type: str, message: str, *args: Any) -> None:
            """Say nothing: the requests are recorded."""

        def run_wsgi(self) -> None:
            try:
                environ = self.make_environ()
                if not self._read_body(environ):
                    return
                self._send(*run_wsgi_app(self.server.app, environ))
            except ConnectionError:
                self.close_connection = True

        def _read_body(self, environ: dict[str, Any]) -> bool:
            """Read the body whole, so that the next request starts where it ends; False where it was refused."""
            try:
                if environ.get("wsgi.input_terminated"):
                    body = io.BufferedReader(environ["wsgi.input"]).read(LARGEST_BODY + 1)
                else:
                    length = int(environ.get("CONTENT_LENGTH") or 0)
                    body = self.rfile.read(min(length, LARGEST_BODY + 1)) if length > 0 else b""
            except (ValueError, OSError):
                self.send_error(400)
                return False
            if len(body) > LARGEST_BODY:
                self.send_error(413)
                return False
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("wsgi.input_terminated", None)
            return True

        def _send(self, chunks: Any, status: str, headers: Any) -> None:
            code, _, phrase = status.partition(" ")
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            length = headers.get("Content-Length", type=int)
            if length is None and code not in {"204", "304"}:
                self.close_connection = True
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            sent = 0
            for chunk in chunks:
                self.wfile.write(chunk)
                sent += len(chunk)
            if length is not None and sent < length and self.command != "HEAD":
                # A length that promises too much, told on purpose: the client must not wait for the rest.
                self.close_connection = True

    return Handler
