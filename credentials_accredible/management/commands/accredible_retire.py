"""Retires a learner: erases what is stored of them, and does at Accredible what they want."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from credentials_accredible import api
from credentials_accredible.choices import AtAccredible
from credentials_accredible.exceptions import RetirementRefused
from credentials_accredible.management.base import AccredibleCommand, add_format_option, counted, number_from

_LARGEST_ID = 2**31 - 1
_DOING = {AtAccredible.UNPUBLISH: "unpublished", AtAccredible.DELETE: "deleted"}


class Command(AccredibleCommand):
    help = (
        "Retires a learner: erases what is stored of them, stops what waits to be sent, and keeps, unpublishes or "
        "deletes their credentials at Accredible. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the learner's user name: the old one, or that of the retired account")
        parser.add_argument(
            "--lms-user-id",
            type=number_from(1, _LARGEST_ID),
            metavar="N",
            help="the learner's id in the LMS: leads to an account that was renamed already",
        )
        parser.add_argument(
            "--at-accredible",
            choices=AtAccredible.values,
            default=AtAccredible.KEEP.value,
            help="what becomes of the credentials there; what was asked for before is not taken back",
        )
        parser.add_argument(
            "--readmit",
            action="store_true",
            help="retired by mistake: let events of the learner count again; what was erased stays erased",
        )
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        who = {"username": options["username"], "lms_user_id": options["lms_user_id"]}
        try:
            if options["readmit"]:
                self._readmit(who)
                return
            done = api.retire(**who, at_accredible=AtAccredible(options["at_accredible"]))
        except RetirementRefused as error:
            raise CommandError(str(error)) from None
        if options["format"] == "json":
            self.write_json([_as_dict(done)])
        else:
            # No names: what is printed is kept by cron and by pipelines.
            self.stdout.write(self.style.SUCCESS(_what_was_erased(done)))
            self.stdout.write(_what_becomes(done))
            if not done.has_account:
                self.stdout.write("The service has no account of that name. If it was renamed, give --lms-user-id.")
        if done.failed:
            raise CommandError(
                f"{counted(done.failed, 'credential')} could not be {_doing(done)}: the badges say why in the admin. "
                "They are tried again now, and whenever this command is."
            )

    def _readmit(self, who: dict[str, Any]) -> None:
        if api.readmit(**who):
            self.stdout.write(self.style.SUCCESS("Events of this learner count again. What was erased stays erased."))
        else:
            self.stdout.write("This learner was not retired: nothing was changed.")


def _what_was_erased(done: api.Retirement) -> str:
    if not done.changed:
        return "Nothing is stored of this learner any more: nothing was changed."
    erased = done.erased
    return (
        f"Erased: {counted(erased.progress, 'row')} of progress with {counted(erased.fulfilments, 'fulfilment')}, "
        f"{counted(erased.failed_events, 'failed event')}, {counted(erased.spooled_events, 'event')} on this disk, "
        f"{erased.early_penalties} early penalties, {erased.snapshot_entries} entries of snapshots. "
        f"{counted(erased.badges, 'badge')} parted from the learner."
    )


def _what_becomes(done: api.Retirement) -> str:
    if done.learner.at_accredible == AtAccredible.KEEP:
        return "At Accredible: everything stays as it is."
    if not done.waiting and not done.failed:
        # Whether there were any is not kept: nothing leads from a learner who has left to what is deleted.
        return f"At Accredible: whatever this service has issued to them is {_doing(done)}."
    if not done.waiting:
        return "At Accredible: nothing else waits to be done."
    return (
        f"At Accredible: {counted(done.waiting, 'credential')} still to be {_doing(done)}. It is tried until it is "
        "done, as all deliveries are."
    )


def _doing(done: api.Retirement) -> str:
    return _DOING.get(AtAccredible(done.learner.at_accredible), "changed")


def _as_dict(done: api.Retirement) -> dict[str, Any]:
    return {
        "id": done.learner.pk,
        "lms_user_id": done.learner.lms_user_id,
        "at_accredible": done.learner.at_accredible,
        "has_account": done.has_account,
        "changed": done.changed,
        "erased": asdict(done.erased),
        "waiting": done.waiting,
        "failed": done.failed,
    }
