"""Cell: an array that is written in place, as an update rule does, stood in for by the expression of its contents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.engine.protocols.numpy_protocol import UFUNCS
from minigrad.ops import arithmetic
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.shaping import BroadcastTo, Cast


class Item(Elementwise):
    """The one element of an array as a Python number, which takes the dtype of whatever it meets (NEP 50)."""

    weak = True

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype that the array has."""
        return np.result_type(*dtypes)


item = Item("item", lambda x: x.item(), None, text="{x}")


def _node(x: Any) -> Any:
    return x.node if isinstance(x, Cell) else x


def _value(op: Op) -> Callable[[Cell, Any], Cell]:
    return lambda self, other: Cell(op(self.node, _node(other)))


def _reflected(op: Op) -> Callable[[Cell, Any], Cell]:
    return lambda self, other: Cell(op(other, self.node))


def _in_place(op: Op) -> Callable[[Cell, Any], Cell]:
    return lambda self, other: self.write(op(self.node, _node(other)))


class Cell:
    """Stands where an update rule expects an array, and writes down what the rule does to it.

    ``w -= multiply(g, eta, buf)`` leaves ``buf.node`` as g ⊙ η and ``w.node`` as w − g ⊙ η. A rule is stated once, in
    place and in NumPy, and read here as the expression of its result.
    """

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.node.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.node.dtype

    def item(self) -> Cell:
        """Give the one element as a number, which what was computed from numbers alone is."""
        return Cell(self.node if self.node.weak else self.node.apply(item, (self.node,)))

    def write(self, node: Any) -> Cell:
        """Take new contents, in the shape and dtype that this array has."""
        old = self.node
        if np.shape(node) != old.shape:
            node = BroadcastTo(old.shape)(node if isinstance(node, Node) else old.constant(np.asarray(node)))
        if isinstance(node, Node) and node.dtype != old.dtype and not node.weak:
            node = Cast(old.dtype)(node)
        self.node = node
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Cell:
        op = UFUNCS.get(ufunc) if method == "__call__" and not kwargs else None
        if op is None:
            raise TypeError(f"np.{ufunc.__name__} in an update rule cannot be compiled: it is no operation here")
        result: Any = op(*(_node(x) for x in inputs))
        return Cell(result) if out is None else out[0].write(result)

    def __setitem__(self, key: Any, value: Any) -> None:
        if key is not Ellipsis and key != slice(None):
            raise TypeError("an update rule that writes single elements cannot be compiled: write the whole array")
        self.write(_node(value))

    def __neg__(self) -> Cell:
        return Cell(-self.node)

    __add__, __radd__, __iadd__ = _value(arithmetic.add), _reflected(arithmetic.add), _in_place(arithmetic.add)
    __sub__, __rsub__ = _value(arithmetic.subtract), _reflected(arithmetic.subtract)
    __isub__ = _in_place(arithmetic.subtract)
    __mul__, __rmul__ = _value(arithmetic.multiply), _reflected(arithmetic.multiply)
    __imul__ = _in_place(arithmetic.multiply)
    __truediv__, __rtruediv__ = _value(arithmetic.divide), _reflected(arithmetic.divide)
    __itruediv__ = _in_place(arithmetic.divide)
    __pow__, __rpow__ = _value(arithmetic.power), _reflected(arithmetic.power)
