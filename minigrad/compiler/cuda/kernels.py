"""One kernel, its launch, and one element in it: what all that write kernels share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiler.cuda.places import Kernel, Launch, Places, write_place
from minigrad.compiler.cuda.registry import C_TYPES, Operand, find_kernel
from minigrad.compiler.passes.layouts import Layout, layout
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.engine.node import Node

NAME = "KERNEL_NAME"  # which each text gets in the place of this
THREADS = 256  # of a block that computes elements
MOST_BLOCKS = 1 << 15


class KernelWriter(Places):
    """Notes kernels, and writes what is read and computed of single elements."""

    texts: dict[str, int]  # of kernels, by the number of each
    items: list[Any]

    def launch(self, kernel: Kernel, blocks: int, threads: tuple[int, int]) -> None:
        """Note a kernel and its launch; one with the text of another is that."""
        number = self.texts.setdefault(kernel.write(NAME), len(self.texts))
        places = tuple(place for place, _ in kernel.parameters)
        self.items.append(Launch(number, max(1, min(blocks, MOST_BLOCKS)), threads, places))

    def launch_each(self, kernel: Kernel, n: int, body: Sequence[str], letter: str = "i") -> None:
        """Note a kernel whose body is for each of n elements."""
        if n:
            kernel.lines += [f"EACH({letter}, {n}) {{", *(f"    {line}" for line in body), "}"]
            self.launch(kernel, -(-n // THREADS), (min(THREADS, max(32, -(-n // 32) * 32)), 1))

    # one element

    def read(self, x: Any, at: Layout | None, letters: Sequence[str], kernel: Kernel, body: list[str]) -> Operand:
        """Give an operand's element, which a line reads from where it lies; a number that is known is written out."""
        if not isinstance(x, Node):
            return Operand("", None, x)
        if x.op is None and x.value is not None and not x.shape:
            return Operand(write_known(x), x.dtype)
        at = layout(x) if at is None else at
        base = at.base
        if base.op is None and base.value is not None and not base.shape:
            return Operand(write_known(base), base.dtype)
        pointer = kernel.point(self.find(base), base.dtype)
        strides = at.strides if letters else ()
        name = f"x{sum('const' in line for line in body)}"
        written = f"{pointer}[{write_place(at.offset, strides, letters)}]"
        body.append(f"const {C_TYPES[base.dtype.name]} {name} = {written};")
        return Operand(name, base.dtype)

    def compute(self, node: Node, operands: list[Operand], body: list[str]) -> Operand:
        """Give a value that a line computes of written operands."""
        element = find_kernel(node).element
        if element is None:
            raise Unsupported(Refusal(repr(node.op), "it is not computed element by element"))
        name = f"x{sum('const' in line for line in body)}"
        body.append(f"const {C_TYPES[node.dtype.name]} {name} = {element(node, operands)};")
        return Operand(name, node.dtype)


def write_known(x: Node) -> str:
    """Write the value of a number that is known when the kernels are written."""
    return Operand("", None, np.asarray(x.value).item()).to(x.dtype)
