"""The short way into compiled code, and when it is closed: while a function is traced, or a parameter was switched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any
from weakref import WeakSet, ref

from minigrad.engine.recording import on_switch


def open_way(function: ref[Any]) -> Callable[..., Any]:
    """Give the way by which a compiled function looks at everything anew: it knows the function weakly, as its own."""

    def way(*given: Any, **kwargs: Any) -> Any:
        known = function()
        assert known is not None  # who calls it holds it
        return known.look_up(*given, **kwargs)

    return way


def bind_entry(enter: Any, missed: Callable[..., Any], hits: CellType) -> Callable[..., Any]:
    """Give the same way in, which goes to ``missed`` with the calls that are not for it and counts the others."""
    own = {"hits": hits, "missed": CellType(missed)}
    closure = (own.get(name, cell) for name, cell in zip(enter.__code__.co_freevars, enter.__closure__, strict=True))
    return FunctionType(enter.__code__, enter.__globals__, None, enter.__defaults__, tuple(closure))


class Shortcuts:
    """Which compiled functions there are: calls go straight to their code, but where all has to be looked at anew.

    While a function is traced, a compiled one that it calls would give a result that is frozen.
    """

    def __init__(self) -> None:
        self.compiled: WeakSet[Any] = WeakSet()
        self.count, self.lock = 0, threading.Lock()

    def add(self, function: Any) -> None:
        """Note a compiled function."""
        with self.lock:
            self.compiled.add(function)

    def __enter__(self) -> None:
        with self.lock:
            self.count += 1
        self.lengthen()

    def __exit__(self, *exception: object) -> None:
        with self.lock:
            self.count -= 1

    def lengthen(self) -> None:
        """Let all calls look at everything again."""
        with self.lock:
            for function in self.compiled:
                function.call_by(function.way)

    def shorten(self, function: Any, way: Callable[..., Any]) -> None:
        """Let a function's calls go straight to its code, unless something is traced."""
        with self.lock:
            if not self.count:
                function.call_by(way)


shortcuts = Shortcuts()
on_switch.append(shortcuts.lengthen)
