"""Elements put in order along an axis, the orders themselves, and where numbers stand in one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape, as_array
from minigrad.ops.common.lanes import count_lanes, spread_lanes
from minigrad.ops.cumulative import AlongAxis, slice_along
from minigrad.ops.indexing import OfTheFirst


class ArgSort(AlongAxis):
    """The positions that put the elements in order; equal ones stay as they stand, NaN comes last."""

    name, text, vjps, differentiable = "argsort", "argsort({x})", (None,), False

    def forward(self, x: Any) -> Any:
        """Give the positions, of a stable sort."""
        return np.argsort(x, self.axis, kind="stable")

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of indices."""
        return np.dtype(np.intp)


class Reorder(AlongAxis):
    """The elements in another order along an axis: yₙ = x at iₙ, of an order i that has each position once.

    The gradient goes back by the inverse order, which is the one that sorts i.
    """

    name, letters, text = "reorder", "xi", "reorder({x}, {i})"
    vjps = OfTheFirst(lambda op, g, y, x, i: Reorder(op.axis)(g, ArgSort(op.axis)(i)))

    def forward(self, x: Any, i: Any) -> Any:
        """Take the elements."""
        return np.take_along_axis(x, i, self.axis)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of x."""
        return np.result_type(dtypes[0])


class Sort(AlongAxis):
    """The elements in ascending order along an axis, NaN last. Each has its gradient back, equal ones by position."""

    name, text = "sort", "sort({x})"
    vjps = (lambda op, g, y, x: Reorder(op.axis)(g, op.rank(x)),)

    def forward(self, x: Any) -> Any:
        """Sort."""
        return np.sort(x, self.axis)

    def rank(self, x: Any) -> Any:
        """Give the place that each element comes to."""
        order = ArgSort(self.axis)
        return order(order(x))


class OrderStatistics(Sort):
    """The elements in ascending order along an axis, all of which are NaN if one is, as NumPy has it for a median."""

    name = "order_statistics"

    def forward(self, x: Any) -> Any:
        """Sort, and look at the last."""
        y = np.sort(x, self.axis)
        if y.dtype.kind not in "fc" or not y.shape[self.axis]:
            return y
        last = y[slice_along(self.axis, y, -1, None)]
        return np.where(np.isnan(last), last, y)


class Partition(Sort):
    """The elements in such an order that those at some places stand where a sort has them, smaller ones before."""

    name, text = "partition", "partition({x})"
    fields: ClassVar[tuple[str, ...]] = ("kth", "axis")
    example: ClassVar[tuple[Any, ...]] = (1, 0)
    vjps = (lambda op, g, y, x: Reorder(op.axis)(Reorder(op.axis)(g, ArgSort(op.axis)(y)), op.rank(x)),)

    def __init__(self, kth: int | tuple[int, ...], axis: int) -> None:
        super().__init__(axis)
        self.kth = kth

    def forward(self, x: Any) -> Any:
        """Partition."""
        return np.partition(x, self.kth, self.axis)


class SearchSorted(Op):
    """Where numbers would be inserted into sorted ones: before those that are equal, or on the right of them."""

    name, letters, text, vjps, differentiable = "searchsorted", "ab", "searchsorted({a}, {b})", (None, None), False
    fields, example = ("side",), ("left",)

    def __init__(self, side: str) -> None:
        self.side = side

    def forward(self, a: Any, b: Any) -> Any:
        """Give the positions."""
        return np.searchsorted(a, b, self.side)  # type: ignore[call-overload]

    def batch(self, a: Any, b: Any) -> Any:
        """Search in every lane: among all of a and b in order, a place is the number's own less those of b before it.

        NumPy searches by halves, which is as good for ascending numbers alone.
        """
        b = b if getattr(b, "ndim", 0) else np.reshape(as_array(b), (1,))
        if a.shape[0] == 1:
            return self(np.reshape(a, a.shape[1:]), b)
        n, each = count_lanes((a, b)), b.shape[1:]
        a, b = spread_lanes((a, np.reshape(b, (b.shape[0], int(np.prod(each))))))
        rank, left = Sort(1).rank, self.side == "left"
        ranks = rank(np.concatenate([b, a] if left else [a, b], axis=1))  # a stable order: the first of equal ones
        ranks = ranks[:, : b.shape[1]] if left else ranks[:, a.shape[1] :]
        return np.reshape(ranks - rank(b), (n, *each))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the numbers."""
        return shapes[1]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of indices."""
        return np.dtype(np.intp)
