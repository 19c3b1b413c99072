"""What the tests of pages have in common."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.objects import make_objects


@pytest.fixture
def objects(account: Any) -> dict[str, Any]:
    """One object of each model: the primary keys by name."""
    return make_objects(account)
