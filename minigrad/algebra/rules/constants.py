"""Numbers are computed, and copies of a number are that number in whatever shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise
from minigrad.ops.indexing import Index, Scatter, is_basic
from minigrad.ops.shaping import BroadcastTo, Reshape, Transpose


def compute_constant(node: Node) -> Any:
    """2 + 3 = 5, where the value is finite, and so for whatever is computed from numbers or a sum of their copies."""
    numbers = [number_of(x) for x in node.inputs]
    if node.op is None or any(x is None for x in numbers) or (node.shape and not isinstance(node.op, Elementwise)):
        return None
    if not node.size and node.dtype.kind not in "fc":  # nobody asks for 2⁻¹, which of integers is an error
        return None
    whole = any(isinstance(x, Node) and x.dtype.kind not in "fc" for x in node.inputs)
    whole = whole or all(isinstance(n, int) for n in numbers)
    arrays: list[Any] = []
    for x, n in zip(node.inputs, numbers, strict=True):
        own = isinstance(x, Node) and x.dtype.kind not in "fc"  # integers wrap, and truth values add up to one
        if whole and not isinstance(x, Node) and isinstance(n, int):  # beside those an int is none of float64's
            arrays.append(n)
            continue
        value = np.asarray(n, x.dtype if own else np.result_type(n, np.float64))
        arrays.append(np.broadcast_to(value, () if node.shape else np.shape(x)))
    with np.errstate(all="ignore"):  # 0 / 0 is left to whoever evaluates the graph, and warned of there
        value = np.asarray(node.op.forward(*arrays))
    return in_shape_of(value.item(), node) if np.isfinite(value) else None


@on(Reshape, Transpose, Index)
def move_copies(node: Node) -> Any:
    """reshape(c) = c, for copies of a number c, and so for ᵀ and […]."""
    if not isinstance(node.op, Reshape | Transpose | Index) or isinstance(node.op, Scatter):
        return None
    if isinstance(node.op, Index) and not is_basic(node.op.key):
        return None
    (x,) = node.inputs
    number = number_of(x)
    return None if number is None or not isinstance(x, Node) else in_shape_of(number, node)


def broadcast_operand(node: Node) -> Any:
    """broadcast_to(a) ⊙ b = a ⊙ b, where b has the shape already, and so for every elementwise operation."""
    if not isinstance(node.op, Elementwise):
        return None
    inner = [x.inputs[0] if isinstance(x, Node) and isinstance(x.op, BroadcastTo) else x for x in node.inputs]
    if all(x is y for x, y in zip(inner, node.inputs, strict=True)):
        return None
    numbers = [x if number_of(x) is None or np.shape(x) else number_of(x) for x in inner]
    if not any(isinstance(x, Node) for x in numbers):
        return None
    made = node.apply(node.op, tuple(numbers))
    if not node.size and made.size:  # 0⁻¹ of one number warns, or is an error, where the power of none is not
        return None
    return in_shape_of(made, node)
