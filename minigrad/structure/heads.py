"""Heads: columns that are split into groups, each of which goes its own way until all are put side by side again.

They are one array of an axis more, (…, heads, steps, columns), so that they are drawn once; a reader counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Max, Softmax, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

AXIS = -3  # of the heads


@dataclass(frozen=True, eq=False)
class Heads:
    """What so many heads do, each by itself, in the order of computation."""

    count: int
    nodes: tuple[Node, ...]


def find_heads(nodes: Iterable[Node]) -> list[Heads]:
    """Give the heads among operations that are in order; what one set of them comes to is not another's."""
    home: dict[Node, list[Node]] = {}
    groups: list[list[Node]] = []
    for node in nodes:
        if _splits(node):
            home[node] = [node]
            groups.append(home[node])
            continue
        found = [home[x] for x in node.inputs if isinstance(x, Node) and x in home]
        if not found or not _keeps_apart(node, found[0][0].shape[AXIS], home):
            continue
        first, *others = found
        first.append(node)
        home[node] = first
        for other in others:
            if other is not first:
                first += other
                home |= dict.fromkeys(other, first)
                groups = [x for x in groups if x is not other]
    alone = [x for x in groups if any(isinstance(node.op, MatMul) for node in x)]
    return [Heads(x[0].shape[AXIS], tuple(x)) for x in alone]


def _splits(node: Node) -> bool:
    """Say whether columns become groups: (…, steps, heads · n) is now (…, heads, steps, n)."""
    if not isinstance(node.op, Transpose) or node.ndim < 3 or _order(node) != _swapped(node.ndim):
        return False
    (parts,) = node.inputs
    if not isinstance(parts, Node) or not isinstance(parts.op, Reshape):
        return False
    (x,) = parts.inputs
    *front, heads, columns = parts.shape
    return isinstance(x, Node) and heads > 1 and x.shape == (*front, heads * columns)


def _keeps_apart(node: Node, heads: int, home: dict[Node, list[Node]]) -> bool:
    """Say whether what a head is comes from that head alone."""
    op, operands = node.op, [x for x in node.inputs if isinstance(x, Node)]
    if node.ndim < 3 or node.shape[AXIS] != heads:
        return False
    if isinstance(op, Transpose):
        return _order(node)[AXIS] == node.ndim + AXIS
    if isinstance(op, Sum | Max | Softmax):
        axes = normalize_axis(op.axis, operands[0].ndim)
        return min(axes) > operands[0].ndim + AXIS and node.ndim == operands[0].ndim
    known = all(x.shape[AXIS] == heads for x in operands if x in home)
    return known and isinstance(op, Elementwise | Where | Cast | MatMul | BroadcastTo)


def _order(node: Node) -> list[int]:
    assert isinstance(node.op, Transpose)
    axes = node.op.axes
    return [axis % node.ndim for axis in axes] if axes is not None else list(range(node.ndim))[::-1]


def _swapped(ndim: int) -> list[int]:
    return [*range(ndim - 3), ndim - 2, ndim - 3, ndim - 1]
