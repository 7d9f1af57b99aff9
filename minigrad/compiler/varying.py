"""Which numbers outside a function vary, as an annealed weight does: its code reads them, and stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.compiler.record import Record, record_call
from minigrad.compiler.trace.links import Key
from minigrad.compiler.trace.sources import Draw
from minigrad.compiler.variant import Variant


class Varying:
    """The keys of the links to them; the function's course depends on those in ``steering``: each value is traced."""

    def __init__(self) -> None:
        self.keys: frozenset[Key] = frozenset()
        self.steering: frozenset[Key] = frozenset()
        self.tried: frozenset[Key] = frozenset()  # as inputs, which have given what the numbers themselves do

    def note(self, variants: Iterable[Variant], arguments: Sequence[Any]) -> None:
        """Note the numbers for which alone none of a function's traces holds."""
        for variant in variants:
            self.keys |= variant.find_changed(arguments)

    def record(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], arguments: Sequence[Any]
    ) -> Record:
        """Trace a call, with those numbers as inputs unless that cannot be, or does something else.

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
        return record_call(f, args, kwargs) if known is None else known


def _compute_same(a: Record, b: Record, arguments: Sequence[Any]) -> bool:
    """Say whether two records of one call are of equal values, up to rounding."""
    with np.errstate(all="ignore"):
        pairs = list(zip(*(_compute(record, list(arguments)) for record in (a, b)), strict=True))
    return all(_is_same(np.asarray(x), np.asarray(y)) for x, y in pairs)


def _is_same(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    """Say whether values agree to half of the digits of the largest: a small step of an update is more than that."""
    if (x.shape, x.dtype) != (y.shape, y.dtype) or x.dtype.kind not in "fc":
        return x.shape == y.shape and x.dtype == y.dtype and np.array_equal(x, y)
    largest = np.max(np.abs(y), where=np.isfinite(y), initial=0)
    return np.allclose(x, y, 0, float(np.sqrt(np.finfo(y.dtype).eps) * largest), equal_nan=True)


def _compute(record: Record, arguments: list[Any]) -> list[Any]:
    """Compute all that a call returns, updates and leaves behind; what it draws is the same for every record."""
    known: dict[Any, Any] = {seed: np.ones((), seed.dtype) for seed in record.seeds}
    for node, source in record.inputs.items():
        drawn = isinstance(source, Draw)
        known[node] = np.random.default_rng(0).random(node.shape) if drawn else source.read(arguments)
    outputs = [*record.returned, *(x for _, x in record.updates), *(x for _, x in record.grads if x is not None)]
    return evaluate(outputs, known)
