"""Which operations of a plan run in one loop, and where in one piece of memory their results lie.

Elementwise operations of one shape share a loop, and so do the sums and maxima over what the loop computes; what only
the loop itself needs is never stored. A product of matrices is a unit of its own, with an addition to a parameter
drawn into it: W ← W − Yᵀ δ is one call of BLAS.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.passes.layouts import Layout, contiguous_strides, find_steps, index_layout, layout, positions
from minigrad.compiler.passes.lower import AddAt, is_view
from minigrad.compiler.passes.picking import choose_places
from minigrad.compiler.passes.plan import Plan, root
from minigrad.compiler.refusals import Unsupported, refused_for
from minigrad.compiler.rolling.loop import Loop
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, add
from minigrad.ops.base import Elementwise, Shape, placeholder
from minigrad.ops.cumulative import CumProd, CumSum, Prod, Recurrence, Shift
from minigrad.ops.indexing import Gather, Index, Scatter, ScatterAt, gives_view
from minigrad.ops.linalg import Inner, MatMul
from minigrad.ops.matrices.inverses import OfMatrices
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.places.assignment import Assign
from minigrad.ops.reduction import Max, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Concatenate, Reshape, Stack, Transpose

MOST = 200  # operations of a loop: one of 3 700 took LLVM 6 s, three times as long for each as one of 1 200


@dataclass(eq=False)
class Loops:
    """Elementwise operations and reductions over one index space."""

    shape: Shape
    late: bool
    members: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Alone:
    """An operation that shares no loop."""

    node: Node

    @property
    def members(self) -> list[Node]:
        """The operation."""
        return [self.node]


@dataclass(eq=False)
class Product(Alone):
    """A matrix product, stored; or, with ``into``, subtracted from or added to what is there (``sign`` −1 or 1)."""

    into: Node | None = None
    sign: int = 0


@dataclass(eq=False)
class Number(Alone):
    """An operation on numbers."""


@dataclass(eq=False)
class Parts(Alone):
    """An array put together from parts, each copied to a region of it; what no part covers is 0, or as in ``start``.

    Of a region there are the part, the shape, to which that is broadcast, and where the elements go, with the array
    itself as the base. To an ``AddAt`` the parts are added.
    """

    start: Node | None
    regions: list[tuple[Any, Shape, Layout]]


@dataclass(eq=False)
class Picked(Alone):
    """Elements at positions that arrays name: read from there (Gather, Index), or added up there (ScatterAt, Scatter).

    Element i is at ``place`` of i, as much further as ``table`` holds for i, and index · stride further for each of
    ``indices``: (index, axis, size, stride). They are broadcast to the ``named`` axes of the shape.
    """

    shape: Shape
    named: slice
    place: Layout
    table: Node | None
    indices: list[tuple[Node, int, int, int]]


@dataclass(eq=False)
class Along(Alone):
    """An operation in which each element along an axis follows from the one before it."""


@dataclass(eq=False)
class Windowed(Alone):
    """An operation on windows of an operand: a convolution, or what gathers the elements of each."""


@dataclass(eq=False)
class OfMatrix(Alone):
    """An inverse, a determinant, a solution or a triangle of one matrix, or of each of a batch."""


Unit = Loops | Product | Number | Parts | Picked | Along | Windowed | OfMatrix | Alone


def is_elementwise(node: Node) -> bool:
    """Say whether each element of a Node depends on the same element of its operands."""
    return isinstance(node.op, Elementwise | Where | Cast) or (
        isinstance(node.op, Reshape | BroadcastTo) and not is_view(node.op)
    )


def is_reduction(node: Node) -> bool:
    """Say whether a Node is a sum, a product or an extreme."""
    return isinstance(node.op, Sum | Max | Inner | Prod)


def space(node: Node) -> Shape:
    """Give the index space that a Node is computed over."""
    x = node.inputs[0]
    return x.shape if is_reduction(node) and isinstance(x, Node) else node.shape


def fuse_loops(plan: Plan, calls: Container[Node] = ()) -> list[Unit]:
    """Part a plan's operations into units, in an order in which they can run; each of ``calls`` is one of its own."""
    units: list[Unit] = []
    place: dict[Node, int] = {}
    order = [*plan.first, *plan.second]
    second, drawn_in = set(plan.second), plan.drawn_in
    into = set(drawn_in.values())
    for node in order:
        if is_view(node.op) and node.shape:
            with refused_for([node]):
                layout(node)
        elif node in drawn_in:
            continue
        elif node not in calls and _joins(node) and node not in into:
            place[node] = _join(node, units, place, node in second)
        else:
            with refused_for([node]):
                units.append(Alone(node) if node in calls else _alone(node, plan, second))
            place[node] = len(units) - 1
    return units


def find_misfits(plan: Plan) -> dict[Node, str]:
    """Give the operations of a plan that fit no unit, and why."""
    found: dict[Node, str] = {}
    second = set(plan.second)
    for node in (*plan.first, *plan.second):
        if not (is_view(node.op) and node.shape) and node not in plan.drawn_in and not _joins(node):
            try:
                _alone(node, plan, second)
            except Unsupported as error:
                found[node] = str(error)
    return found


def _joins(node: Node) -> bool:
    """Say whether an operation shares a loop with others."""
    return is_reduction(node) or (bool(node.shape) and is_elementwise(node))


