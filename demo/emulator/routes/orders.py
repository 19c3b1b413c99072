"""What the controls are sent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from demo.emulator.account import DEFAULT_CREDITS
from demo.emulator.rate import DOCUMENTED_WINDOW
from demo.emulator.seed import DEFAULT_GROUPS


class Order(BaseModel):
    """What a control is sent: a JSON object with known names and values of the right types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SeedOrder(Order):
    """How many groups to add."""

    groups: int = Field(default=DEFAULT_GROUPS, ge=1, le=20_000)


class AccountOrder(Order):
    """An account to add."""

    key: str
    department_id: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0, le=20_000)
    credits: int = Field(default=DEFAULT_CREDITS, ge=0)
    sandbox_mode: bool = False


class RateLimitOrder(Order):
    """The rate limit to keep; ``limit`` None: none."""

    limit: int | None = Field(ge=0)
    window: float = Field(default=DOCUMENTED_WINDOW, gt=0, le=3600)
    retry_after: bool = True


class GroupOrder(Order):
    """Fields of a group; unknown ones are taken, too, since Accredible adds some over time."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: int | None = None
    name: str | None = None
    course_name: str | None = None
    course_description: str | None = None
    department_id: int = 0
    primary_design_id: int | None = None
    badge_design_id: int | None = None
    certificate_design_id: int | None = None
    design_id: int | None = None
    meta_data: dict[str, Any] | None = None
    created_at: str = ""
    updated_at: str = ""
    allow_duplicates: bool = False
    without: list[str] = []
