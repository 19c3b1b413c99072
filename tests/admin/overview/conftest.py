"""An account whose page is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from credentials_accredible.models import AccredibleAPIConfig
from tests import factories


@pytest.fixture
def config(account: Any) -> AccredibleAPIConfig:
    """An account whose key works."""
    return factories.make_config("Main")
