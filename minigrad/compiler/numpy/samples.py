"""Which arrays lie with their samples last in memory: (samples, channels, *positions), of which samples vary fastest.

All shapes stay as they are; NumPy's calls go along memory whatever its order is. The parts of images that windows are
made of then are runs of whole lines times samples, and what one product of matrices gives lies as it is wanted: a step
of W6 took 17 ms, and takes 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence, Set
from typing import Any

from minigrad.compiler.numpy.memory import find_kept
from minigrad.compiler.passes.plan import Plan
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise
from minigrad.ops.networks.convolution import Convolution, Convolving, TransposedConvolution
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.reduction import Max, Sum
from minigrad.ops.shaping import Cast

MANY = 8  # samples, from which on they lie last


def find_samples_last(plan: Plan, memory: Collection[Node], returned: Sequence[Any]) -> Set[Node]:
    """Find what convolutions give to memory of the plan's own, and what is computed of that element by element.

    Only calls that ask for no order may read it, windows and elementwise ones and sums: it cannot be seen in another
    shape without a copy, and nobody else is to see it at all.
    """
    nodes = [*plan.first, *plan.second]
    users: dict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        for x in node.inputs:
            if isinstance(x, Node):
                users[x].append(node)
    kept = set(find_kept(plan, returned))
    found: set[Node] = set()
    for node in nodes:
        own = node in memory and node not in kept and node.ndim > 2 and node.shape[0] >= MANY
        if own and _lies_last(node, found) and all(map(_asks_for_no_order, users[node])):
            found.add(node)
    return found


def _lies_last(node: Node, found: Set[Node]) -> bool:
    """Say whether an operation gives its result so, some of whose operands may be among those found."""
    if isinstance(node.op, Convolution | TransposedConvolution):
        return is_of_windows(node)
    alike = any(x in found and x.shape[0] == node.shape[0] and x.ndim == node.ndim for x in _arrays(node))
    if isinstance(node.op, Pooling):
        return bool(found) and is_of_windows(node) and (alike or len(node.inputs) == 1)
    return alike and isinstance(node.op, Elementwise | Where | Cast)


def is_of_windows(node: Node) -> bool:
    """Say whether an operation takes windows of axes behind the first one, in floats of one dtype."""
    axes = len(node.op.stride) if isinstance(node.op, Convolving | Pooling) else 0
    alike = all(isinstance(x, Node) and x.dtype == node.dtype for x in node.inputs)
    return 0 < axes < node.ndim and alike and node.dtype.char in "fd" and all(x.size for x in (node, *_arrays(node)))


def _arrays(node: Node) -> list[Node]:
    return [x for x in node.inputs if isinstance(x, Node) and x.shape]


def _asks_for_no_order(node: Node) -> bool:
    return isinstance(node.op, Elementwise | Where | Cast | Convolving | Pooling) or (
        isinstance(node.op, Sum | Max) and node.inputs[0].ndim > 2
    )
