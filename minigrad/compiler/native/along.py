"""What runs along an axis in native code: sums and products up to each element, shifts, and linear recurrences."""

from __future__ import annotations

from minigrad.compiler.native.elements import multiply_typed
from minigrad.compiler.native.loops import LoopWriter
from minigrad.compiler.native.registry import KERNELS, Kernel
from minigrad.compiler.native.values import write_element
from minigrad.compiler.passes.fuse import Along
from minigrad.compiler.passes.layouts import contiguous_strides
from minigrad.engine.node import Node
from minigrad.ops.cumulative import AlongAxis, CumProd, CumSum, Recurrence, RecurrenceBack, Shift, SumFromHere
from minigrad.ops.reduction import normalize_axis


class AlongWriter(LoopWriter):
    """Writes Along."""

    def write_along(self, unit: Along) -> None:
        """Write the first element of each line, and a loop in which each of the others follows from the one before."""
        node, shape = unit.node, unit.node.shape
        op = node.op
        assert isinstance(op, AlongAxis)
        (axis,) = normalize_axis(op.axis, len(shape))
        n = shape[axis]
        back = isinstance(op, SumFromHere | RecurrenceBack) or (isinstance(op, Shift) and op.by < 0)
        if not node.size:
            return
        self.write_line(node, axis, str(n - 1 if back else 0), 0)
        self.write_line(node, axis, f"{n - 2}, -1, -1" if back else f"1, {n}", 1 if back else -1)

    def write_line(self, node: Node, axis: int, ends: str, step: int) -> None:
        """Write the loops, of which that along the axis has these ends; ``step`` leads back to the place before."""
        letters = [f"i{k}" for k in range(node.ndim)]
        before = [f"({letter} + {step})" if k == axis else letter for k, letter in enumerate(letters)]
        dtype = node.dtype.name
        if not step:
            letters[axis] = ends
        depth = 0
        for k, (letter, n) in enumerate(zip(letters, node.shape, strict=True)):
            if step or k != axis:
                self.lines.append("    " * depth + f"for {letter} in range({ends if k == axis else n}):")
                depth += 1
        here, past = (
            [f"np.{dtype}({self.at(x, node.shape, at, node.dtype)})" for x in node.inputs] for at in (letters, before)
        )
        name, start = self.pointer(node)
        strides = contiguous_strides(node.shape)
        y = f"{name}[{write_element(start, strides, before)}]"
        value = go_on(node, here, past, y) if step else begin(node, here)
        kept = f"np.uint8({value})" if node.dtype.kind == "b" else value
        self.lines.append("    " * depth + f"{name}[{write_element(start, strides, letters)}] = {kept}")


def begin(node: Node, here: list[str]) -> str:
    """Write the first element of a line, from those of the operands."""
    return f"np.{node.dtype.name}({node.op.fill})" if isinstance(node.op, Shift) else here[-1]


def go_on(node: Node, here: list[str], past: list[str], y: str) -> str:
    """Write an element from those of the operands, here and at the place before, and from the one before."""
    op, dtype = node.op, node.dtype.name
    if isinstance(op, Shift):
        return past[0]
    if isinstance(op, Recurrence):
        a = past[0] if isinstance(op, RecurrenceBack) else here[0]
        return f"np.{dtype}({multiply_typed(node, [a, y])} + {here[1]})"
    return multiply_typed(node, [y, here[0]]) if isinstance(op, CumProd) else f"np.{dtype}({y} + {here[0]})"


KERNELS.register(Kernel(unit=AlongWriter.write_along), CumSum, CumProd, Shift, Recurrence)
