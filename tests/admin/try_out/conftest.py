"""What the page “Try out” is tried with."""

from __future__ import annotations

import pytest

from credentials_accredible.models import AccredibleGroup
from tests import factories
from tests.badges.configuring import FAILS, PASSES, in_course, penalise, require
from tests.badges.sending import DEMO, OTHER


@pytest.fixture
def group() -> AccredibleGroup:
    """An active group that takes two courses, the first of which can be lost."""
    group = factories.make_group(name="Group <b>", is_active=True)
    first = require(group, *in_course(DEMO, PASSES), blend="A")
    require(group, *in_course(OTHER, PASSES), blend="B")
    penalise(group, *in_course(DEMO, FAILS), takes=[first])
    return group
