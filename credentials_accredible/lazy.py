"""Modules that offer names of others, and import each when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def offering(module: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of the ``module`` of that name, as PEP 562 has them.

    ``homes``: for each module of the package, named without it, the names it has that are offered, with spaces between.
    The module writes the same imports under ``TYPE_CHECKING``, for readers and tools; a test compares the two.
    """
    root = __name__.rpartition(".")[0]
    home_of = {name: f"{root}.{home}" for home, names in homes.items() for name in names.split()}

    def find(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        found = getattr(import_module(home_of[name]), name)
        # From now on Python finds it without asking.
        setattr(sys.modules[module], name, found)
        return found

    return find, lambda: sorted({*vars(sys.modules[module]), *home_of}), sorted(home_of)
