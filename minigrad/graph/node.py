"""Node: an expression without data, built by the same syntax and the same rules as a Tensor's record."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from minigrad.op import Op, Shape
from minigrad.operand import Operand

_next_serial = count(1).__next__


class Node(Operand):
    """An expression: a named input, or an operation on other expressions, of known shape and dtype.

    Applying an Op to Nodes computes nothing and gives the Node of the result, so an operation's rules, called with
    Nodes, write down the gradient's formula.

    >>> x = Node(name="x", shape=(3,))
    >>> (1 - x * x).shape
    (3,)
    """

    __slots__ = ("_dtype", "_shape", "inputs", "name", "op", "serial", "values")
    has_data = False

    def __init__(
        self,
        op: Op | None = None,
        inputs: tuple[Any, ...] = (),
        *,
        name: str | None = None,
        shape: Shape = (),
        dtype: Any = np.float64,
    ) -> None:
        self.op, self.inputs, self.values, self.name = op, inputs, inputs, name
        self._shape, self._dtype, self.serial = shape, np.dtype(dtype), _next_serial()

    @property
    def shape(self) -> Shape:
        """Length of each axis."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self._dtype

    @property
    def data(self) -> Node:
        """The expression itself: where a walk over Tensors computes with arrays, one over Nodes writes formulas."""
        return self

    def _apply(self, op: Op, inputs: tuple[Any, ...]) -> Node:
        inputs = tuple(x if isinstance(x, Node | int | float) else np.asarray(x) for x in inputs)
        shape = op.shape(*(np.shape(x) for x in inputs))
        dtype = op.dtype(*(x if isinstance(x, int | float) else x.dtype for x in inputs))
        return Node(op, inputs, shape=shape, dtype=dtype)

    def __repr__(self) -> str:
        return f"Node({self.name or self.op!r}, shape={self.shape})"
