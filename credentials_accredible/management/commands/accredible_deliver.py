"""Sends badges to Accredible: for cron, or as a process that keeps watching."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from math import inf
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, close_old_connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.management.base import (
    AccredibleCommand,
    add_config_option,
    add_format_option,
    counted,
    no_configs,
    number_from,
)
from credentials_accredible.models import AccredibleAPIConfig

# Seconds between two looks at the database while nothing is due.
_PAUSE = 5.0
# Each needs a connection to the database.
_MOST_SENDERS = 32
_COUNTS = ("due", "waiting", "failed", "unpublished", "delivered_today")


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Sends what is due to Accredible: first tries, retries, revocations. Exits with 1 if "
        "something has come up that needs a person, which is told once; a try that will be repeated "
        "is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_config_option(parser)
        parser.add_argument(
            "--limit", type=number_from(1), metavar="N", help=_("at most so many badges per configuration")
        )
        parser.add_argument(
            "--senders",
            type=number_from(1, _MOST_SENDERS),
            default=1,
            metavar="N",
            help=_("so many requests under way at once (%(default)s)"),
        )
        parser.add_argument("--watch", action="store_true", help=_("go on until stopped by Ctrl-C or SIGTERM"))
        parser.add_argument("--status", action="store_true", help=_("show how deliveries stand, and send nothing"))
        add_format_option(parser, _("of --status"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["status"]:
            self._show_status(api.find_configs(options["config"]), options["format"])
        elif options["watch"]:
            self._watch(options)
        else:
            self._finish(self._deliver(options, lambda: True), options["config"])

    def _deliver(self, options: dict[str, Any], go_on: Callable[[], bool]) -> api.Delivery:
        if api.spooled_events():
            count = api.work_off_spool()
            words = ngettext(
                "%(count)s event from the disk processed.", "%(count)s events from the disk processed.", count
            )
            self.stdout.write(words % {"count": count})
        total = api.Delivery()
        for config in api.find_configs(options["config"]):
            done = api.deliver(config, limit=options["limit"], senders=options["senders"], go_on=go_on)
            if done.delivered or done.failed:
                words = _("%(name)s: %(delivered)s delivered, %(failed)s failed, %(requests)s")
                figures = {"delivered": done.delivered, "failed": done.failed}
                self.stdout.write(
                    words % {"name": config.name, **figures, "requests": counted(done.requests, "request")}
                )
            total += done
        return total

    def _finish(self, done: api.Delivery, wanted: list[str]) -> None:
        if not done.delivered and not done.failed:
            self.stdout.write(_("Nothing was sent."))
        news = [
            f"{config.name}: {sentence}"
            for config in api.find_configs(wanted)
            for sentence in api.delivery_news(config)
        ]
        if news:
            raise CommandError(" ".join(news))

    def _watch(self, options: dict[str, Any]) -> None:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_args: stop.set())
        signal.signal(signal.SIGINT, lambda *_args: stop.set())
        while not stop.is_set():
            close_old_connections()
            try:
                done = api.patiently(
                    lambda: self._deliver(options, lambda: not stop.is_set()), patience=inf, pause=stop.wait
                )
            except DatabaseError as error:
                if stop.is_set() and api.is_away(error):
                    return
                raise
            if not done.delivered:
                stop.wait(_PAUSE)

    def _show_status(self, configs: list[AccredibleAPIConfig], style: str) -> None:
        rows = [_as_dict(status) for status in api.delivery_status() if status.config in configs]
        if style == "json":
            self.write_json(rows)
            return
        for row in rows:
            words = _(
                "%(name)s: %(due)s due, %(waiting)s waiting, %(failed)s failed, %(unpublished)s unpublished, "
                "%(delivered_today)s delivered today."
            )
            sentences = [words % row]
            if row["paused_at"]:
                sentences.append(_("PAUSED: %(reason)s") % {"reason": row["pause_reason"]})
            self.stdout.write(" ".join(sentences))
        if count := api.spooled_events():
            words = ngettext(
                "%(count)s event on this machine's disk, to be processed.",
                "%(count)s events on this machine's disk, to be processed.",
                count,
            )
            self.stdout.write(words % {"count": count})
        if not rows:
            self.stderr.write(no_configs())


def _as_dict(status: api.DeliveryStatus) -> dict[str, Any]:
    config = status.config
    return {
        "config": config.pk,
        "name": config.name,
        **{key: getattr(status, key) for key in _COUNTS},
        "paused_at": config.paused_at.isoformat() if config.paused_at else None,
        "pause_reason": config.pause_reason,
        "events_on_disk": api.spooled_events(),
        "held_until": config.held_until.isoformat() if config.held_until else None,
    }
