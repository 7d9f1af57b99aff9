"""Products over axes, sums and products that run along an axis, and the linear recurrence that these go back by."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod as count
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.choices import may_multiply, multiply_weights
from minigrad.ops.common.lanes import batch_along
from minigrad.ops.reduction import Axis, Reduction, counted_dtype, normalize_axis, restore_axes, static_axis


class AlongAxis(Op):
    """An operation along one axis that keeps the shape."""

    fields: ClassVar[tuple[str, ...]] = ("axis",)
    example: ClassVar[tuple[Any, ...]] = (0,)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    batch = batch_along

    def shape(self, *shapes: Shape) -> Shape:
        """Give the inputs' own shape."""
        normalize_axis(self.axis, len(shapes[0]))
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError("the shapes differ")
        return shapes[0]


class CumSum(AlongAxis):
    """The sum up to each element along an axis: yₙ = Σ xₘ over m ≤ n, so that ∂E/∂xₘ = Σ gₙ over n ≥ m."""

    name, text = "cumsum", "cumsum({x})"
    reads_values = False
    vjps = (lambda op, g, y, x: SumFromHere(op.axis)(g),)

    def forward(self, x: Any) -> Any:
        """Add up, and keep each sum."""
        return np.cumsum(x, self.axis)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's dtype; truth values and small integers are counted in the default integer."""
        return counted_dtype(*dtypes)


class SumFromHere(CumSum):
    """The sum of each element and those after it along an axis: yₙ = Σ xₘ over m ≥ n."""

    name, text = "sum_from_here", "sum_from_here({x})"
    vjps = (lambda op, g, y, x: CumSum(op.axis)(g),)

    def forward(self, x: Any) -> Any:
        """Add up from the end."""
        key = slice_along(self.axis, x, None, None, -1)
        return np.cumsum(x[key], self.axis)[key]


class Shift(AlongAxis):
    """The elements moved on along an axis by one place, or back by one: yₙ = xₙ₋₁ or xₙ₊₁, and a number at the end."""

    name, text = "shift", "shift({x})"
    fields, example = ("axis", "by", "fill"), (0, 1, 0)
    reads_values = False
    chooses = True
    vjps = (lambda op, g, y, x: Shift(op.axis, -op.by, 0)(g),)

    def __init__(self, axis: int, by: int, fill: int) -> None:
        super().__init__(axis)
        self.by, self.fill = by, fill

    def forward(self, x: Any) -> Any:
        """Move the elements, and fill the place that is left."""
        y = np.full_like(x, self.fill)
        to, of = slice_along(self.axis, x, 1, None), slice_along(self.axis, x, None, -1)
        y[to if self.by > 0 else of] = x[of if self.by > 0 else to]
        return y


class Recurrence(AlongAxis):
    """The linear recurrence yₙ = aₙ yₙ₋₁ + bₙ along an axis, from y₀ = b₀: a₀ stands for nothing.

    Its gradient is one that runs back: ∂E/∂bₙ = λₙ = gₙ + aₙ₊₁ λₙ₊₁, and ∂E/∂aₙ = λₙ yₙ₋₁.
    """

    name, letters, text = "recurrence", "ab", "recurrence({a}, {b})"
    broadcasts = True  # not in shape, but the inputs may differ in dtype, and the walk casts
    vjps = (
        lambda op, g, y, a, b: RecurrenceBack(op.axis)(a, g) * Shift(op.axis, 1, 0)(y),
        lambda op, g, y, a, b: RecurrenceBack(op.axis)(a, g),
    )

    def forward(self, a: Any, b: Any) -> Any:
        """Run along the axis: whole rows at once, or one Python number after another where there is one row."""
        if not b.shape[self.axis]:
            return a * b
        if a.ndim == 1 and np.ndarray is type(a) is type(b) and a.dtype == b.dtype == np.float64:
            return np.array(self.run(a.tolist(), b.tolist()))
        factors, terms = np.moveaxis(a, self.axis, 0), np.moveaxis(b, self.axis, 0)
        rows = self.run(*([x[n] for n in range(x.shape[0])] for x in (factors, terms)))
        return np.moveaxis(np.stack(rows), 0, self.axis)

    def run(self, a: list[Any], b: list[Any]) -> list[Any]:
        """Give the rows of y."""
        y = [b[0]]
        for n in range(1, len(b)):
            y.append(a[n] * y[-1] + b[n])
        return y


class RecurrenceBack(Recurrence):
    """The recurrence from the end, yₙ = aₙ₊₁ yₙ₊₁ + bₙ: in its gradient μₙ = gₙ + aₙ μₙ₋₁, and ∂E/∂aₙ = μₙ₋₁ yₙ."""

    name, text = "recurrence_back", "recurrence_back({a}, {b})"
    vjps = (
        lambda op, g, y, a, b: Shift(op.axis, 1, 0)(Recurrence(op.axis)(a, g)) * y,
        lambda op, g, y, a, b: Recurrence(op.axis)(a, g),
    )

    def run(self, a: list[Any], b: list[Any]) -> list[Any]:
        """Give the rows of y, from the last on."""
        y = [b[-1]]
        for n in range(len(b) - 1, 0, -1):
            y.append(a[n] * y[-1] + b[n - 1])
        return y[::-1]


