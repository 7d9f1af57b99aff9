"""Units that go through samples one by one, as layers of a convolutional network do: threads share them together.

A thread takes some samples through all of them, which stay in its cache from one to the next, and is woken once: for
each alone that takes a tenth of W6's step.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from math import prod
from typing import Any

from minigrad.compiler.native.crew import count_pieces, count_threads
from minigrad.compiler.passes.fuse import Loops, Unit, Windowed, is_reduction, space
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.plan import root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.networks.convolution import Convolution, Convolving, TransposedConvolution
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.reduction import normalize_axis

FAR = 16  # multiplications of a product, in the time that an element takes on its way from memory and back
SLOW = 8  # multiplications of a product, in the time that one element of a window takes
SAMPLES = 4  # of each thread, from which on they may as well go on alone


def group_units(
    units: Sequence[Unit], written: Container[Node], find_stored: Callable[[Unit], list[Node]]
) -> list[list[Unit]]:
    """Part units into those that go through the same samples together, and single ones.

    ``written`` are the operations that write to inputs; ``find_stored`` gives what others need of a unit.
    """
    groups: list[list[Unit]] = []
    stored: set[Node] = set()
    samples = 0
    for unit in units:
        n = count_samples(unit, written)
        if not (n and n == samples and _reads_samples(unit, n, stored)):
            groups.append([])
            stored = set()
        groups[-1].append(unit)
        samples = n
        stored |= set(find_stored(unit)) if n else set()
    parted = ([group] if count_turns(group) > 1 else [[unit] for unit in group] for group in groups)
    return [group for each in parted for group in each]


def count_turns(group: Sequence[Unit]) -> int:
    """Give in how many turns threads share a group; one for a single unit, which knows itself."""
    samples = count_samples(group[0], ())
    if len(group) == 1 or samples < SAMPLES * count_threads():
        return 1
    return min(count_pieces(sum(map(_count_work, group))), samples)


def count_samples(unit: Unit, written: Container[Node]) -> int:
    """Give how many samples a unit goes through, each on its own; 0 where it does not."""
    if isinstance(unit, Windowed):
        op, node = unit.node.op, unit.node
        alone = isinstance(op, Pooling) and len(op.kernel) < node.ndim
        alone |= isinstance(op, Convolution)
        alone |= isinstance(op, TransposedConvolution) and op.stride[-1] == 1
        return node.shape[0] if alone else 0
    if not isinstance(unit, Loops) or len(unit.shape) < 2 or unit.late:
        return 0
    fitting = all(x.dtype.kind in "fb" and x not in written and x.shape for x in unit.members)
    return unit.shape[0] if fitting and not any(map(_gathers_samples, unit.members)) else 0


def _gathers_samples(node: Node) -> bool:
    """Say whether a reduction is over the first axis.

    Each thread could have a part of it, but in such a loop LLVM vectorized none: it took four times as long.
    """
    if not is_reduction(node):
        return False
    op: Any = node.op
    return not hasattr(op, "axis") or 0 in normalize_axis(op.axis, len(space(node)))


def _reads_samples(unit: Unit, samples: int, stored: Container[Node]) -> bool:
    """Say whether a unit reads of what is stored before it no more than the sample that it is at."""
    inside = set(unit.members)
    for node in unit.members:
        for i, x in enumerate(node.inputs):
            if isinstance(x, Node) and x not in inside and root(x) in stored:
                weights = isinstance(node.op, Convolving) and i == 1
                if weights or not _lies_by_samples(x, samples) or (isinstance(unit, Loops) and x.shape != unit.shape):
                    return False
    return True


def _lies_by_samples(x: Node, samples: int) -> bool:
    try:
        at = layout(x)
    except Unsupported:
        return False
    whole = at.offset == 0 and at.base.size == x.size and at.strides == contiguous_strides(x.shape)
    return whole and x.shape[0] == at.base.shape[0] == samples


def _count_work(unit: Unit) -> int:
    """Count what a unit takes, in multiplications of a product."""
    if isinstance(unit, Loops):
        arrays = {root(x) for node in unit.members for x in node.inputs if isinstance(x, Node) and x.shape}
        return prod(unit.shape) * (len(unit.members) + FAR * len(arrays.difference(unit.members)))
    (node,) = unit.members
    if isinstance(node.op, Pooling):
        return SLOW * min(x.size for x in (node, *node.inputs) if isinstance(x, Node)) * prod(node.op.kernel)
    x, W = node.inputs
    return (x.size if isinstance(node.op, TransposedConvolution) else node.size) * prod(W.shape[1:])
