"""The main job from beginning to end: an account, its groups, a change at Accredible, what a sync makes of it.

``python -m demo.story`` tells it and ends; with ``--serve``, the admin stays open for a look around.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.emulator.server import Emulator

if TYPE_CHECKING:
    from credentials_accredible.models import AccredibleAPIConfig

KEY = "demo-key-of-the-main-account"
USER = PASSWORD = "admin"
LEARNER = "ada"

console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)


def main() -> int:
    """Tell the story; the exit status of the process."""
    options = _options()
    for port in (options.port, options.emulator_port) if options.serve else ():
        if not _is_free(port):
            console.print(f"Port {port} is in use. Choose others: make serve PORT=8910 EMULATOR_PORT=8911")
            return 1
    with Emulator(port=options.emulator_port if options.serve else 0) as emulator:
        account = emulator.add_account(key=KEY, seed=135)
        account.add_attribute_key("Last course")
        _start_host(emulator.url)
        _tell(account)
        if options.serve:
            _serve(options.port, emulator.url)
    return 0


def _tell(account: Any) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from credentials_accredible.models import AccredibleGroup  # noqa: PLC0415  # needs Django

    _step("An operator adds an API configuration; the key is tried at Accredible")
    config = _configure()
    console.print(f"“{config.name}” belongs to the issuer “{config.issuer_name}”, credits left: {config.credits_left}")

    _step("Sync groups: manage.py accredible_sync")
    call_command("accredible_sync")
    _show_groups(config)

    _step("At Accredible, somebody renames one group, adds one and removes two")
    first, second, third = AccredibleGroup.objects.order_by("accredible_id")[:3]
    account.update_group(first.accredible_id, course_name="Renamed at Accredible")
    account.add_group(name="new-group", course_name="A new group")
    account.remove_group(second.accredible_id)
    account.remove_group(third.accredible_id)
    console.print("Done.")

    _step("A look first, which writes nothing: manage.py accredible_sync --dry-run")
    call_command("accredible_sync", dry_run=True)

    _step("The same in earnest: manage.py accredible_sync")
    call_command("accredible_sync")

    _step("And once more: nothing is left to change")
    call_command("accredible_sync")
    _show_runs()
    _tell_badges(config)


def _tell_badges(config: AccredibleAPIConfig) -> None:
    from demo import badge_story  # noqa: PLC0415

    group = config.groups.order_by("accredible_id")[0]
    _step(f"Staff ask for two courses, letters A and B, and activate “{group.name}”")
    badge_story.fill_catalogue()
    badge_story.configure(group)
    for requirement in group.requirements.all():
        rules = " and ".join(str(rule) for rule in requirement.rules.all())
        console.print(f"{requirement.blend}: {escape(rules)}")

    _step("Try out: what would one event mean? Nothing is written")
    badge_story.try_out(console, group)

    _step("Events come in: the learner ada passes both courses, and then loses one")
    badge_story.tell(console, group)


def _configure() -> AccredibleAPIConfig:
    from credentials_accredible import api  # noqa: PLC0415
    from credentials_accredible.models import AccredibleAPIConfig  # noqa: PLC0415

    config, _created = AccredibleAPIConfig.objects.get_or_create(name="Main account", environment="emulator")
    config.api_key = KEY
    api.note_issuer(config, api.check_key(config.environment, config.api_key))
    config.save()
    return config


def _show_groups(config: AccredibleAPIConfig) -> None:
    table = Table("Accredible ID", "Name", "Icon", "Active")
    groups = list(config.groups.order_by("accredible_id"))
    shown = [*groups[:9], None, *groups[-3:]] if len(groups) > 12 else groups
    for group in shown:
        if group is None:
            table.add_row("…", f"… {len(groups) - 12} more …", "…", "…")
        else:
            icon = "yes" if group.icon_url else "no"
            table.add_row(str(group.accredible_id), escape(group.name[:60]), icon, "yes" if group.is_active else "no")
    console.print(table)
    console.print(f"{len(groups)} groups, {sum(group.is_active for group in groups)} of them active.")


def _show_runs() -> None:
    from credentials_accredible.models import SyncRun  # noqa: PLC0415

    _step("What the sync runs say")
    table = Table("Status", "Created", "Updated", "Unchanged", "Removed", "Requests")
    for run in SyncRun.objects.order_by("pk"):
        counts = (run.created_count, run.updated_count, run.unchanged_count, run.removed_count, run.requests)
        table.add_row(run.get_status_display(), *(str(count) for count in counts))
    console.print(table)


def _start_host(emulator_url: str) -> None:
    """Set up the embedded host with a new database of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
    os.environ["ACCREDIBLE_EMULATOR_URL"] = emulator_url
    if "DATABASE_URL" not in os.environ:
        database = Path(os.environ.get("DEMO_DATA_DIR", ".demo")).resolve() / "story.sqlite3"
        database.parent.mkdir(parents=True, exist_ok=True)
        database.unlink(missing_ok=True)
        os.environ["DATABASE_URL"] = f"sqlite:///{database}"
    import django  # noqa: PLC0415  # the settings read the environment
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    if not users.filter(username=USER).exists():
        users.create_superuser(USER, "admin@example.com", PASSWORD)


def _serve(port: int, emulator_url: str) -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    learner = get_user_model().objects.get(username=LEARNER)
    learner.set_password(LEARNER)
    learner.save()
    _step("The admin is open")
    console.print(f"Address:   http://127.0.0.1:{port}/admin/badges/accredibleapiconfig/")
    console.print(f"User:      {USER}")
    console.print(f"Password:  {PASSWORD}")
    console.print(f"Learner:   http://127.0.0.1:{port}/accredible/badges/ (user and password: {LEARNER})")
    console.print(f"Emulator:  {emulator_url} (API key: {KEY})")
    console.print("Stop it with Ctrl-C.")
    sys.stdout.flush()
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)


def _step(title: str) -> None:
    console.print()
    console.rule(title, align="left")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.story", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="serve the admin afterwards")
    parser.add_argument("--port", type=int, default=8900, help="of the admin (default: 8900)")
    parser.add_argument("--emulator-port", type=int, default=8901, help="of the emulator (default: 8901)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
