"""What runs along an axis, by indices: a convolution yᵢ = Σᵣ aᵢ₋ᵣ bᵣ, a running sum of those r with 0 ≤ i − r."""

from __future__ import annotations

from minigrad.notation.index.along import Along, Label, Moved
from minigrad.ops.base import Shape
from minigrad.ops.cumulative import CumProd, CumSum, SumFromHere
from minigrad.ops.places.sliding import Convolve, Correlate
from minigrad.ops.reduction import normalize_axis


def follow_running(op: Convolve | Correlate | CumProd | CumSum, shapes: list[Shape], out: Shape) -> Along:
    """Say which elements of the inputs an element along the axis is made of."""
    if isinstance(op, Convolve | Correlate):
        return _slide(op, shapes, out)
    (axis,) = normalize_axis(op.axis, len(out))
    back = Moved(((1, axis, 1), (-1, "r", 1)))  # how far behind it is what it adds
    ahead = Moved(((1, "r", 1), (-1, axis, 1)))
    where = (ahead if isinstance(op, SumFromHere) else back, range(out[axis]))
    return Along((tuple("r" if i == axis else i for i in range(len(out))),), ("r",), (), (where,))


def _slide(op: Convolve | Correlate, shapes: list[Shape], out: Shape) -> Along:
    """Follow the one that stands still, and at r the one that is moved along it."""
    last = len(out) - 1
    if isinstance(op, Convolve) and shapes[0][-1] == 1:  # one number, by which the other is multiplied
        return Along(((*_repeated(shapes[0], out), None), (*_repeated(shapes[1], out), last)))
    at = Moved(((1, last, 1), (-1 if isinstance(op, Convolve) else 1, "r", 1)), 0, isinstance(op, Correlate))
    ends: tuple[Label, Label] = (at, "r")
    rows = ((*_repeated(shape, out), end) for shape, end in zip(shapes, ends, strict=True))
    return Along(tuple(rows), ("r",))


def _repeated(shape: Shape, out: Shape) -> tuple[Label, ...]:
    """Give the axes before the last, aligned to the right; one that is repeated has no index."""
    first = len(out) - len(shape)
    return tuple(first + i if n == out[first + i] else None for i, n in enumerate(shape[:-1]))
