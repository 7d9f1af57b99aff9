"""Which numbers outside a function vary, as an annealed weight does: its code reads them, and stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.record import Record, record_call
from minigrad.compiler.reference import Reference
from minigrad.compiler.trace.haste import carefully
from minigrad.compiler.trace.links import Key
from minigrad.compiler.trace.sources import Draw
from minigrad.compiler.variant import Variant


class Varying:
    """The keys of the links to them; the function's course depends on those in ``steering``: each value is traced."""

    def __init__(self) -> None:
        self.keys: frozenset[Key] = frozenset()
        self.steering: frozenset[Key] = frozenset()
        self.careful = False  # since haste has made NaN
        self.tried: frozenset[Key] = frozenset()  # as inputs, which have given what the numbers themselves do

    def note(self, variants: Iterable[Variant], arguments: Sequence[Any]) -> None:
        """Note the numbers for which alone none of a function's traces holds."""
        for variant in variants:
            self.careful |= variant.record.failed
            self.keys |= variant.find_changed(arguments)

    def record(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        arguments: Sequence[Any],
        plainly: Callable[..., Record] = record_call,
        careful: bool = False,
    ) -> Record:
        """Trace a call, in haste unless there is a reason for care."""
        if not (careful or self.careful):
            record = self._record(f, args, kwargs, arguments, plainly)
            if record.shown is not None:
                return record
        with carefully:
            return self._record(f, args, kwargs, arguments, plainly)

    def _record(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        arguments: Sequence[Any],
        plainly: Callable[..., Record],
    ) -> Record:
        """Trace a call, with those numbers as inputs unless that cannot be, or does something else; else ``plainly``.

        A function that asks for the type of a number finds no float in its place: so what is recorded is computed, and
        compared with what is without such inputs.
        """
        keys, known = self.keys - self.steering, None
        if keys and keys != self.tried:
            known = record_call(f, args, kwargs)
        if keys:
            try:
                record = record_call(f, args, kwargs, keys)
                if known is None or _compute_same(record, known, arguments):
                    self.tried = keys
                    return record
            except Exception:  # whatever the function makes of a number that is not known
                pass
            self.steering |= keys
        return plainly(f, args, kwargs) if known is None else known


def _compute_same(a: Record, b: Record, arguments: Sequence[Any]) -> bool:
    """Say whether two records of one call are of equal values, up to rounding; what they draw is the same."""
    found, wanted = (Reference(record, _read_inputs(record, list(arguments))) for record in (a, b))
    return len(found.values) == len(wanted.values) and not any(
        wanted.find_wrong(i, x).any() for i, x in enumerate(found.values)
    )


def _read_inputs(record: Record, arguments: list[Any]) -> dict[Any, Any]:
    return {
        node: np.random.default_rng(0).random(node.shape) if isinstance(source, Draw) else source.read(arguments)
        for node, source in record.inputs.items()
    }
