"""Learners who have accounts, and groups that they can qualify for."""

from __future__ import annotations

from typing import Any

from credentials_accredible.models import AccredibleGroup
from tests.badges.configuring import FAILS, PASSES, active_group, in_course, penalise, require
from tests.badges.sending import DEMO, learner
from tests.factories import make_user


def account(username: str = "ada") -> Any:
    """An account as an event of the learner would have made it."""
    return make_user(username, lms_user_id=learner(username).id)


def group_of(course: str = DEMO) -> AccredibleGroup:
    """A group that asks for that course; failing it costs the badge."""
    group = active_group()
    requirement = require(group, *in_course(course, PASSES))
    penalise(group, *in_course(course, FAILS), takes=[requirement])
    return group
