"""Words and figures for an import: what changed, or would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from credentials_accredible.exceptions import FileProblem
from credentials_accredible.portability.importing import Imported
from credentials_accredible.portability.planning import GroupPlan, Pair
from credentials_accredible.text import one_line, shortened

_LONGEST = 60


def sentence(imported: Imported, *, dry_run: bool) -> str:
    """One line for all groups."""
    changed = [plan for plan in imported.plans if plan]
    counts = {
        name: sum(plan.counts[name] for plan in imported.plans)
        for name in ("created", "updated", "removed", "unchanged")
    }
    figures = ", ".join(f"{number} {name}" for name, number in counts.items())
    state = "would be changed" if dry_run else "changed"
    costs = ""
    if imported.costs:
        costs = f" Learners {'would lose' if dry_run else 'lost'} {imported.costs} fulfilments"
        costs += ": that takes --force." if dry_run else "."
    return f"{len(changed)} of {len(imported.plans)} groups {state}: {figures}.{costs}"


def lines(imported: Imported) -> Iterator[str]:
    """Lines for each group that changes: ``+`` created, ``~`` updated, ``-`` removed."""
    for plan in imported.plans:
        if plan:
            yield f"{one_line(plan.group.api_config.name)}: {plan.group.accredible_id}  {_shortened(plan.group.name)}"
            yield from (f"  {line}" for line in _group_lines(plan))


def _group_lines(plan: GroupPlan) -> Iterator[str]:
    if plan.activation is not None:
        yield f"~ {'activated' if plan.activation else 'deactivated'}"
    for kind, pairs in (
        ("requirement", plan.requirements),
        ("penalty", plan.penalties),
        ("custom attribute", plan.attributes),
    ):
        for pair in pairs:
            line = _line(kind, pair)
            if line:
                yield line


def _line(kind: str, pair: Pair[Any, Any]) -> str:
    what = f"{kind} {_name(pair.wanted or pair.stored)}"
    if pair.wanted is None:
        return f"- {what}" + (f": {pair.fulfilled} learners have fulfilled it" if pair.fulfilled else "")
    if pair.stored is None:
        return f"+ {what}"
    if not pair.changes:
        return ""
    kept = f"; {pair.fulfilled} learners have fulfilled it, and keep that" if pair.fulfilled else ""
    return f"~ {what}: {', '.join(pair.changes)}{kept}"


def _name(item: Any) -> str:
    letter = getattr(item, "blend", "")
    name = getattr(item, "name", "") or item.description or item.event_type
    return f"{letter} “{_shortened(name)}”".strip()


def _shortened(text: str) -> str:
    return shortened(one_line(text), _LONGEST)


def problem_lines(name: str, problems: Iterable[FileProblem]) -> Iterator[str]:
    """A line for each problem of the file called ``name``, as editors and terminals know them."""
    for problem in problems:
        place = f"{name}:{problem.line}:{problem.column}" if problem.line else name
        yield f"{place}: {one_line(problem.message)}"
