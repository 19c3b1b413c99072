"""A line of the table: what was measured, what is wanted, and whether that is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Row:
    """``value`` is what baselines are compared by, in ``unit``; None where nothing could be measured.

    ``target`` is empty, and ``met`` None, where something is reported only. ``higher``: a larger value is a better one.
    ``figures`` are what else was measured, for JSON; ``note`` is a sentence for people.
    """

    work: str
    value: float | None
    unit: str
    target: str = ""
    met: bool | None = None
    higher: bool = False
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def at_most(cls, work: str, limit: float, value: float, unit: str, *, note: str = "", **figures: float) -> Self:
        """Met where ``value`` is not above ``limit``."""
        target = f"<= {shown(limit, unit)}"
        return cls(work, value, unit, target, value <= limit, figures=figures, note=note)

    @classmethod
    def at_least(cls, work: str, limit: float, value: float, unit: str, *, note: str = "", **figures: float) -> Self:
        """Met where ``value`` is not below ``limit``."""
        target = f">= {shown(limit, unit)}"
        return cls(work, value, unit, target, value >= limit, higher=True, figures=figures, note=note)

    @classmethod
    def reported(
        cls, work: str, value: float, unit: str, *, higher: bool = False, note: str = "", **figures: float
    ) -> Self:
        """Something without a target."""
        return cls(work, value, unit, higher=higher, figures=figures, note=note)

    @classmethod
    def missing(cls, work: str, reason: str) -> Self:
        """What could not be measured, and why."""
        return cls(work, None, "", note=reason)

    @property
    def result(self) -> str:
        """What came of it, as people read it."""
        return "not measured" if self.value is None else shown(self.value, self.unit)

    @property
    def verdict(self) -> str:
        return {True: "met", False: "NOT MET", None: ""}[self.met]

    def ratio(self, before: Mapping[str, Any]) -> float | None:
        """How many times as good as ``before``, the same line of a baseline; None where that says nothing."""
        old, new = before.get("value"), self.value
        if not old or not new or before.get("unit") != self.unit:
            return None
        return float(new / old if self.higher else old / new)


def shown(value: float, unit: str) -> str:
    """``value`` with three digits that count, and its unit."""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


HEADINGS = ("work", "target", "result", "", "of baseline")


def line(row: Row, baseline: Mapping[str, Mapping[str, Any]], width: int) -> str:
    """``row`` as the table has it, with its note below it."""
    ratio = row.ratio(baseline.get(row.work, {}))
    compared = "" if ratio is None else f"{ratio:.2f} x"
    text = f"{row.work:<{width}}  {row.target:>14}  {row.result:>14}  {row.verdict:<7}  {compared:>11}".rstrip()
    return f"{text}\n    {row.note}" if row.note else text


def heading(width: int) -> str:
    return f"{HEADINGS[0]:<{width}}  {HEADINGS[1]:>14}  {HEADINGS[2]:>14}  {HEADINGS[3]:<7}  {HEADINGS[4]:>11}"


def unmet(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.met is False]
