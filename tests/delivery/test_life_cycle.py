"""The life cycle of a badge is what its drawing says, and nobody else writes its columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

import credentials_accredible
from credentials_accredible.choices import AtAccredible, BadgeProblem, BadgeState
from credentials_accredible.models import AccredibleBadge, badge
from tests.factories import make_badge, make_group

PACKAGE = Path(credentials_accredible.__file__).parent
MODULE = Path(badge.__file__)
STATES = [str(state) for state in BadgeState]
NOW = timezone.now()

# What is written in one module only.
COLUMNS = {"state", "failures", "next_attempt_at", "due_since"}
LIFE_CYCLE = COLUMNS | {"status", "claim", "problem", "last_error", "delivered_at", "attempts"}
LIFE_CYCLE |= {"expired_on", "valid_until"}

Act = Callable[[Any], Any]
ONE: dict[str, list[Act]] = {
    "accept": [
        lambda badge: badge.accept("1", "https://a.test/1", published=True),
        lambda badge: badge.accept("1", "https://a.test/1", published=False),
    ],
    "expire": [lambda badge: badge.expire(date(2026, 1, 1))],
    "mark_absent": [lambda badge: badge.mark_absent()],
    "send_alone": [lambda badge: badge.send_alone()],
    "give_up": [lambda badge: badge.give_up(BadgeProblem.REFUSED)],
    "award_again": [lambda badge: badge.award_again(badge.group, {})],
    "succeed": [lambda badge: badge.succeed("")],
    "fail": [lambda badge: badge.fail(ValueError("no"))],
    "count_failure": [lambda badge: badge.count_failure(NOW)],
    "proceed": [lambda badge: badge.proceed(NOW)],
    "postpone": [lambda badge: badge.postpone(NOW)],
    "finish": [lambda badge: badge.finish(NOW)],
    "let_go": [lambda badge: badge.let_go(NOW)],
    "take_over": [
        lambda badge: badge.take_over("", awarded=True, expired=False, at=NOW),
        lambda badge: badge.take_over("", awarded=False, expired=False, at=NOW),
        lambda badge: badge.take_over("1", awarded=True, expired=False, at=NOW),
        lambda badge: badge.take_over("1", awarded=False, expired=True, at=NOW),
    ],
}
MANY: dict[str, Act] = {
    "claim": lambda badges: badges.claim("token", NOW),
    "mark_sent": lambda badges: badges.mark_sent(NOW),
    "mark_expiring": lambda badges: badges.mark_expiring(date(2026, 1, 1), date(2030, 1, 1)),
    "mark_tried": lambda badges: badges.mark_tried(),
    "mark_changing": lambda badges: badges.mark_changing(shows=True),
    "release": lambda badges: badges.release(),
    "make_due": lambda badges: badges.make_due(),
    "cut_delays": lambda badges: badges.cut_delays(),
    "give_up_orphans": lambda badges: badges.update(api_config=None) and badges.give_up_orphans(),
    "revoke": lambda badges: badges.revoke(),
    "retire": lambda badges: badges.retire(None, AtAccredible.DELETE),
}


def drawn() -> set[tuple[str, str, str]]:
    """The arrows of the drawing: from, by which method, to."""
    arrows = set()
    for line in (badge.__doc__ or "").splitlines():
        sides = re.split(r"\s*--([\w |]+)-->\s*", line.strip())
        for place in range(0, len(sides) - 2, 2):
            before, names, after = (side.split(" | ") for side in sides[place : place + 3])
            starts = STATES if before == ["any"] else before
            arrows |= {arrow for arrow in product(starts, names, after) if arrow[0] != arrow[2]}
    return arrows


def listed() -> set[str]:
    """The methods of which the module says that they leave the state alone."""
    _drawing, _, rest = (badge.__doc__ or "").partition("leave the state alone")
    return set(re.findall(r"``(\w+)``", rest))


@pytest.mark.django_db
def test_the_drawing_shows_what_the_methods_do() -> None:
    row = make_badge(make_group())
    same = AccredibleBadge.objects.filter(pk=row.pk)
    found = set()
    for state, credential in product(STATES, ["", "1"]):
        start = {"state": state, "external_id": credential, "status": "awarded", "at_accredible": ""}
        start["api_config"] = row.api_config
        for name, acts in ONE.items():
            for act in acts:
                one = AccredibleBadge(**{**start, "user": row.user, "group": row.group})
                act(one)
                found.add((state, name, str(one.state)))
        for name, act in MANY.items():
            same.update(**start, claim="", next_attempt_at=NOW)
            act(same)
            found.add((state, name, same.get().state))

    changes = {arrow for arrow in found if arrow[0] != arrow[2]}
    assert changes == drawn()
    assert listed() == {*ONE, *MANY} - {name for _before, name, _after in changes}


@pytest.mark.django_db
def test_what_is_at_accredible_and_what_is_revoked_is_never_marked_as_sent() -> None:
    row = make_badge(make_group())
    same = AccredibleBadge.objects.filter(pk=row.pk)
    for state, status in [("accepted", "awarded"), ("unpublished", "awarded"), ("created", "revoked")]:
        same.update(state=state, status=status)

        same.mark_sent(NOW)

        assert same.get().state == state


def test_every_method_that_writes_these_columns_is_drawn_or_listed() -> None:
    writing = {
        method.name
        for method in ast.walk(ast.parse(MODULE.read_text()))
        if isinstance(method, ast.FunctionDef) and any(written(method, LIFE_CYCLE))
    }

    assert writing == {*ONE, *MANY}


def test_no_other_module_writes_them() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != MODULE and "migrations" not in path.parts
        for line, name in written(ast.parse(path.read_text()), COLUMNS)
    ]

    assert wrong == []


def written(tree: ast.AST, names: set[str]) -> Iterator[tuple[int, str]]:
    """Where attributes, or columns of a statement, of one of these names are given a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in names:
            yield node.lineno, node.attr
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"update", "create", "get_or_create", "update_or_create", "AccredibleBadge", "make_due"}:
                yield from ((node.lineno, word.arg) for word in node.keywords if word.arg in names)
            if called == "setattr" and isinstance(node.args[1], ast.Constant) and node.args[1].value in names:
                yield node.lineno, str(node.args[1].value)
        if isinstance(node, ast.Dict):
            keys = (key.value for key in node.keys if isinstance(key, ast.Constant))
            yield from ((node.lineno, key) for key in keys if key in names)
