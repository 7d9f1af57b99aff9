"""How the elements of traced values would lie in memory, by which NumPy makes of a reshape a view or a copy."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minigrad.engine.node import Node, order_nodes
from minigrad.ops.base import Elementwise
from minigrad.ops.places.assignment import Assign
from minigrad.ops.places.own_memory import CopyInOrder
from minigrad.ops.shaping import Cast

Strides = tuple[int, ...]  # counted in elements


class Lying:
    """What is known of it: of inputs by the arrays that they were at the trace, of results by NumPy's own rules.

    A result's elements need not lie in order: x.T + 1 lies as x.T does. ``asked`` are the inputs whose order has told a
    view from a copy, so that the trace is for arrays that lie as these did.
    """

    def __init__(self) -> None:
        self.strides: dict[Node, Strides] = {}
        self.asked: dict[Node, Strides] = {}  # of inputs: the strides of their arrays, in bytes
        self._given: dict[Node, Strides] = {}

    def note_input(self, node: Node, array: Any) -> None:
        """Note how the array of an input lies."""
        if isinstance(array, np.ndarray) and array.ndim:
            self._given[node] = array.strides

    def lay_out(self, node: Node) -> np.ndarray[Any, Any]:
        """Give an array that lies as a value would, of one byte an element; nobody is to read it."""
        for x in order_nodes([node]):
            if x not in self.strides:
                self.strides[x] = self._find_strides(x)
        return _array_like(node.shape, self.strides[node], np.bool_)

    def _find_strides(self, node: Node) -> Strides:
        if node in self._given:
            self.asked[node] = self._given[node]
            return tuple(s // node.dtype.itemsize for s in self._given[node])
        if node.op is None or isinstance(node.op, CopyInOrder):
            return _in_order(node.shape)
        if isinstance(node.op, Assign) and isinstance(node.inputs[0], Node):
            return self.strides[node.inputs[0]]  # which is written into
        if isinstance(node.op, Elementwise | Cast):
            operands = [_array_like(x.shape, self.strides[x], np.bool_) for x in node.inputs if isinstance(x, Node)]
            return _of_ufunc(operands) if node.shape else ()
        operands = [
            _array_like(x.shape, self.strides[x], x.dtype, seen=node.op.views) if isinstance(x, Node) else x
            for x in node.inputs
        ]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                y = node.op.forward(*operands)
            except Exception:  # zeros may be nothing for it, as a matrix to invert
                return _in_order(node.shape)
        return tuple(s // y.itemsize for s in y.strides) if isinstance(y, np.ndarray) else ()


def lies_alike(array: Any, strides: Collection[int]) -> bool:
    """Say whether the elements of an array lie as those of the traced one did."""
    return getattr(array, "strides", strides) == strides


def _of_ufunc(operands: list[Any]) -> Strides:
    """Give how NumPy lays out what it computes of each element."""
    flags: Any = [["readonly"]] * len(operands) + [["writeonly", "allocate"]]
    at = np.nditer([*operands, None], ["zerosize_ok"], flags, order="K")
    return at.operands[-1].strides


def _in_order(shape: tuple[int, ...]) -> Strides:
    return np.empty(shape, np.bool_).strides


def _array_like(shape: tuple[int, ...], strides: Strides, dtype: Any, seen: bool = True) -> Any:
    """Give an array that lies so: zeros, or if they are only ``seen`` a view of what is not there."""
    size = np.dtype(dtype).itemsize
    if seen:
        return as_strided(np.empty(1, dtype), shape, [s * size for s in strides])
    if 0 in shape:
        return np.zeros(shape, dtype)
    order = sorted(range(len(shape)), key=lambda i: -abs(strides[i]))  # broadcast axes and steps lie as they may
    return np.zeros([shape[i] for i in order], dtype).transpose(np.argsort(order) if order else None)
