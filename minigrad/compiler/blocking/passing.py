"""How one axis of an operation's operands runs on in its result, and the operation on a part of that axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minigrad.compiler.passes.lower import Spread
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Max, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Transpose


@dataclass(frozen=True)
class Passing:
    """An axis on its way through an operation: ``result`` is which axis it is there, None where it is summed over.

    ``operands`` has which it is of each operand, and None of one that does not have it.
    """

    result: int | None
    operands: tuple[int | None, ...]


def pass_axis(node: Node, axes: Mapping[Node, int]) -> Passing | None:
    """Say how an axis, known for some operands, passes through an operation.

    None where the operation cannot be done for a part of the axis by itself.
    """
    op = node.op
    if isinstance(op, MatMul):
        return _pass_product(node, axes)
    if isinstance(op, Elementwise | Where | Cast) or (isinstance(op, BroadcastTo) and not isinstance(op, Spread)):
        return _pass_aligned(node, axes)
    x = node.inputs[0] if node.inputs else None
    if not isinstance(x, Node) or x not in axes:
        return None
    if isinstance(op, Transpose):
        order = _order(op, node.ndim)
        return Passing(order.index(axes[x]), (axes[x],))
    if isinstance(op, Sum | Max):
        reduced = normalize_axis(op.axis, x.ndim)
        if axes[x] in reduced:
            return Passing(None, (axes[x],)) if isinstance(op, Sum) else None
        gone = 0 if op.keepdims else sum(axis < axes[x] for axis in reduced)
        return Passing(axes[x] - gone, (axes[x],))
    return None


def _order(op: Transpose, ndim: int) -> list[int]:
    return [axis % ndim for axis in op.axes] if op.axes is not None else list(range(ndim))[::-1]


def _from_right(node: Node, axes: Mapping[Node, int]) -> dict[int, int]:
    """Give how far from the last axis the axis is, of each operand that is known to have it."""
    return {i: x.ndim - axes[x] for i, x in enumerate(node.inputs) if isinstance(x, Node) and x in axes}


def _pass_aligned(node: Node, axes: Mapping[Node, int]) -> Passing | None:
    """Operands are broadcast: axes that are as far from the last one are one."""
    found = set(_from_right(node, axes).values())
    if len(found) != 1:
        return None
    (back,) = found
    return Passing(node.ndim - back, tuple(_axis_at(x, back) for x in node.inputs))


def _axis_at(x: Any, back: int) -> int | None:
    return x.ndim - back if isinstance(x, Node) and x.ndim >= back else None


def _pass_product(node: Node, axes: Mapping[Node, int]) -> Passing | None:
    """Rows of a and columns of b are those of a b; columns of a and rows of b are summed over."""
    if len(node.inputs) != 2 or not all(isinstance(x, Node) and x.ndim > 1 for x in node.inputs):
        return None
    a, b = node.inputs
    back = _from_right(node, axes)
    if all(n > 2 for n in back.values()):
        return _pass_aligned(node, axes)
    if back.get(0, 1) == 1 and back.get(1, 2) == 2:
        return Passing(None, (a.ndim - 1, b.ndim - 2))
    if back == {0: 2}:
        return Passing(node.ndim - 2, (a.ndim - 2, None))
    return Passing(node.ndim - 1, (None, b.ndim - 1)) if back == {1: 1} else None


def follow_axis(nodes: Sequence[Node], axes: dict[Node, int]) -> dict[Node, Passing] | None:
    """Say how an axis passes through all of some operations, in order, from those of which ``axes`` has it.

    ``axes`` gets it of the others. None where it does not pass through one of them, or one does not have it. What is
    broadcast from elsewhere to the shape of the first has it where that does: if not, what takes both will say so.
    """
    found: dict[Node, Passing] = {}
    first, axis = next(iter(axes.items()))
    for node in nodes:
        passing = _begin(node, axes[node]) if node in axes else pass_axis(node, axes)
        if passing is None and type(node.op) is BroadcastTo and node.shape == first.shape:
            passing = Passing(axis, (_axis_at(node.inputs[0], node.ndim - axis),))
        if passing is None:
            return None
        found[node] = passing
        if passing.result is not None:
            axes[node] = passing.result
    return found


def _begin(node: Node, axis: int) -> Passing | None:
    """Say of which operands of a product an axis of its result is."""
    a, b = node.inputs
    back = node.ndim - axis
    if back > 2:
        return Passing(axis, (_axis_at(a, back), _axis_at(b, back)))
    return Passing(axis, (a.ndim - 2, None) if back == 2 else (None, b.ndim - 1))


def drop_axis(op: Op, axis: int, result: int | None, ndim: int) -> Op:
    """Give an operation for operands that have lost an axis, which of the first was ``axis`` and of the result another.

    ``ndim`` is the number of the first operand's axes.
    """
    if isinstance(op, Transpose):
        order = [i for i in _order(op, ndim) if i != axis]
        return Transpose(tuple(i - (i > axis) for i in order))
    if isinstance(op, Sum | Max):
        reduced = [i for i in normalize_axis(op.axis, ndim) if i != axis]
        return type(op)(tuple(i - (i > axis) for i in reduced), op.keepdims)
    if isinstance(op, BroadcastTo):
        assert result is not None
        return BroadcastTo(op.to[:result] + op.to[result + 1 :])
    return op


def cut_axis(op: Op, result: int | None, size: int) -> Op:
    """Give an operation for operands that have so many places left of an axis."""
    if isinstance(op, BroadcastTo):
        assert result is not None
        return BroadcastTo((*op.to[:result], size, *op.to[result + 1 :]))
    return op
