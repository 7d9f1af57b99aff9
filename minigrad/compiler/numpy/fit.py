"""Rules for NumPy alone, whose calls cost more than their arithmetic where arrays are small."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import frexp, prod
from typing import Any

import numpy as np

from minigrad.algebra.rewrite import give_dtype
from minigrad.compiler.numpy.axes import bring_forward
from minigrad.compiler.numpy.gate import find_choice, find_gate
from minigrad.compiler.passes.lower import Spread, is_view, rewrite_nodes
from minigrad.compiler.passes.rows import merge_rows
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, divide, maximum, multiply
from minigrad.ops.base import Elementwise
from minigrad.ops.indexing import Index, Scatter, is_basic
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Max, Sum, normalize_axis
from minigrad.ops.shaping import Reshape, Transpose

SMALL = 2048  # elements, up to which NumPy's broadcasting costs more than it spares: 0.9 µs, filling and adding 0.4
FEW = 4  # columns, up to which their maximum is quicker to take one by one: 1.1 µs by maximum.reduce, 0.3 for each
MOST = 12  # of powers of two, whose inverses float16 has, too


def fit_outputs(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in operations that are quick calls of NumPy."""
    outputs = bring_forward(outputs)
    forwarded = (_forward_number, _narrow_arrays, _forward_number)
    last = (_shape_operands, _total_rows, _flatten_sum, _multiply_by_part)
    for rule in (find_gate, find_choice, merge_rows, *forwarded, *last):
        outputs = rewrite_nodes(outputs, rule)
    return _copy_once(outputs)


def _multiply_by_part(node: Node) -> Any:
    """x / 2 = ½ x of an array, to the same bits, and so by every power of two: NumPy divides half as fast."""
    if node.op != divide or not node.shape or node.dtype.kind != "f":
        return None
    x, n = node.inputs
    if isinstance(n, Node) or not isinstance(x, Node) or x.dtype != node.dtype:
        return None
    exact = n and abs(frexp(n)[0]) == 0.5 and abs(frexp(n)[1] - 1) <= MOST
    return multiply(x, 1 / n) if exact else None


