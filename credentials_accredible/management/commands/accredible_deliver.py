"""Sends badges to Accredible: for cron, or as a process that keeps watching."""

from __future__ import annotations

import json
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError

# Seconds between two looks at the database while nothing is due.
_PAUSE = 5.0
# Each needs a connection to the database.
_MOST_SENDERS = 32


class Command(BaseCommand):
    """Send what is due, of one, several or all API configurations."""

    help = (
        "Sends what is due to Accredible: first tries, retries, revocations. Exits with 1 if a badge could not be "
        "delivered, or if the delivery of a configuration is paused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of the command."""
        parser.add_argument(
            "--config", action="extend", nargs="+", default=[], metavar="ID_OR_NAME", help="only these; can be repeated"
        )
        parser.add_argument("--limit", type=_positive, metavar="N", help="at most so many badges per configuration")
        parser.add_argument(
            "--senders", type=_few, default=1, metavar="N", help="so many requests under way at once (%(default)s)"
        )
        parser.add_argument("--watch", action="store_true", help="go on until stopped by Ctrl-C or SIGTERM")
        parser.add_argument("--status", action="store_true", help="show how deliveries stand, and send nothing")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of --status")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, or tell how deliveries stand."""
        if options["status"]:
            self._show_status(self._names(options["config"]), options["format"])
        elif options["watch"]:
            self._watch(options)
        else:
            self._finish(self._deliver(options, lambda: True), options["config"])

    def _deliver(self, options: dict[str, Any], go_on: Callable[[], bool]) -> api.Delivery:
        total = api.Delivery()
        try:
            configs = api.find_configs(options["config"])
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        for config in configs:
            done = api.deliver(config, limit=options["limit"], senders=options["senders"], go_on=go_on)
            if done.delivered or done.failed:
                requests = f"{done.requests} request" if done.requests == 1 else f"{done.requests} requests"
                self.stdout.write(f"{config.name}: {done.delivered} delivered, {done.failed} failed, {requests}")
            total += done
        return total

    def _finish(self, done: api.Delivery, wanted: list[str]) -> None:
        if not done.delivered and not done.failed:
            self.stdout.write("Nothing was sent.")
        names = self._names(wanted)
        paused = [status.config for status in api.delivery_status() if status.config.paused_at]
        reasons = [f"{config.name}: {config.pause_reason}" for config in paused if config.name in names]
        if reasons:
            raise CommandError("Delivery is paused. " + " ".join(reasons))
        if done.failed:
            raise CommandError(f"{done.failed} tries failed; the admin says of each badge why, and when it is retried.")

    def _watch(self, options: dict[str, Any]) -> None:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        while not stop.is_set():
            close_old_connections()
            done = self._deliver(options, lambda: not stop.is_set())
            if not done.delivered:
                stop.wait(_PAUSE)

    def _names(self, wanted: list[str]) -> set[str]:
        try:
            return {config.name for config in api.find_configs(wanted)}
        except ConfigurationError as error:
            raise CommandError(str(error)) from None

    def _show_status(self, names: set[str], style: str) -> None:
        rows = [_row(status) for status in api.delivery_status() if status.config.name in names]
        if style == "json":
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            counts = ", ".join(f"{row[key]} {key.replace('_', ' ')}" for key in _COUNTS)
            paused = f" PAUSED: {row['pause_reason']}" if row["paused_at"] else ""
            self.stdout.write(f"{row['name']}: {counts}.{paused}")
        if not rows:
            self.stderr.write("There is no API configuration yet: add one in the admin.")


_COUNTS = ("due", "waiting", "failed", "unpublished", "delivered_today")


def _row(status: api.DeliveryStatus) -> dict[str, Any]:
    config = status.config
    return {
        "config": config.pk,
        "name": config.name,
        **{key: getattr(status, key) for key in _COUNTS},
        "paused_at": config.paused_at.isoformat() if config.paused_at else None,
        "pause_reason": config.pause_reason,
        "held_until": config.held_until.isoformat() if config.held_until else None,
    }


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number, 1 or more")
    return int(text)


def _few(text: str) -> int:
    number = _positive(text)
    if number > _MOST_SENDERS:
        raise ArgumentTypeError(f"must be {_MOST_SENDERS} at most")
    return number
