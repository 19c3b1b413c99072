"""``python -m demo.emulator``: the emulator on its own, in the foreground."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
from collections.abc import Callable

from demo.emulator.routes.control import CONTROLS
from demo.emulator.seed import DEFAULT_GROUPS
from demo.emulator.server import Emulator


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    options = _options(arguments)
    try:
        emulator = Emulator(options.host, options.port)
        account = emulator.add_account(key=options.key, seed=options.groups)
        for position, department_id in enumerate(account.departments, start=1):
            account.add_key(f"{options.key}-{position}", department_id)
        emulator.rate_limit(options.rate_limit)
        emulator.start()
    except ValueError as error:
        return _fail(str(error))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _fail(f"Port {options.port} on {options.host} is in use; choose another with --port.")
        return _fail(f"Cannot serve {options.host}, port {options.port}: {error.strerror or error}.")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        print(f"Accredible emulator: {emulator.url} with {len(account.groups())} groups")
        for key, opened in account.keys.items():
            print(f"  API key {key}: {f'department {opened}' if opened else 'the whole account'}")
        print("Controls (JSON; ?environment=NAME and ?key=KEY choose an account):")
        for control, meaning in CONTROLS.items():
            print(f"  {control:<29} {meaning}")
        print(
            f"For example:\n  curl -X POST {emulator.url}/_emulator/groups -H 'Content-Type: application/json'"
            """ -d '{"name": "new", "course_name": "A new badge"}'"""
        )
        print("Ctrl-C stops it.", flush=True)
        stop.wait()
    finally:
        emulator.stop()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.emulator", description="An Accredible emulator.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to serve (%(default)s)")
    parser.add_argument("--port", type=_number(0, 65_535), default=8901, help="port to serve (%(default)s); 0: any")
    parser.add_argument(
        "--groups", type=_number(0, 20_000), default=DEFAULT_GROUPS, help="groups to begin with (%(default)s)"
    )
    parser.add_argument("--key", default="demo-key", help="API key of the account (%(default)s)")
    parser.add_argument(
        "--rate-limit", type=_number(0, 1_000_000), help="requests allowed per 30 seconds (Accredible: 200; none)"
    )
    return parser.parse_args(arguments)


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"from {least} to {most}")
        return value

    return number


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
