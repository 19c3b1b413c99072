"""The four journeys that docs/architecture.rst follows, each made for real: the modules that it enters, in order."""

from __future__ import annotations

import gc
import importlib
import inspect
import pkgutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.test import Client

import credentials_accredible
from credentials_accredible import api, client
from credentials_accredible.models import AccredibleAPIConfig, AccredibleBadge, AccredibleGroup, GroupSnapshot
from tests.badges.configuring import PASSES, active_group, in_course, require
from tests.badges.sending import DEMO, badges_of, course_status
from tests.factories import configure, make_badge, make_config, make_group

_PACKAGE = credentials_accredible.__name__ + "."
_ADMIN = "/admin/credentials_accredible/"


def event_to_badge(account: Any) -> list[str]:
    """A learner passes the course that a group asks for."""
    require(active_group("Badge"), *in_course(DEMO, PASSES))
    with modules_entered() as modules:
        course_status("ada", DEMO)
    assert badges_of("ada") == [("Badge", "awarded")]
    return modules


def badge_to_accredible(account: Any) -> list[str]:
    """A sender looks for what is due, and finds a badge that was just decided."""
    remote = account.add_group(name="badge", course_name="Badge")
    group = make_group(make_config(), accredible_id=remote["id"])
    make_badge(group)
    with modules_entered() as modules:
        api.deliver(group.api_config)
    assert AccredibleBadge.objects.get().state == "accepted"
    assert len(account.credentials()) == 1
    return modules


def sync_groups(account: Any, admin: Client | None = None) -> list[str]:
    """The groups of a new configuration are imported: by the Python API, or by a person in the admin."""
    for number in range(3):
        account.add_group(name=f"g-{number}", course_name=f"Group {number}")
    # A configuration as it is read from the database, like one that somebody ticked.
    make_config()
    config = AccredibleAPIConfig.objects.get()
    if admin:
        modules = _press(admin, "accredibleapiconfig", "sync_groups", config.pk)
    else:
        with modules_entered() as modules:
            api.sync(config)
    assert AccredibleGroup.objects.count() == 3
    return modules


def restore_group(account: Any, admin: Client | None = None) -> list[str]:
    """A removed group comes back: by the Python API, or because a person confirms it in the admin."""
    api.remove_groups([configure(make_group())])
    snapshot = GroupSnapshot.objects.get()
    if admin:
        modules = _press(admin, "groupsnapshot", "restore_groups", snapshot.pk, confirmed="1")
    else:
        with modules_entered() as modules:
            api.restore(api.find_snapshots([snapshot.pk]), api.RestoreChoices())
    assert AccredibleGroup.objects.get().requirements.count() == 2
    return modules


def _press(admin: Client, model: str, action: str, key: int, **form: str) -> list[str]:
    """Choose the action for one row of the list; what the page after it needs does not count."""
    address = f"{_ADMIN}{model}/"
    assert admin.get(address).status_code == 200
    with modules_entered() as modules:
        answer = admin.post(address, {"action": action, "_selected_action": key, **form})
    assert answer.status_code == 302
    return modules


@contextmanager
def modules_entered() -> Iterator[list[str]]:
    """The modules of the plugin in which a function is called meanwhile, in any thread, in order of first entry.

    Bodies of modules and classes do not count, nor do functions that were generated, for a dataclass for instance.
    """
    names = _names()
    found: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename in names and code.co_flags & inspect.CO_OPTIMIZED:
            found.setdefault(names[code.co_filename])

    modules: list[str] = []
    # What others have left unfinished would be entered once more, to be closed.
    gc.collect()
    gc.disable()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        gc.enable()
        modules.extend(found)


def _names() -> dict[str, str]:
    """The name of each module, by its file. All are imported, so that none is while a journey is followed."""
    found = {}
    for offering in (api, client):
        for offered in offering.__all__:
            getattr(offering, offered)
    for item in pkgutil.walk_packages(credentials_accredible.__path__, _PACKAGE):
        name = item.name.removeprefix(_PACKAGE)
        if name.split(".")[0] not in {"migrations", "settings", "tutor"}:
            found[str(importlib.import_module(item.name).__file__)] = name
    return found
