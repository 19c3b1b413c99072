"""Plots of what ``make bench`` and ``make soak`` have measured, from the JSON that is kept in ``bench``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matplotlib import pyplot

_BENCH = Path("bench")
# Colours that people with any colour vision tell apart, dark enough for text on white.
_MET, _MISSED, _LINE = "#0b6e99", "#b3400e", "#595959"
_SERVICES = {"consumer": "#0b6e99", "worker": "#b3400e", "web": "#5b3a8c", "beat": "#3d7a2a"}
_PAGE = "page: "
_PAGES = 15
_INCH_PER_ROW = 0.24


def targets() -> None:
    """How much of its target each row takes; pages have a plot of their own."""
    shares = {row["work"]: _share(row) for row in _rows() if row["met"] is not None and row["value"]}
    _bars(
        {work: share for work, share in shares.items() if share and not work.startswith(_PAGE)},
        limit=1,
        label="share of the target; right of the line, it is not met",
    )


def pages() -> None:
    """How long the slowest kinds of pages take."""
    times = {row["work"].removeprefix(_PAGE): row["value"] for row in _rows() if row["work"].startswith(_PAGE)}
    slowest = sorted(times, key=lambda page: times[page], reverse=True)[:_PAGES]
    _bars({page: times[page] for page in slowest}, limit=300, label="milliseconds; the line is the target")


def memory() -> None:
    """What the processes that lived through the soak had in memory."""
    soak = json.loads((_BENCH / "soak.json").read_text(encoding="utf-8"))
    figure, axes = pyplot.subplots(figsize=(8, 3.2), layout="constrained")
    minutes = [sample["minute"] for sample in soak["samples"]]
    for name, colour in _SERVICES.items():
        megabytes = [sample[name] for sample in soak["samples"]]
        axes.plot(minutes, megabytes, color=colour)
        axes.annotate(name, (minutes[-1], megabytes[-1]), (4, 0), textcoords="offset points", va="center", color=colour)
    axes.set(xlabel="minutes", ylabel="MB", ylim=(0, None))
    _quiet(axes)
    figure.get_layout_engine().set(rect=(0, 0, 0.95, 1))


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_BENCH / "baseline.json").read_text(encoding="utf-8"))["rows"]
    return rows


def _share(row: dict[str, Any]) -> float:
    """Of the target, 1 is just met and less is better; 0 where the target is none at all."""
    target = float(row["target"].split()[1].replace(",", ""))
    return float(target / row["value"] if row["higher"] else row["value"] / target) if target else 0.0


def _bars(values: dict[str, float], *, limit: float, label: str) -> None:
    figure, axes = pyplot.subplots(figsize=(8, 0.8 + _INCH_PER_ROW * len(values)), layout="constrained")
    bars = axes.barh(
        list(values), list(values.values()), color=[_MET if each <= limit else _MISSED for each in values.values()]
    )
    axes.bar_label(bars, fmt="%.3g", padding=3, fontsize=8, color=_LINE)
    axes.axvline(limit, color=_LINE, linewidth=1, linestyle="--")
    axes.invert_yaxis()
    axes.margins(x=0.08, y=0.01)
    axes.tick_params(axis="y", labelsize=8, length=0)
    axes.set_xlabel(label)
    _quiet(axes)
    figure.align_labels()


def _quiet(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
