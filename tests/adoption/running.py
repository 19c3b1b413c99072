"""Runs the command, and tells all that is there on either side."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credentials_accredible.models import (
    AccredibleAPIConfig,
    AccredibleBadge,
    AccredibleGroup,
    AdoptedRow,
    BadgePenalty,
    BadgeProgress,
    BadgeRequirement,
    Fulfillment,
)
from demo.builtin import models as there


def adopt(*options: str) -> str:
    out = StringIO()
    call_command("accredible_adopt_builtin", *options, stdout=out, no_color=True)
    return out.getvalue()


def report(*options: str) -> Any:
    return json.loads(adopt("--format", "json", *options))


def report_of_refusal(*options: str) -> Any:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("accredible_adopt_builtin", "--format", "json", *options, stdout=out)
    return json.loads(out.getvalue())


def everything() -> dict[str, list[Any]]:
    """All rows of either side."""
    models = [AccredibleAPIConfig, AccredibleGroup, BadgeRequirement, BadgePenalty, BadgeProgress, Fulfillment]
    models += [AccredibleBadge, AdoptedRow, there.AccredibleGroup, there.AccredibleBadge, there.BadgeProgress]
    return {model._meta.label: list(model.objects.order_by("pk").values_list()) for model in models}
