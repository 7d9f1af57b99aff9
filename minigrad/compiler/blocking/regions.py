"""Which operations are about one large matrix that nobody wants as a whole, and in which phases its rows are computed.

Of softmax(Q Kᵀ / √d) V that is all between the product Q Kᵀ, which has a row for each of Q, and the product with V,
which has as few columns as V: the rows do not need each other. On the way back there is the like of it, G Vᵀ, and the
products that are summed over all rows, for the gradients by K and V.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.compiler.blocking.passing import pass_axis
from minigrad.engine.node import Node
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Max, Sum

LEAST = 1 << 24  # bytes of a matrix, or of those of a batch: with less the blocks cost more than they save
LONG = 256  # rows and columns
NARROW = 4  # times as many columns as its factors have to multiply, at least
PHASES = 3  # in each of which the matrix is computed anew


@dataclass(eq=False)
class Region:
    """Operations on a matrix and on what there is one of for each row; ``wanted`` are those that are needed elsewhere.

    ``starts`` are the products that the matrix begins with, ``phase`` says when the rows of one can be computed: a
    gradient's not before all that comes out of the phase of the values. ``large`` are those of the matrix's size.
    """

    starts: list[Node] = field(default_factory=list)
    large: list[Node] = field(default_factory=list)
    small: list[Node] = field(default_factory=list)
    wanted: dict[Node, None] = field(default_factory=dict)
    reduces: bool = False  # something is gathered along rows, as a softmax does
    escapes: bool = False  # the matrix is needed as a whole
    phase: dict[Node, int] = field(default_factory=dict)

    @property
    def nodes(self) -> set[Node]:
        """All that is computed for it."""
        return {*self.large, *self.small, *self.wanted}


class Search:
    """The search for regions in operations that are in order."""

    def __init__(self, nodes: Sequence[Node], outputs: Iterable[Any]) -> None:
        self.nodes = nodes
        self.axes: dict[Node, int] = {}  # which axis of an operation is the matrix's rows
        self.home: dict[Node, Region] = {}
        self.ends: dict[Node, Region] = {}  # products and sums that are no part of a matrix, but need it
        self.outputs = {x for x in outputs if isinstance(x, Node)}

    def find_regions(self) -> list[Region]:
        """Give the regions that are worth computing in blocks."""
        for node in self.nodes:
            if node.op is not None:
                self.place(node)
        regions = list(dict.fromkeys(self.home.values()))
        self.leave_out_small()
        self.find_wanted()
        found = [x for x in regions if x.reduces and not x.escapes and x.wanted]
        return [x for x in found if self.find_phases(x)]

    def place(self, node: Node) -> None:
        """Say whether an operation is a part of a region."""
        around = [x for x in node.inputs if isinstance(x, Node) and x in self.home]
        if not around:
            if _is_start(node):
                self.home[node] = Region([node], [node])
                self.axes[node] = node.ndim - 2
            return
        passing = pass_axis(node, self.axes)
        region = self.home[around[0]]
        large = node.size >= region.starts[0].size
        if passing is None or not self.fits(node, around):
            return
        if passing.result is None or not (large or self.is_small(node)):
            if any(x.size >= region.starts[0].size for x in around):
                self.ends[node] = region  # where there are two, the other one's matrix escapes
            return
        for x in around[1:]:
            region = self.join(region, self.home[x])
        self.home[node], self.axes[node] = region, passing.result
        (region.large if large else region.small).append(node)
        region.reduces = region.reduces or (not large and isinstance(node.op, Sum | Max))

    def fits(self, node: Node, around: Sequence[Node]) -> bool:
        """Say whether an operation has one size of matrix alone, and is a product of it with what is none."""
        sizes = {self.home[x].starts[0].shape for x in around}
        return len(sizes) == 1 and (not isinstance(node.op, MatMul) or node.size < self.home[around[0]].starts[0].size)

    def is_small(self, node: Node) -> bool:
        """Say whether there is one of an operation for each row, which needs nothing from elsewhere."""
        operands = [x for x in node.inputs if isinstance(x, Node) and x.shape]
        return not isinstance(node.op, MatMul) and all(x in self.home for x in operands)

    def join(self, a: Region, b: Region) -> Region:
        """Make one region of two."""
        if a is not b:
            for node in (*b.large, *b.small):
                self.home[node] = a
            for node, region in self.ends.items():
                if region is b:
                    self.ends[node] = a
            a.starts, a.large, a.small = a.starts + b.starts, a.large + b.large, a.small + b.small
            a.reduces = a.reduces or b.reduces
        return a

    def leave_out_small(self) -> None:
        """Leave out what the matrix does not need: it is computed elsewhere, of what there is one of for each row."""
        needed: set[Node] = set()
        for node in reversed(self.nodes):
            region = self.home.get(node)
            if region is not None and node.size < region.starts[0].size and node not in needed:
                del self.home[node]
                if any(x in self.home and x.size >= region.starts[0].size for x in node.inputs if isinstance(x, Node)):
                    self.ends[node] = region
            elif region is not None:
                needed |= {x for x in node.inputs if isinstance(x, Node)}
        for region in set(self.home.values()):
            region.small = [x for x in region.small if x in self.home]

    def find_wanted(self) -> None:
        """Say what is needed elsewhere of each region; a whole matrix may not be."""
        for node in self.nodes:
            own = self.home.get(node)
            for x in (x for x in node.inputs if isinstance(x, Node) and x in self.home):
                region = self.home[x]
                if own is region:
                    continue
                if self.ends.get(node) is region:
                    region.wanted[node] = None
                else:
                    self.want(x)
        for x in self.outputs:
            if x in self.home:
                self.want(x)

    def want(self, x: Node) -> None:
        """Note that an operation of a region is needed elsewhere as it is."""
        region = self.home[x]
        region.wanted[x] = None
        region.escapes = region.escapes or x.size >= region.starts[0].size

    def find_phases(self, region: Region) -> bool:
        """Say when each operation of a region can be computed; no, where that would be too often."""
        inside = region.nodes
        phase: dict[Node, int] = {}
        for node in self.nodes:
            phase[node] = 0
            for x in node.inputs:
                if isinstance(x, Node):
                    direct = x in inside and x in self.home and node in inside
                    phase[node] = max(phase[node], phase[x] + (x in inside and not direct))
        region.phase = {x: phase[x] for x in inside}
        return max(region.phase.values()) < PHASES


def _is_start(node: Node) -> bool:
    """Say whether an operation is a product of matrices that is much larger than both of them."""
    if not isinstance(node.op, MatMul) or len(node.inputs) != 2 or node.dtype.kind != "f":
        return False
    if not all(isinstance(x, Node) and x.ndim > 1 and x.dtype == node.dtype for x in node.inputs):
        return False
    long = min(node.shape[-2:], default=0) >= max(LONG, NARROW * node.inputs[0].shape[-1])
    return long and node.size * node.dtype.itemsize >= LEAST
