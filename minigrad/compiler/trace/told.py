"""What Python and NumPy tell of their own state when asked: how errors are handled, how numbers are written."""

from __future__ import annotations

import sys
from abc import get_cache_token
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.compiler.trace.links import Form

_GETTERS = (np.geterr, np.geterrcall, np.getbufsize, np.get_printoptions, sys.getrecursionlimit)
GETTERS = {id(f): f for f in _GETTERS}
ASKING = {"isinstance", "issubclass"}  # whose answers another class that is registered may change


class Told(Form):
    """What a function without arguments tells."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"{name(_ask)}({owner}) != {seen}"

    def read(self) -> Any:
        """Ask."""
        return _ask(self.owner)

    def put(self, value: Any) -> None:
        """Leave it: what the function has set there, it has set for all."""


def find_told(f: Any) -> Told | None:
    """Give the link to what a function tells, if it is one of those."""
    if GETTERS.get(id(f)) is not f or f is None:
        return None
    return Told(f, f.__name__, f"what {f.__name__}() tells")


def link_registered() -> Told:
    """Give the link to which classes are registered with abstract ones, by what ABCMeta counts."""
    return Told(get_cache_token, "", "which classes are registered with an abstract one")


def _ask(getter: Callable[[], Any]) -> Any:
    told = getter()
    return tuple(told.items()) if isinstance(told, dict) else tuple(told) if isinstance(told, list) else told
