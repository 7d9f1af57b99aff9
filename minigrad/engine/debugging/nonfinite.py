"""Where a NaN or an infinity arose: the operation, the line, the element, and the operands' values there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.errors import made_at
from minigrad.engine.recording import recorded, traced_by
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.common.libraries import bring

HINTS = {
    "log": "Keep the argument above 0, by np.log(x + 1e-12) say, or take log_softmax for the logarithm of a softmax.",
    "divide": "Keep the divisor from 0, by a small number added to it say.",
    "sqrt": "Keep the argument above 0: at 0 the slope is infinite.",
    "exp": "The largest argument that does not overflow is 709 in float64 and 88 in float32; subtract the maximum.",
    "power": "At 0 a negative exponent gives infinity, and so does the slope of one below 1.",
}


class NonFiniteError(FloatingPointError):
    """A NaN or an infinity that an operation made: ``op`` of ``values``, called ``names``, at ``place``.

    ``subgraph`` is the smallest computation that shows it, for ``minigrad.draw(error.subgraph)``.
    """

    def __init__(
        self, message: str, op: Op, names: Sequence[str], values: Sequence[Any], place: str | None = None
    ) -> None:
        super().__init__(message)
        self.op, self.names, self.values, self.place = op, tuple(names), tuple(values), place

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.op, self.names, self.values, self.place)

    @property
    def subgraph(self) -> Tensor:
        """The operation on the values that it failed on, as a recorded scalar."""
        leaves = [
            Tensor(x, requires_grad=bring(x).dtype.kind == "f", name=name if name.isidentifier() else None)
            for name, x in zip(self.names, self.values, strict=True)
        ]
        with np.errstate(all="ignore"), traced_by(None), recorded():
            y: Tensor = self.op(*leaves)
            return y if y.shape == () else y.sum()


def is_finite(x: Any) -> bool:
    """Say whether an array or a number holds neither NaN nor infinity; what is no float of NumPy's counts as finite."""
    if isinstance(x, float | complex):
        return bool(np.isfinite(x))
    return not isinstance(x, np.ndarray) or x.dtype.kind not in "fc" or bool(np.isfinite(x).all())


def find_birth(
    op: Op, inputs: Sequence[Any], values: Sequence[Any], result: Any, names: Sequence[str], place: str | None
) -> NonFiniteError | None:
    """Give the error that says how a result came to hold NaN or infinity, if that arose here and not before.

    Infinity arises from finite operands alone, so that a mask of −∞ may pass; NaN also from infinities, and what is
    data, and no result of an operation, is named if it holds NaN.
    """
    if is_finite(result):
        return None
    nan = bool(np.isnan(result).any())
    holders = [i for i, x in enumerate(values) if not is_finite(x) and (not nan or np.isnan(x).any())]
    given = [i for i in holders if nan and not _is_result(inputs[i])]
    if holders and not given:
        return None
    where = f" at {place}" if place else ""
    if given:
        i = given[0]
        at = _find_first(np.isnan(values[i]))
        message = f"{op.name}: {names[i]} holds nan as it was given{_write_index(at)}, and is used{where}"
    else:
        at = _find_first(np.isnan(result) if nan else np.isinf(result))
        value, shape = bring(result)[at], np.shape(result)
        message = (
            f"{op.name}: the first {value} arose{where}{_write_index(at)} of a result of shape {shape}, from "
            f"{show_values(op, names, values, at, shape)}"
        )
    made = made_at(inputs)
    hint = "" if given else HINTS.get(op.name, "")
    error = f"{message}{made and f'; {made}'}.{hint and f' {hint}'}"
    return NonFiniteError(error, op, names, pick_values(op, values, at, np.shape(result)), place)


def explain_slope(y: Any, i: int, c: Any, g: Any, names: Sequence[str], place: str | None) -> NonFiniteError:
    """Give the error that says how c = ∂E/∂(input i of y) came to be no number, where g = ∂E/∂y is one."""
    op, values = y.op, y.values
    at = _find_first(~np.isfinite(c))
    shape = y.shape
    aligned = isinstance(op, Elementwise) and np.shape(c) == shape
    seed = f"∂E/∂y = {bring(g)[at]}" if aligned else f"∂E/∂y of shape {np.shape(g)}"
    shown = show_values(op, names, values, at, shape) if aligned else show_values(op, names, values, None, shape)
    where = f" at {place}" if place else ""
    hint = HINTS.get(op.name, "")
    return NonFiniteError(
        f"backward: the first {bring(c)[at]} on the way back arose in {op.name}{where}{_write_index(at)} of "
        f"∂E/∂{names[i]}, from {shown}, {seed}.{hint and f' {hint}'}",
        op,
        names,
        pick_values(op, values, at, shape) if aligned else values,
        place,
    )


def show_values(
    op: Op, names: Sequence[str], values: Sequence[Any], at: tuple[int, ...] | None, shape: tuple[int, ...]
) -> str:
    """Write the operands at an element: ``x = 0.0, b = 1.0``; where that is none, the range of each."""
    picked = values if at is None else pick_values(op, values, at, shape)
    return ", ".join(_show(name, x) for name, x in zip(names, picked, strict=True))


def pick_values(op: Op, values: Sequence[Any], at: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Give the operands' values at an element of the result; of an operation that mixes elements, all of them."""
    if not isinstance(op, Elementwise) or np.broadcast_shapes(shape, *map(np.shape, values)) != shape:
        return tuple(values)
    return tuple(np.broadcast_to(x, shape)[at][()] if len(at) == len(shape) else x for x in values)


def _show(name: str, x: Any) -> str:
    if np.ndim(x) == 0:
        return f"{name} = {x}"
    low, high = (f(x) if np.size(x) else "nothing" for f in (np.min, np.max))
    return f"{name} of shape {np.shape(x)}, from {low} to {high}"


def _find_first(wrong: Any) -> tuple[int, ...]:
    """Give the index of the first element that is true."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), np.shape(wrong)))


def _write_index(at: tuple[int, ...]) -> str:
    return f", in element {list(at)}" if at else ", in the value"


def _is_result(x: Any) -> bool:
    return isinstance(x, Tensor) and x.op is not None
