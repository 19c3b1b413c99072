"""Interruptions that strike at every line, and what error reports show of them: a worker's time limit, Ctrl+C."""

from __future__ import annotations

import base64
import html
import logging
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from types import FrameType, TracebackType
from typing import Any
from urllib.parse import quote

PACKAGE = "/credentials_accredible/"


class Interruption(BaseException):
    """As SystemExit and KeyboardInterrupt are, nothing that code means to catch."""


def interrupted(call: Callable[[], object], *, within: Collection[str] = (PACKAGE,)) -> Iterator[Interruption]:
    """What becomes of ``call`` where it is interrupted at the first line of ours, at the second, and so on to the end.

    ``within``: only lines of files whose paths have one of these in them.
    """
    line = 0
    while (found := _interrupted_at(line, call, within)) is not None:
        yield found
        line += 1


def _interrupted_at(line: int, call: Callable[[], object], within: Collection[str]) -> Interruption | None:
    left, strike = line, Interruption()

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal left
        if not any(part in frame.f_code.co_filename for part in within):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                raise strike
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        next(_apart(call))
    except Interruption:
        return strike
    except Exception:  # what the call meets without an interruption is not looked at here
        pass
    finally:
        sys.settrace(before)
    assert left >= 0, "somebody has swallowed the interruption"
    return None


def _apart(call: Callable[[], object]) -> Iterator[object]:
    # A generator keeps account of the exceptions that are being handled for itself. Raised by a tracer where an except
    # block ends, an exception would leave the one of that block as handled for good.
    yield call()


def forms_of(secret: str) -> set[str]:
    """How ``secret`` can be written, in lower case."""
    written = {secret, quote(secret, safe=""), html.escape(secret), repr(secret)[1:-1]}
    # Base64 has three ways, one for each place to begin at.
    for start in range(3):
        whole = base64.b64encode(b"x" * start + secret.encode()).decode()
        written.add(whole[4 if start else 0 : -4])
    return {form.lower() for form in written}


def shown(error: BaseException) -> Iterator[tuple[str, str]]:
    """What an error report shows of ``error`` and of all that it came of, and where.

    The local variables of all functions but those of tests, and the text that a log has.
    """
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None:
            continue
        for frame, line in traceback.walk_tb(found.__traceback__):
            path = frame.f_code.co_filename
            if "/tests/" not in path:
                for name, value in frame.f_locals.items():
                    yield f"{path}:{line} {frame.f_code.co_name}: {name}", _repr(value)
        waiting.append(found.__cause__ if found.__suppress_context__ else found.__context__)
    yield "the log", logging.Formatter().formatException(_exc_info(error))


def _repr(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # an object that is only half made; reporters go on, too
        return ""


def _exc_info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__


def places_that_show(error: BaseException, *secrets: str) -> list[str]:
    """Where an error report of ``error`` shows one of ``secrets``, in whatever form."""
    forms = {form for secret in secrets for form in forms_of(secret)}
    return [place for place, text in shown(error) if any(form in text.lower() for form in forms)]
