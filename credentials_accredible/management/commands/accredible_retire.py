"""Retires a learner: erases what is stored of them, and does at Accredible what they want."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from credentials_accredible import api
from credentials_accredible.choices import AtAccredible
from credentials_accredible.exceptions import RetirementRefused
from credentials_accredible.management.base import AccredibleCommand, add_format_option, counted, number_from

_LARGEST_ID = 2**31 - 1
_DONE = {
    AtAccredible.UNPUBLISH: gettext_lazy("At Accredible: whatever this service has issued to them is unpublished."),
    AtAccredible.DELETE: gettext_lazy("At Accredible: whatever this service has issued to them is deleted."),
}
_WAITING = {
    AtAccredible.UNPUBLISH: ngettext_lazy(
        "At Accredible: %(count)s credential still to be unpublished. It is tried until it is done, as all deliveries "
        "are.",
        "At Accredible: %(count)s credentials still to be unpublished. It is tried until it is done, as all "
        "deliveries are.",
        "count",
    ),
    AtAccredible.DELETE: ngettext_lazy(
        "At Accredible: %(count)s credential still to be deleted. It is tried until it is done, as all deliveries are.",
        "At Accredible: %(count)s credentials still to be deleted. It is tried until it is done, as all deliveries "
        "are.",
        "count",
    ),
}
_FAILED = {
    AtAccredible.KEEP: ngettext_lazy(
        "%(count)s credential could not be changed: the badges say why in the admin. They are tried again now, and "
        "whenever this command is.",
        "%(count)s credentials could not be changed: the badges say why in the admin. They are tried again now, and "
        "whenever this command is.",
        "count",
    ),
    AtAccredible.UNPUBLISH: ngettext_lazy(
        "%(count)s credential could not be unpublished: the badges say why in the admin. They are tried again now, and "
        "whenever this command is.",
        "%(count)s credentials could not be unpublished: the badges say why in the admin. They are tried again now, "
        "and whenever this command is.",
        "count",
    ),
    AtAccredible.DELETE: ngettext_lazy(
        "%(count)s credential could not be deleted: the badges say why in the admin. They are tried again now, and "
        "whenever this command is.",
        "%(count)s credentials could not be deleted: the badges say why in the admin. They are tried again now, and "
        "whenever this command is.",
        "count",
    ),
}


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Retires a learner: erases what is stored of them, stops what waits to be sent, and keeps, "
        "unpublishes or deletes their credentials at Accredible. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help=_("the learner's user name: the old one, or that of the retired account"))
        parser.add_argument(
            "--lms-user-id",
            type=number_from(1, _LARGEST_ID),
            metavar="N",
            help=_("the learner's id in the LMS: leads to an account that was renamed already"),
        )
        parser.add_argument(
            "--at-accredible",
            choices=AtAccredible.values,
            default=AtAccredible.KEEP.value,
            help=_("what becomes of the credentials there; what was asked for before is not taken back"),
        )
        parser.add_argument(
            "--readmit",
            action="store_true",
            help=_("retired by mistake: let events of the learner count again; what was erased stays erased"),
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
                self.stdout.write(_("The service has no account of that name. If it was renamed, give --lms-user-id."))
        if done.failed:
            raise CommandError(str(_FAILED[_asked(done)] % {"count": done.failed}))

    def _readmit(self, who: dict[str, Any]) -> None:
        if api.readmit(**who):
            self.stdout.write(
                self.style.SUCCESS(_("Events of this learner count again. What was erased stays erased."))
            )
        else:
            self.stdout.write(_("This learner was not retired: nothing was changed."))


def _what_was_erased(done: api.Retirement) -> str:
    if not done.changed:
        return _("Nothing is stored of this learner any more: nothing was changed.")
    erased = done.erased
    what = _("Erased: %(progress)s with %(fulfilments)s, %(failed)s, %(spooled)s, %(early)s, %(entries)s.") % {
        "progress": counted(erased.progress, "row of progress"),
        "fulfilments": counted(erased.fulfilments, "fulfilment"),
        "failed": counted(erased.failed_events, "failed event"),
        "spooled": counted(erased.spooled_events, "event on this disk"),
        "early": counted(erased.early_penalties, "early penalty"),
        "entries": counted(erased.snapshot_entries, "snapshot entry"),
    }
    parted = ngettext(
        "%(count)s badge parted from the learner.", "%(count)s badges parted from the learner.", erased.badges
    )
    return f"{what} {parted % {'count': erased.badges}}"


def _what_becomes(done: api.Retirement) -> str:
    if done.learner.at_accredible == AtAccredible.KEEP:
        return _("At Accredible: everything stays as it is.")
    if not done.waiting and not done.failed:
        # Whether there were any is not kept: nothing leads from a learner who has left to what is deleted.
        return str(_DONE[_asked(done)])
    if not done.waiting:
        return _("At Accredible: nothing else waits to be done.")
    return str(_WAITING[_asked(done)] % {"count": done.waiting})


def _asked(done: api.Retirement) -> AtAccredible:
    return AtAccredible(done.learner.at_accredible)


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