def _flatten_sum(node: Node) -> Any:
    """Sum over the first axes of several, or the last, as over one of two: a product with ones takes a sixth as long.

    Of an array of the code's own, which lies in order.
    """
    if not isinstance(node.op, Sum):
        return None
    (x,) = node.inputs
    if not isinstance(x, Node) or x.ndim < 3 or x.op is None or x.dtype.kind != "f":
        return None
    if is_view(x.op) and not isinstance(x.op, Reshape):
        return None
    axes = normalize_axis(node.op.axis, x.ndim)
    n = len(axes)
    if not x.size or n in (0, x.ndim) or axes not in (tuple(range(n)), tuple(range(x.ndim - n, x.ndim))):
        return None
    first = axes[0] == 0
    rows = prod(x.shape[:n] if first else x.shape[:-n])
    return Reshape(node.shape)(Sum(0 if first else 1)(Reshape((rows, x.size // rows))(x)))


def _copy_once(outputs: Sequence[Any]) -> list[Any]:
    """Take shapes of what does not lie in order from one copy of it, where each would be a copy."""
    copies: dict[Node, Node] = {}

    def from_copy(node: Node) -> Any:
        if not isinstance(node.op, Reshape) or not isinstance(node.inputs[0], Node):
            return None
        (x,) = node.inputs
        if not isinstance(x.op, Transpose) or copies.setdefault(x, node) is node:
            return None
        return Reshape(node.shape)(copies[x])

    return rewrite_nodes(outputs, from_copy)


def _narrow_arrays(node: Node) -> Any:
    """Compute with arrays of one element as numbers: 0.05 µs an operation instead of 0.25."""
    if isinstance(node.op, Reshape) and node.size == 1:
        number = give_dtype(_as_number(node.inputs[0]))
        if not node.shape:
            return number
        return Spread(node.shape)(number) if isinstance(number, Node) and number.op is not node.op else None
    if not isinstance(node.op, Elementwise) or node.size != 1 or not node.shape:
        return None
    if isinstance(node.op, Power) and node.inputs[0].dtype.kind == "b":
        return None  # of an array an int8, and of a number an int64
    return Spread(node.shape)(node.apply(node.op, tuple(_as_number(x) for x in node.inputs)))


def _forward_number(node: Node) -> Any:
    """Take a number that fills an array where that is, not from there: to write it and to read it takes 0.1 µs each."""
    if isinstance(node.op, Scatter) and node.size == 1 and node.inputs[0].shape == () and is_basic(node.op.key):
        (x,) = node.inputs
        return Spread(node.shape)(x) if x.dtype == node.dtype and not x.weak else None
    if isinstance(node.op, Index) and not isinstance(node.op, Scatter) and not node.shape and is_basic(node.op.key):
        (x,) = node.inputs
        while isinstance(x, Node) and isinstance(x.op, Spread | Reshape):
            (x,) = x.inputs
            if isinstance(x, Node) and not x.shape:
                return x if x.dtype == node.dtype and not x.weak else None
    return None


def _as_number(x: Any) -> Any:
    if not isinstance(x, Node) or not x.shape:
        return x
    while isinstance(x, Node) and x.shape and isinstance(x.op, Reshape | Spread):
        (x,) = x.inputs
    return Reshape(())(x) if isinstance(x, Node) and x.shape else give_dtype(x)


def _shape_operands(node: Node) -> Any:
    """Let small operands have the shape of their result; NumPy is quickest where nothing has to be broadcast."""
    op, inputs = node.op, node.inputs
    if type(op) is Max and op.keepdims and op.axis == 1 and inputs[0].shape[1] <= FEW:
        (x,) = inputs
        columns = [Index((slice(None), i))(x) for i in range(x.shape[1])]
        return Reshape(node.shape)(reduce(maximum, columns)) if len(columns) > 1 and x.size <= SMALL else None
    if not isinstance(op, Elementwise) or not 1 < node.size <= SMALL or len(inputs) < 2:
        return None
    alike = tuple(_in_shape(x, node.shape) for x in inputs)
    return None if all(x is y for x, y in zip(alike, inputs, strict=True)) else node.apply(op, alike)


def _in_shape(x: Any, shape: tuple[int, ...]) -> Any:
    """Give an operand in a shape that it is broadcast to; a number is quick as it is."""
    if not isinstance(x, Node) or x.shape == shape or not x.shape:
        return x
    if x.size == prod(shape):
        return Reshape(shape)(x)
    if isinstance(x.op, Elementwise) and len(x.inputs) == 1:  # log Σ, say: then Σ itself serves all of its users
        return x.apply(x.op, (_in_shape(x.inputs[0], shape),))
    return Spread(shape)(x)


def _total_rows(node: Node) -> Any:
    """The total of each row in each of its columns is one product with ones."""
    if not isinstance(node.op, Spread) or node.ndim != 2:
        return None
    (total,) = node.inputs
    if not isinstance(total.op, Sum) or not total.op.keepdims or total.op.axis not in (1, (1,), -1):
        return None
    (x,) = total.inputs
    if x.shape != node.shape or x.dtype.kind != "f" or x.shape[1] > 4 * FEW:
        return None
    return matmul(x, _make_ones(x.shape[1], x))


def _make_ones(n: int, like: Node) -> Node:
    """Give an n × n matrix of ones of a Node's dtype, the same one each time."""
    key = ("ones", n, like.dtype)
    table = like.table if like.table is not None else {}
    if key not in table:
        ones = np.ones((n, n), like.dtype)
        table[key] = Node(shape=ones.shape, dtype=ones.dtype, table=like.table, value=ones)
    return table[key]
