"""Long sums in native code: they are added up by blocks, and these in float64.

One number that each element is added to has lost 2e-4 of 10⁶ equal float32 numbers, where NumPy, which adds pairwise,
loses 1e-7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from minigrad.compiler.native.registry import Lines
from minigrad.compiler.passes.fuse import space
from minigrad.engine.node import Node
from minigrad.ops.cumulative import Prod
from minigrad.ops.linalg import Inner, LogLikelihood
from minigrad.ops.reduction import Max, Sum, normalize_axis

LENGTH = 512  # elements of a block
SHORTEST = 256  # of one that is all of a loop


@dataclass(frozen=True)
class Blocks:
    """Which sums of a loop nest are of blocks, and the number of each: one is what ``step`` turns at a depth add up."""

    depth: int
    step: int
    sums: Mapping[Node, str]

    def write_start(self, node: Node) -> str:
        """Write what the blocks of a sum are added to."""
        return f"{self.sums[node]}_all = np.float64(0)"

    def open(self) -> Lines:
        """Write what comes before a block."""
        return [f"{name} = np.{x.dtype.name}(0)" for x, name in self.sums.items()]

    def close(self) -> Lines:
        """Write what comes behind it."""
        return [f"{name}_all += {name}" for name in self.sums.values()]

    def write_end(self, node: Node) -> str:
        """Write the sum of all blocks."""
        return f"{self.sums[node]} = np.{node.dtype.name}({self.sums[node]}_all)"


def find_blocks(dims: Sequence[int], held: Mapping[Node, int], names: Mapping[Node, str]) -> Blocks | None:
    """Find what to add up by blocks among reductions; ``held`` says inside how many loops a number gathers each."""
    sums = {
        x: names[x]
        for x, around in held.items()
        if isinstance(x.op, Sum | Inner)
        and not isinstance(x.op, LogLikelihood)
        and x.dtype.kind == "f"
        and prod(dims[around:]) > 2 * LENGTH
    }
    if not sums:
        return None
    depth = max(k for k in range(len(dims)) if prod(dims[k:]) >= SHORTEST)
    return Blocks(depth, max(1, LENGTH // prod(dims[depth + 1 :])), sums)


def reduced_axes(node: Node) -> tuple[int, ...]:
    """Give the axes that a reduction is over."""
    assert isinstance(node.op, Sum | Max | Prod)
    return normalize_axis(node.op.axis, len(space(node)))
