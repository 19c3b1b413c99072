"""What is wrong with the mapping of custom attributes, in sentences for staff. Pure: no database."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from credentials_accredible.choices import AttributeSource
from credentials_accredible.conf import SETTING
from credentials_accredible.events import keypaths


def attribute_problem(source: str, value: str, event_types: Collection[str]) -> str | None:
    """Why an attribute could never have a value, as a sentence; None where it can.

    ``event_types`` are those of the group's requirements: nothing else brings a learner closer to its badge.
    """
    words = {"path": value, "setting": f"{SETTING}['IGNORED_KEYPATHS']"}
    if source != AttributeSource.PATH or any(_has(event_type, value) for event_type in event_types):
        return None
    if any(_has(event_type, value, ()) for event_type in event_types):
        return _("“%(path)s” must not be used: it is one of %(setting)s.") % words
    return _("No event that the requirements of this group ask for has a “%(path)s”.") % words


def _has(event_type: str, path: str, ignored: Collection[str] | None = None) -> bool:
    return any(keypath.path == path for keypath in keypaths(event_type, ignored))