def _alone(node: Node, plan: Plan, second: Container[Node]) -> Unit:
    """Give the unit of an operation that shares none."""
    if node in second and isinstance(node.op, Gather | OfMatrices):
        raise Unsupported("an index, or a matrix, that could be refused when parameters have been written to")
    if isinstance(node.op, MatMul) and node.shape:
        return Product(node)
    product = next((x for x in node.inputs if isinstance(x, Node) and plan.drawn_in.get(x) is node), None)
    if product is not None:
        return Product(product, plan.in_place[node], 1 if node.op == add else -1)
    if node.shape and isinstance(node.op, Index) and not gives_view(node.op.key):
        return _chosen(node)
    if node.shape and isinstance(node.op, Scatter | Concatenate):
        return Parts(node, None, _regions(node))
    if isinstance(node.op, AddAt):
        y, x = node.inputs
        region = index_layout(Layout(node, 0, contiguous_strides(node.shape)), node.shape, node.op.key)
        return Parts(node, y, [(x, x.shape, region)])
    if node.shape and isinstance(node.op, Assign):
        y, x = node.inputs
        if not (isinstance(y, Node) and gives_view(node.op.key)):
            raise Unsupported("an assignment where arrays or truth values say to which elements")
        region = index_layout(Layout(node, 0, contiguous_strides(node.shape)), node.shape, node.op.key)
        return Parts(node, y, [(x, placeholder(node.shape)[node.op.key].shape, region)])
    if node.shape and isinstance(node.op, Gather):
        return _picked(node)
    if node.shape and isinstance(node.op, CumSum | CumProd | Shift | Recurrence):
        return Along(node)
    if isinstance(node.op, Convolving | Pooling):
        return Windowed(node)
    if isinstance(node.op, OfMatrices | Loop):
        return OfMatrix(node) if isinstance(node.op, OfMatrices) else Alone(node)
    if not node.shape and isinstance(node.op, Elementwise | Where | Cast | Index | Reshape | Transpose | BroadcastTo):
        return Number(node)
    raise Unsupported("a number, where arrays alone have loops" if not node.shape else "it fits no loop")


def _chosen(node: Node) -> Picked:
    """Say where the elements are that a known index chooses."""
    assert isinstance(node.op, Index)
    whole, sizes = _indexed(node)
    return _placed(node, whole, positions(whole, sizes)[node.op.key], slice(0), [])


def _picked(node: Node) -> Picked:
    """Say where the elements are that arrays choose, some of which may be known."""
    assert isinstance(node.op, Gather)
    whole, sizes = _indexed(node)
    chosen = choose_places(node.op, node.inputs[1:], sizes, whole.strides)
    return _placed(node, whole, chosen.places, chosen.named, chosen.indices)


def _indexed(node: Node) -> tuple[Layout, Shape]:
    """Give the layout and the shape of the array that an index is into."""
    x = node.inputs[0]
    if not isinstance(x, Node) or x.dtype != node.dtype:
        raise Unsupported("positions in an array of another dtype")
    if not isinstance(node.op, Scatter | ScatterAt):
        return layout(x), x.shape
    if node.dtype.kind == "b":
        raise Unsupported("a sum of truth values at positions")
    return Layout(node, 0, contiguous_strides(node.shape)), node.shape


def _placed(node: Node, whole: Layout, places: NDArray[np.int64], named: slice, indices: list[Any]) -> Picked:
    """Write positions as one step along each axis, if they come to that, or else as a table."""
    first, steps = find_steps(places)
    table = None
    if not np.array_equal(places, first + sum(i * s for i, s in zip(np.indices(places.shape), steps, strict=True))):
        first, steps = 0, (0,) * places.ndim
        table = Node(shape=places.shape, dtype=places.dtype, table=node.table, value=places)
    return Picked(node, places.shape, named, Layout(whole.base, whole.offset + first, steps), table, indices)


def _regions(node: Node) -> list[tuple[Any, Shape, Layout]]:
    """Say where the elements of a scattered array, or of joined ones, go."""
    op, whole = node.op, Layout(node, 0, contiguous_strides(node.shape))
    if isinstance(op, Scatter):
        if not isinstance(node.inputs[0], Node):
            raise Unsupported("a number in a region")
        return [(node.inputs[0], node.inputs[0].shape, index_layout(whole, node.shape, op.key))]
    assert isinstance(op, Concatenate)
    (axis,) = normalize_axis(op.axis, node.ndim)
    regions, start = [], 0
    for i, x in enumerate(node.inputs):
        if not isinstance(x, Node) or x.dtype != node.dtype:
            raise Unsupported("numbers, or several dtypes, joined")
        stop = start + (0 if isinstance(op, Stack) else x.shape[axis])
        key: Any = i if isinstance(op, Stack) else slice(start, stop)
        regions.append((x, x.shape, index_layout(whole, node.shape, (slice(None),) * axis + (key,))))
        start = stop
    return regions


def _join(node: Node, units: list[Unit], place: dict[Node, int], late: bool) -> int:
    """Put an operation into the latest loop that it fits into, or into one of its own."""
    shape = space(node)
    earliest = 0
    for x in (x for x in node.inputs if isinstance(x, Node)):
        at = place.get(root(x), -1)
        unit = units[at] if at >= 0 else None
        same = isinstance(unit, Loops) and x.shape == unit.shape == shape and not is_view(x.op) and not is_reduction(x)
        earliest = max(earliest, at if same else at + 1)
    for i in range(len(units) - 1, earliest - 1, -1):
        unit = units[i]
        if isinstance(unit, Loops) and unit.shape == shape and unit.late == late and len(unit.members) < MOST:
            unit.members.append(node)
            return i
    units.append(Loops(shape, late, [node]))
    return len(units) - 1