def slice_along(axis: int, x: Any, first: int | None, last: int | None, step: int | None = None) -> Any:
    """Give the index of a part along an axis."""
    return (slice(None),) * normalize_axis(axis, x.ndim)[0] + (slice(first, last, step),)


class CumProd(AlongAxis):
    """The product up to each element along an axis: yₙ = ∏ xₘ over m ≤ n.

    ∂E/∂xₘ is the product before xₘ times λₘ = gₘ + xₘ₊₁ λₘ₊₁: nothing is divided by x, so that zeros are exact.
    """

    name, text = "cumprod", "cumprod({x})"
    vjps = (lambda op, g, y, x: Shift(op.axis, 1, 1)(y) * RecurrenceBack(op.axis)(x, g),)

    def forward(self, x: Any) -> Any:
        """Multiply, and keep each product."""
        return np.cumprod(x, self.axis)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's dtype; truth values and small integers are counted in the default integer."""
        return counted_dtype(*dtypes)


class Prod(Reduction):
    """The product over axes: y = ∏ x. Each element's derivative is the product of the others, zeros or not."""

    name, text, binds = "prod", "∏ {x}", 2
    vjps = (lambda op, g, y, x: _pass_on(restore_axes(g, x, op), ProdOfOthers(op.axis)(x)),)

    @property
    def unseen(self) -> Op:
        """Itself with the rule for a g that nobody sees before the code runs, which may be infinite."""
        other = Prod(self.axis, self.keepdims)
        other.vjps = (lambda op, g, y, x: multiply_weights(restore_axes(g, x, op), ProdOfOthers(op.axis)(x)),)
        return other

    def forward(self, x: Any) -> Any:
        """Multiply up over the axes."""
        return np.prod(x, self.axis, keepdims=self.keepdims)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's dtype; truth values and small integers are counted in the default integer."""
        return counted_dtype(*dtypes)


def _pass_on(g: Any, others: Any) -> Any:
    """Give g times the product of the others, of which an infinite g has no part where that is 0."""
    return g * others if may_multiply(g) else multiply_weights(g, others)


class ProdOfOthers(Op):
    """The product over axes of all elements but the own one, yₙ = ∏ xₘ over m ≠ n: of those before and those after."""

    name, text, fields, batch = "prod_of_others", "prod_of_others({x})", ("axis",), batch_along
    vjps = (lambda op, g, y, x: op.go_back(g, x),)

    def __init__(self, axis: Axis = None) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """Multiply what comes before by what comes after, along the axes in one."""
        line, unfold = _in_one_axis(x, self.axis)
        return unfold(_multiply_before(line) * _multiply_after(line))

    def go_back(self, g: Any, x: Any) -> Any:
        """Give ∂E/∂x: back through the product of those before and of those after, each a running one."""
        (line, unfold), (g, _) = _in_one_axis(x, self.axis), _in_one_axis(g, self.axis)
        before = _back_through_before(g * _multiply_after(line), line)
        after = _back_through_before((g * _multiply_before(line))[..., ::-1], line[..., ::-1])[..., ::-1]
        return unfold(before + after)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        normalize_axis(self.axis, len(shapes[0]))
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of the product."""
        return counted_dtype(*dtypes)


def _multiply_before(x: Any) -> Any:
    """Give the product of the elements before each along the last axis."""
    return Shift(-1, 1, 1)(CumProd(-1)(x))


def _multiply_after(x: Any) -> Any:
    """Give the product of the elements after each."""
    return _multiply_before(x[..., ::-1])[..., ::-1]


def _back_through_before(g: Any, x: Any) -> Any:
    """Give ∂E/∂x of the product of the elements before each."""
    return _multiply_before(x) * RecurrenceBack(-1)(x, Shift(-1, -1, 0)(g))


def _in_one_axis(x: Any, axis: Axis) -> tuple[Any, Callable[[Any], Any]]:
    """Give x with some axes made one, the last; and what undoes that."""
    axes = normalize_axis(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in axes) + axes
    moved = tuple(x.shape[i] for i in order)
    kept = x.ndim - len(axes)
    inverse = tuple(map(order.index, range(x.ndim)))
    line = np.reshape(np.transpose(x, order), (*moved[:kept], count(moved[kept:])))
    return line, lambda y: np.transpose(np.reshape(y, moved), inverse)


_prod, _cumsum, _cumprod = (lru_cache(maxsize=64)(kind) for kind in (Prod, CumSum, CumProd))


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Multiply over ``axis``; zeros are differentiated exactly, to any order."""
    return _prod(static_axis(axis, x), bool(keepdims))(x)


def cumsum(x: Any, axis: int) -> Any:
    """Add up along an axis, and keep each sum."""
    return _cumsum(axis)(x)


def cumprod(x: Any, axis: int) -> Any:
    """Multiply along an axis, and keep each product."""
    return _cumprod(axis)(x)
