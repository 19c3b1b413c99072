"""The built-in integration of the embedded host, and the account that it sends to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adoption import builtin
from tests.badges.sending import OTHER
from tests.factories import make_user


def point_at(settings: Any) -> None:
    """Have the built-in integration send to the environment “emulator”, wherever that is now."""
    url = settings.CREDENTIALS_ACCREDIBLE["ENVIRONMENTS"]["emulator"]["api_url"]
    settings.BADGES_CONFIG = {"accredible": {"ACCREDIBLE_API_BASE_URL": f"{url}/v1/", "USE_SANDBOX": False}}


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    point_at(settings)


@pytest.fixture
def academy(db: None) -> Any:
    """An account with one group: two letters, a penalty, a learner halfway, one with the badge."""
    config = builtin.account()
    group = builtin.group(config, pk=501, name="Diver", description="Dives.", icon="https://pictures.test/501.png")
    first, second = builtin.requirement(group, "A"), builtin.requirement(group, "B", course=OTHER)
    builtin.penalty(group, first)
    for name in ("ada", "bob"):
        make_user(name)
    builtin.progress(group, "ada", first, second)
    builtin.progress(group, "bob", first)
    builtin.badge(group, "ada", external_id=9001)
    return config
