"""Learners as staff name them: by user name or e-mail address, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from credentials_accredible.badges.plain import text
from credentials_accredible.exceptions import DecisionRefused

MOST_LEARNERS = 500


def find(entries: Sequence[str]) -> dict[int, Any]:
    """The users that ``entries`` name, by the number of the entry, from 1. Empty entries name nobody.

    A user name comes before an e-mail address. DecisionRefused has a sentence for each entry that names nobody, or
    several, or somebody whom an entry before it names.
    """
    wanted = {line: text(entry.strip()) for line, entry in enumerate(entries, start=1) if entry.strip()}
    if not wanted:
        raise DecisionRefused([_("Name at least one learner.")])
    if len(wanted) > MOST_LEARNERS:
        sentence = _("These are %(number)s learners; %(most)s at once are possible.")
        raise DecisionRefused([sentence % {"number": len(wanted), "most": MOST_LEARNERS}])
    found, problems = _resolve(wanted)
    lines: dict[int, int] = {}
    for line, learner in found.items():
        first = lines.setdefault(learner.pk, line)
        if first != line:
            sentence = _("Line %(line)s: “%(entry)s” is the learner of line %(first)s.")
            problems[line] = sentence % {"line": line, "entry": wanted[line], "first": first}
    if problems:
        raise DecisionRefused([problem for _line, problem in sorted(problems.items())])
    return found


def _resolve(wanted: Mapping[int, str]) -> tuple[dict[int, Any], dict[int, str]]:
    by_name: dict[str, Any] = {}
    by_email: dict[str, list[Any]] = defaultdict(list)
    addresses = {entry.lower() for entry in wanted.values() if "@" in entry}
    users = get_user_model()._default_manager.alias(lower_email=Lower("email"))
    for user in users.filter(Q(username__in=set(wanted.values())) | Q(lower_email__in=addresses)):
        by_name[user.get_username()] = user
        by_email[user.email.lower()].append(user)
    found, problems = {}, {}
    for line, entry in wanted.items():
        named = [by_name[entry]] if entry in by_name else by_email.get(entry.lower(), [])
        if len(named) == 1:
            found[line] = named[0]
            continue
        sentence = _("Line %(line)s: there is no learner with the user name or e-mail address “%(entry)s”.")
        if named:
            sentence = _("Line %(line)s: several learners have the e-mail address “%(entry)s”. Give the user name.")
        problems[line] = sentence % {"line": line, "entry": entry}
    return found, problems
