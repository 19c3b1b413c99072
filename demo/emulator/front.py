"""What every request passes before it reaches the application: environment, record, rate limit, faults."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from demo.emulator import reading, refusals
from demo.emulator.account import DEFAULT_ENVIRONMENT, ENVIRONMENT_NAME, World
from demo.emulator.effects import Effects
from demo.emulator.records import Recorded

CONTROL = "/_emulator"
ENVIRONMENT_KEY = "emulator.environment"
_ENVIRONMENT_PREFIX = re.compile(f"/env/({ENVIRONMENT_NAME})(?=/|$)")


class Front:
    """A WSGI application around ``app``. Requests are worked on one at a time; they wait side by side."""

    def __init__(self, app: Any, world: World) -> None:
        self._app = app
        self._world = world

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(CONTROL):
            return self._work(environ)(environ, start_response)
        environ[ENVIRONMENT_KEY] = _take_environment(environ)
        record = _record(environ)
        with self._world.lock:
            self._world.requests.append(record)
            limit = self._world.rate_limit if record.path.startswith(("/v1/", "/v2/")) else None
            exceeded = limit if limit and limit.refuses(record.environment, environ.get("REMOTE_ADDR", "")) else None
            fault = None if exceeded else self._world.faults.met_by(record)
        try:
            if exceeded:
                response = refusals.too_many(exceeded.seconds_to_wait())
            elif fault:
                record.fault = fault.kind
                effects = Effects(environ["werkzeug.socket"], self._world.stopping)
                requests = self._world.requests
                response = effects.apply(fault, lambda: self._work(environ, requests))
            else:
                response = self._work(environ)
        except ConnectionError:
            record.finish(None)
            raise
        record.finish(response.status_code)
        return response(environ, start_response)

    def _work(self, environ: dict[str, Any], requests: object = None) -> Response:
        with self._world.lock:
            if requests is not None and requests is not self._world.requests:  # everything was forgotten since
                raise ConnectionAbortedError
            return Response.from_app(self._app, environ, buffered=True)


def _take_environment(environ: dict[str, Any]) -> str:
    """Move the prefix of an environment from the path to the script name, as for a mounted application."""
    found = _ENVIRONMENT_PREFIX.match(environ["PATH_INFO"])
    if not found:
        return DEFAULT_ENVIRONMENT
    environ["SCRIPT_NAME"] += found[0]
    environ["PATH_INFO"] = environ["PATH_INFO"][found.end() :]
    return found[1]


def _record(environ: dict[str, Any]) -> Recorded:
    request = Request(environ)
    data = request.get_data()
    environ["wsgi.input"] = io.BytesIO(data)
    try:
        json = reading.parse_json(data)
    except ValueError:
        json = None
    return Recorded(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        environment=environ[ENVIRONMENT_KEY],
        headers=dict(request.headers),
        body=data.decode(errors="replace"),
        json=json,
    )
