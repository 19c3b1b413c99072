"""What a fault does to a request: to its connection, its time and its reply."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from threading import Event, Timer
from typing import Any

from werkzeug.wrappers import Response

from demo.emulator import replies
from demo.emulator.faults import Fault
from demo.emulator.refusals import by_status

_GLANCE = 0.05
_MIXED: dict[str, Callable[[list[Any]], list[Any]]] = {
    "reversed": lambda listed: listed[::-1],
    "repeated": lambda listed: [listed[0], listed[0], *listed[2:]],
    "missing": lambda listed: listed[1:],
}


class Cut(ConnectionAbortedError):
    """The connection is gone on purpose; the server has nothing more to send on it."""


class Effects:
    """Carries out faults on one connection. ``stopping`` ends every wait."""

    def __init__(self, connection: socket.socket, stopping: Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def apply(self, fault: Fault, work: Callable[[], Response]) -> Response:
        """The reply under ``fault``; ``work`` does what was asked for. Cut is raised where there is none."""
        match fault.kind:
            case "status":
                return by_status(fault.status or 500, fault.retry_after)
            case "reply":
                return _reply(fault)
            case "html":
                return replies.proxy_page(fault.status or 200)
            case "cut_before" | "hang":
                self._wait(fault.seconds or 0)
                raise self._cut(fault)
            case "late" | "cut_late":
                return self._late(fault, work)
        response = work()
        match fault.kind:
            case "cut_after":
                raise self._cut(fault)
            case "slow":
                self._wait(fault.seconds or 0)
            case "drip":
                response = self._dripping(response, fault.seconds or 0)
            case "empty":
                response.set_data(b"")
            case "old_words":
                _say_in_old_words(response)
            case "broken_json":
                response.set_data(response.get_data()[: len(response.get_data()) // 2])
            case kind:
                _spoil(response, kind)
        return response

    def _late(self, fault: Fault, work: Callable[[], Response]) -> Response:
        made: list[Response] = []

        def work_late() -> None:
            with contextlib.suppress(ConnectionError):  # Everything was forgotten meanwhile.
                made.append(work())

        worker = Timer(fault.seconds or 0, work_late)
        worker.daemon = True
        worker.start()
        if fault.kind == "cut_late":
            raise self._cut(fault)
        self._wait(fault.seconds or 0)
        worker.join()
        return made[0]

    def _cut(self, fault: Fault) -> Cut:
        with contextlib.suppress(OSError):  # The client may have been quicker.
            if fault.how == "rst":
                # Closed at once and without lingering, a connection ends with RST. The handler still holds files on
                # the socket, which would keep a plain close() waiting.
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self._connection.detach())
            else:
                self._connection.shutdown(socket.SHUT_RDWR)
        return Cut()

    def _wait(self, seconds: float) -> None:
        """Wait, but no longer than the client and the server do; Cut is raised where one of them is gone."""
        left = seconds
        while left > 0:
            if self._stopping.wait(min(left, _GLANCE)):
                raise Cut
            left -= _GLANCE
            with contextlib.suppress(BlockingIOError):
                if not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    raise Cut

    def _dripping(self, response: Response, seconds: float) -> Response:
        data = response.get_data()

        def drops() -> Iterator[bytes]:
            for position in range(len(data)):
                self._wait(seconds)
                yield data[position : position + 1]

        dripping = Response(drops(), response.status, response.headers)
        dripping.content_length = len(data)
        return dripping


def _reply(fault: Fault) -> Response:
    if isinstance(fault.body, str):
        response = replies.page(fault.body, fault.status or 200)
    else:
        response = replies.json_reply(fault.body, fault.status or 200)
    response.headers.update(fault.headers)
    return response


def _say_in_old_words(response: Response) -> None:
    """Change the objections of a reply to many to the words of older texts; any other reply stays as it is."""
    reply = json.loads(response.get_data()) if response.is_json else {}
    for result in reply.get("results", ()):
        if "errors" in result:
            said = result.pop("errors")
            details = [{"property": one["property"], "reason": one["message"]} for one in said.get("details", ())]
            result["error"] = {"code": said["code"], "reason": said["message"], "details": details}
    if "results" in reply:
        response.set_data(json.dumps(reply, ensure_ascii=False))


def _mix_up(response: Response, kind: str) -> None:
    """Change what a reply lists: results, or credentials; any other reply stays as it is."""
    reply = json.loads(response.get_data()) if response.is_json else {}
    for name in ("results", "credentials"):
        listed = reply.get(name)
        if listed:
            reply[name] = _MIXED[kind](listed)
            response.set_data(json.dumps(reply, ensure_ascii=False))


def _spoil(response: Response, kind: str) -> None:
    """Change a good JSON reply; any other stays as it is."""
    if kind in _MIXED:
        _mix_up(response, kind)
    elif response.status_code == 200 and response.is_json:
        response.set_data(json.dumps(_spoilt(json.loads(response.get_data()), kind), ensure_ascii=False))


def _spoilt(reply: dict[str, Any], kind: str) -> dict[str, Any]:
    meta = {"meta": reply["meta"]} if "meta" in reply else {}
    content = {name: value for name, value in reply.items() if name != "meta"}
    if kind == "no_groups":
        return meta
    if kind == "no_meta":
        return content
    if kind == "half_page":
        return {name: _half(value) for name, value in content.items()} | meta
    if kind == "shifted":
        return {name: _shifted(value) for name, value in content.items()} | meta
    if meta:
        meta["meta"] = {**meta["meta"], "next_page": None, "prev_page": None, "total_pages": 0, "total_count": 0}
    return {name: type(value)() for name, value in content.items()} | meta


def _shifted(value: Any) -> Any:
    """What a list shows after something before it was deleted, and something was added at the end."""
    if not value or not isinstance(value, list):
        return value
    return [*value[1:], {**value[-1], "id": value[-1]["id"] + 1_000_000}]


def _half(value: Any) -> Any:
    """The first half of a list; of a single object, the first half of its keys."""
    if isinstance(value, dict):
        return dict(list(value.items())[: len(value) // 2])
    return value[: len(value) // 2]
