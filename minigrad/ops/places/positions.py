"""What NumPy says of elements that is none of them: which is the largest, where one would be inserted, if any holds."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import align_lanes, apply_each, shift_axis

TRUTHS = frozenset(("any", "all", "isclose", "isin", "allclose", "array_equal", "array_equiv"))
COUNTS = frozenset(("any", "all", "count_nonzero"))  # over any number of axes
ORDERS = frozenset(("argsort", "argpartition"))  # along the last axis, if none is named
OPERANDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("argmax", "argmin", "nanargmax", "nanargmin", "argsort", "argpartition"), ("a",)),
    **dict.fromkeys(("any", "all", "count_nonzero"), ("a",)),
    **dict.fromkeys(("isclose", "allclose"), ("a", "b")),
    **dict.fromkeys(("array_equal", "array_equiv"), ("a1", "a2")),
    "searchsorted": ("a", "v"),
    "digitize": ("x", "bins"),
    "isin": ("element", "test_elements"),
}  # what the function is of; its other arguments say how


class Positions(Op):
    """A function of NumPy's that gives positions, counts or truth values, which have no derivative, of one shape.

    ``options`` are the arguments by name that say how, as in ``Positions("argmax", (("axis", 0),))``.
    """

    name, vjps, differentiable = "positions", (None, None), False
    fields: ClassVar[tuple[str, ...]] = ("function", "options")
    example: ClassVar[tuple[Any, ...]] = ("argmax", ())

    def __init__(self, function: str, options: tuple[tuple[str, Any], ...] = ()) -> None:
        self.function, self.options, self.name = function, options, function
        self.letters = "ab"[: len(OPERANDS[function])] if len(OPERANDS[function]) > 1 else "x"
        self.text = f"{function}({', '.join(f'{{{letter}}}' for letter in self.letters)})"

    def batch(self, *inputs: Any) -> Any:
        """Ask of all lanes at once, along an axis behind theirs; what is of two wholes, of one lane after the other."""
        if self.function == "isclose":
            return self(*align_lanes(inputs))
        if len(OPERANDS[self.function]) > 1:
            return apply_each(self, *inputs)
        (x,), options = inputs, dict(self.options)
        axis = options.get("axis", -1 if self.function in ORDERS else None)
        kept = (x.shape[0], *(1,) * (x.ndim - 1))
        if axis is None and self.function not in COUNTS:
            x, axis = np.reshape(x, (x.shape[0], -1)), 0
        if "keepdims" in options and x.ndim != len(kept):
            del options["keepdims"]
            return np.reshape(self._along(options, axis, x), kept)
        return self._along(options, axis, x)

    def _along(self, options: dict[str, Any], axis: Any, x: Any) -> Any:
        options["axis"] = shift_axis(axis, x.ndim)
        return type(self)(self.function, tuple(sorted(options.items())))(x)

    def forward(self, *arrays: Any) -> Any:
        """Ask NumPy."""
        return getattr(np, self.function)(*arrays, **dict(self.options))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what NumPy says of as many zeros."""
        return np.shape(self.forward(*map(np.zeros, shapes)))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of truth values, or of indices."""
        return np.dtype(np.bool_ if self.function in TRUTHS else np.intp)


def find_positions(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Give what a call of NumPy's is as an operation, and its operands; None if an argument beside them is an array."""
    names = OPERANDS.get(f.__name__, ())
    if not names or getattr(np, f.__name__) is not f:
        return None
    called = signature(f)
    given = dict(called.bind(*args, **kwargs).arguments)
    operands = tuple(given.pop(name) for name in names)
    options = tuple((name, x) for name, x in sorted(given.items()) if x is not called.parameters[name].default)
    static = all(x is None or isinstance(x, bool | int | float | str | tuple) for _, x in options)
    return (Positions(f.__name__, options), operands) if static else None
