"""Which numbers outside a function vary, as an annealed weight does: its code reads them, and stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minigrad.compiler.record import Record, record_call
from minigrad.compiler.trace.links import Key
from minigrad.compiler.variant import Variant


class Varying:
    """The keys of the links to them; the function's course depends on those in ``steering``: each value is traced."""

    def __init__(self) -> None:
        self.keys: frozenset[Key] = frozenset()
        self.steering: frozenset[Key] = frozenset()

    def note(self, variants: Iterable[Variant], arguments: Sequence[Any]) -> None:
        """Note the numbers for which alone none of a function's traces holds."""
        for variant in variants:
            self.keys |= variant.find_changed(arguments)

    def record(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Record:
        """Trace a call, with those numbers as inputs unless that cannot be."""
        keys = self.keys - self.steering
        if keys:
            try:
                return record_call(f, args, kwargs, keys)
            except Exception:  # whatever the function makes of a number that is not known
                self.steering |= keys
        return record_call(f, args, kwargs)
