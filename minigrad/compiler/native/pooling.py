"""The largest element, or the sum, of each window in native code, and the ways back: loops over places and elements."""

from __future__ import annotations

from math import prod

from minigrad.compiler.native.loops import LoopWriter
from minigrad.compiler.native.registry import KERNELS, Kernel, Lines
from minigrad.compiler.native.together import SLOW
from minigrad.compiler.native.values import share_range, write_element, write_heads
from minigrad.compiler.passes.fuse import Windowed
from minigrad.compiler.passes.layouts import contiguous_strides
from minigrad.engine.node import Node
from minigrad.ops.base import Shape
from minigrad.ops.networks.pooling import Collect, MaxPool, Pooling, ShareOut, SpreadSums, SumPool


class PoolingWriter(LoopWriter):
    """Writes pooling; all operands lie in order."""

    def write_pooled(self, unit: Windowed) -> None:
        """Write what each window comes to: its largest element, or its sum."""
        op, (x,) = _windows(unit.node), unit.node.inputs
        dtype, largest = f"np.{unit.node.dtype.name}", isinstance(op, MaxPool)
        element = f"{dtype}({self.see_element(op, x)})"
        more = f"larger({element}, s)" if largest else f"s + {element}"
        start = f"s = {dtype}({'-np.inf' if largest else 0})"
        stored = f"{self.see_window(op, unit.node)} = s"
        self.write_windows(op, unit.node.shape, [start], [f"s = {more}"], [stored])

    def write_shared(self, unit: Windowed) -> None:
        """Write the shares of those elements that reach the largest of their window."""
        op, (g, y, x), dtype = _windows(unit.node), unit.node.inputs, f"np.{unit.node.dtype.name}"
        reached = f"{self.see_element(op, x)} == {self.see_window(op, y)}"
        sign = self.begin_spread(op, unit.node, y.shape)
        shares = f"{self.see_element(op, unit.node)} {sign} part if {reached} else rest"
        before, after = [f"ties = {dtype}(0)"], [f"part = {self.see_window(op, g)} / ties", f"rest = {dtype}(0) / ties"]
        self.write_windows(op, y.shape, before, [f"ties += {dtype}({reached})"], after, [shares])

    def write_collected(self, unit: Windowed) -> None:
        """Write the mean of what lies where elements reach the largest of their window."""
        op, (h, y, x), dtype = _windows(unit.node), unit.node.inputs, f"np.{unit.node.dtype.name}"
        reached = f"{dtype}({self.see_element(op, x)} == {self.see_window(op, y)})"
        each = [f"ties += {reached}", f"s += {self.see_element(op, h)} * {reached}"]
        before, after = [f"s = {dtype}(0)", f"ties = {dtype}(0)"], [f"{self.see_window(op, unit.node)} = s / ties"]
        self.write_windows(op, y.shape, before, each, after)

    def write_spread(self, unit: Windowed) -> None:
        """Write adding each sum's gradient to the elements of its window."""
        op, (g,) = _windows(unit.node), unit.node.inputs
        sign = self.begin_spread(op, unit.node, g.shape)
        self.write_windows(op, g.shape, [], [f"{self.see_element(op, unit.node)} {sign} {self.see_window(op, g)}"], [])

    def begin_spread(self, op: Pooling, x: Node, places: Shape) -> str:
        """Fill with zeros what windows do not; say how each puts its part there, which is the only one if they part."""
        n = len(op.kernel)
        each = list(zip(op.kernel, op.stride, op.dilation, places[-n:], x.shape[-n:], strict=True))
        alone = all(s > d * (k - 1) for k, s, d, _, _ in each)
        if not alone or any(k != s or s * count != size for k, s, _, count, size in each):
            self.zeros(x)
        return "=" if alone else "+="

    def write_windows(
        self, op: Pooling, shape: Shape, before: Lines, each: Lines, after: Lines, again: Lines | None = None
    ) -> None:
        """Write loops over all windows: what comes before its elements, for each, after them, and for each again."""
        n = len(op.kernel)
        lead = prod(shape[:-n])
        turns = self.count_parts(SLOW * prod(shape) * prod(op.kernel), lead)
        shared = share_range("n", lead, turns, lead // shape[0] if self.turns > 1 else 1)
        inside = write_heads([f"i{axis}" for axis in range(n)], shape[-n:])
        heads = [*shared, *("    " * len(shared) + line for line in inside)]
        inner = write_heads([f"e{axis}" for axis in range(n)], op.kernel)
        loops = [[*inner, *("    " * n + line for line in lines)] for lines in (each, again) if lines]
        body = [*before, *loops[0], *after, *(line for loop in loops[1:] for line in loop)]
        self.lines += [*heads, *("    " * len(heads) + line for line in body)]

    def see_window(self, op: Pooling, x: Node) -> str:
        """Write what there is one of for each window, for that which the loops are at."""
        name, at = self.pointer(x)
        strides = contiguous_strides(x.shape)[-len(op.kernel) :]
        each = prod(x.shape[-len(op.kernel) :])
        letters = ["n", *(f"i{axis}" for axis in range(len(op.kernel)))]
        return f"{name}[{write_element(at, (each, *strides), letters)}]"

    def see_element(self, op: Pooling, x: Node) -> str:
        """Write the element of an array that the loops are at, in its window."""
        name, at = self.pointer(x)
        strides, n = contiguous_strides(x.shape)[-len(op.kernel) :], len(op.kernel)
        steps = [step * s for step, s in zip(strides, op.stride, strict=True)]
        inner = [step * d for step, d in zip(strides, op.dilation, strict=True)]
        letters = ["n", *(f"i{axis}" for axis in range(n)), *(f"e{axis}" for axis in range(n))]
        return f"{name}[{write_element(at, (prod(x.shape[-n:]), *steps, *inner), letters)}]"


def _windows(node: Node) -> Pooling:
    assert isinstance(node.op, Pooling)
    return node.op


def _limit(node: Node) -> str:
    op = _windows(node)
    if node.dtype.kind != "f" or any(not isinstance(x, Node) or x.dtype != node.dtype for x in node.inputs):
        return "windows of integers, or of two dtypes"
    return "" if op.kernel and node.size and min(op.kernel) else "windows of nothing"


KERNELS.register(Kernel(unit=PoolingWriter.write_pooled, limit=_limit), MaxPool, SumPool)
KERNELS.register(Kernel(unit=PoolingWriter.write_shared, limit=_limit), ShareOut)
KERNELS.register(Kernel(unit=PoolingWriter.write_collected, limit=_limit), Collect)
KERNELS.register(Kernel(unit=PoolingWriter.write_spread, limit=_limit), SpreadSums)
