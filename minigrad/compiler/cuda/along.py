"""Kernels of what runs along an axis: sums and products up to each element, shifts, recurrences; a thread a line."""

from __future__ import annotations

from math import prod

from minigrad.compiler.cuda.moves import MoveWriter
from minigrad.compiler.cuda.places import Kernel, spread_layout, write_letters, write_place
from minigrad.compiler.cuda.registry import C_TYPES, SUFFIXES, write_constant
from minigrad.compiler.passes.fuse import Along
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.engine.node import Node
from minigrad.ops.cumulative import AlongAxis, CumProd, Recurrence, RecurrenceBack, Shift, SumFromHere
from minigrad.ops.reduction import normalize_axis


class AlongWriter(MoveWriter):
    """Writes Along."""

    def write_along(self, unit: Along) -> None:
        """Write a loop in which each element of a line follows from the one before."""
        node, shape = unit.node, unit.node.shape
        op = node.op
        assert isinstance(op, AlongAxis)
        (axis,) = normalize_axis(op.axis, len(shape))
        n, others = shape[axis], [size for k, size in enumerate(shape) if k != axis]
        back = isinstance(op, SumFromHere | RecurrenceBack) or (isinstance(op, Shift) and op.by < 0)
        letters = [f"i{k}" for k in range(len(shape))]
        kernel, inner, dtype, kind = Kernel(), [], node.dtype, C_TYPES[node.dtype.name]
        inner.append(f"const INDEX {letters[axis]} = {f'{n - 1} - c' if back else 'c'};")
        spread = [spread_layout(layout(x), x.shape, shape) if isinstance(x, Node) else None for x in node.inputs]
        read = [self.read(x, at, letters, kernel, inner) for x, at in zip(node.inputs, spread, strict=True)]
        here = [x.to(dtype) for x in read]
        inner += go_on(node, here)
        target = kernel.point(self.find(node), dtype)
        inner.append(f"{target}[{write_place(0, contiguous_strides(shape), letters)}] = y;")
        rest = [letter for k, letter in enumerate(letters) if k != axis]
        zero = write_constant(0, dtype)
        body = [
            *(write_letters("i", rest, others) if rest else []),
            f"{kind} y = {zero}, past = {zero};",
            f"for (INDEX c = 0; c < {n}; c++) {{",
            *(f"    {line}" for line in inner),
            "}",
        ]
        self.launch_each(kernel, prod(others) if node.size else 0, body)


def go_on(node: Node, here: list[str]) -> list[str]:
    """Write an element y from those of the operands, here and in ``past``, and from the y before; c counts from 0."""
    op, suffix = node.op, SUFFIXES[node.dtype.name]
    if isinstance(op, Shift):
        return [f"y = c ? past : {write_constant(op.fill, node.dtype)};", f"past = {here[0]};"]
    if isinstance(op, Recurrence):
        a = "past" if isinstance(op, RecurrenceBack) else here[0]
        step = f"plus{suffix}(times{suffix}({a}, y), {here[1]})"
        return [f"y = c ? {step} : {here[1]};", f"past = {here[0]};"]
    meet = "times" if isinstance(op, CumProd) else "plus"
    return [f"y = c ? {meet}{suffix}(y, {here[0]}) : {here[0]};"]
