"""Says how the accounts stand and what needs a person: for a terminal, and for monitoring."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credentials_accredible import api
from credentials_accredible.choices import Area, RunStatus
from credentials_accredible.management.base import AccredibleCommand, add_format_option, no_configs
from credentials_accredible.text import moment


class Command(AccredibleCommand):
    about = gettext_lazy(
        "Shows how the accounts stand and what needs a person, from what is stored: Accredible is "
        "not asked. Exits with 1 for as long as something needs a person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_format_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        found = api.overview([Area.ACCOUNTS, Area.BADGES, Area.EVENTS, Area.REMOVALS])
        if options["format"] == "json":
            accounts = [_account_as_dict(account) for account in found.accounts]
            self.write_json({"accounts": accounts, "needs": [_need_as_dict(need) for need in found.needs]})
        else:
            self._show(found)
        if found.needs:
            count = len(found.needs)
            words = ngettext("%(count)s thing needs a person.", "%(count)s things need a person.", count)
            raise CommandError(words % {"count": count})

    def _show(self, found: api.Overview) -> None:
        for account in found.accounts:
            config = account.config
            sync = _("never")
            if config.last_run is not None:
                sync = f"{RunStatus(config.last_status).label} ({moment(config.last_started)})"
            words = _("%(name)s: API key: %(key)s. Credits left: %(credits)s. Last sync: %(sync)s.")
            values = {
                "name": config.name,
                "key": account.key.label,
                "credits": _("not known") if config.credits_left is None else config.credits_left,
                "sync": sync,
            }
            self.stdout.write(words % values)
        if not found.accounts:
            self.stdout.write(no_configs())
        for need in found.needs:
            self.stdout.write(f"! {need.sentence} {need.detail}".rstrip())


def _account_as_dict(account: api.Account) -> dict[str, Any]:
    config = account.config
    return {
        "config": config.pk,
        "name": config.name,
        "key": account.key.value,
        "key_worked_at": account.works_at.isoformat() if account.works_at else None,
        "credits_left": config.credits_left,
        "last_sync": config.last_status,
        "last_sync_started": config.last_started.isoformat() if config.last_started else None,
    }


def _need_as_dict(need: api.Need) -> dict[str, Any]:
    return {
        "kind": need.kind.value,
        "config": need.config.pk if need.config else None,
        "problem": need.problem,
        "count": need.count,
        "sentence": need.sentence,
        "detail": need.detail,
    }
