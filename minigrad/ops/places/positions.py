"""What NumPy says of elements that is none of them: which is the largest, where one would be inserted, if any holds."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import align_lanes, apply_each, count_lanes, shift_axis
from minigrad.ops.places.sorting import SearchSorted

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
        """Ask of all lanes at once, along an axis behind theirs."""
        if self.function == "isclose":
            return self(*align_lanes(inputs))
        if len(inputs) > 1:
            return self._batch_wholes(*inputs)
        (x,), options = inputs, dict(self.options)
        axis = options.get("axis", -1 if self.function in ORDERS else None)
        kept = (x.shape[0], *(1,) * (x.ndim - 1))
        if axis is None and self.function not in COUNTS:
            x, axis = np.reshape(x, (x.shape[0], -1)), 0
        if "keepdims" in options and x.ndim != len(kept):
            del options["keepdims"]
            return np.reshape(self._along(options, axis, x), kept)
        return self._along(options, axis, x)

    def _batch_wholes(self, a: Any, b: Any) -> Any:
        """Ask how two wholes are related in each lane, of one at a time where its bins are, which may descend."""
        options = dict(self.options)
        whole = {"digitize": b, "isin": b, "searchsorted": a}.get(self.function)
        if whole is not None and whole.shape[0] == 1:
            whole = np.reshape(whole, whole.shape[1:])
            return self(whole, b) if self.function == "searchsorted" else self(a, whole)
        if self.function == "searchsorted" and not options.keys() - {"side"}:
            return SearchSorted(options.get("side", "left")).batch(a, b)
        if self.function == "isin":
            found = _holds(a, b)
            return np.logical_not(found) if options.get("invert") else found
        if self.function in ("allclose", "array_equal", "array_equiv"):
            return self._agree(options, a, b)
        return apply_each(self, a, b)

    def _agree(self, options: dict[str, Any], a: Any, b: Any) -> Any:
        """Say of each lane whether all elements of one are those of the other."""
        n, shapes = count_lanes((a, b)), [x.shape[1:] for x in (a, b)]
        if self.function == "allclose":
            alike = Positions("isclose", self.options).batch(a, b)
        elif _meet(*shapes) and (self.function == "array_equiv" or shapes[0] == shapes[1]):
            alike = np.equal(*align_lanes((a, b)))
            if options.get("equal_nan"):
                alike = np.logical_or(alike, np.logical_and(np.not_equal(a, a), np.not_equal(b, b)))
        else:
            return np.zeros(n, np.bool_)
        return np.all(np.reshape(alike, (alike.shape[0], -1)), axis=1)

    def _along(self, options: dict[str, Any], axis: Any, x: Any) -> Any:
        options["axis"] = shift_axis(axis, x.ndim)
        return type(self)(self.function, tuple(sorted(options.items())))(x)

    def forward(self, *arrays: Any) -> Any:
        """Ask NumPy."""
        return getattr(np, self.function)(*arrays, **dict(self.options))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what NumPy says of as many zeros."""
        return np.shape(self.forward(*(np.zeros(shape, np.intp) for shape in shapes)))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of truth values, or of indices."""
        return np.dtype(np.bool_ if self.function in TRUTHS else np.intp)


def _holds(x: Any, among: Any) -> Any:
    """Say of each element whether it is among those of its lane."""
    among = np.reshape(among, (among.shape[0], *(1,) * (x.ndim - 1), -1))
    return np.any(np.equal(np.expand_dims(x, -1), among), axis=-1)


def _meet(a: Shape, b: Shape) -> bool:
    """Say whether two shapes broadcast."""
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


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
