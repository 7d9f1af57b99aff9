"""Products of matrices in native code: blocks that are summed in registers, which threads share where they are many.

BLAS is called for large ones where the system has no semaphores for threads of our own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from minigrad.compiler.blas import threads_share
from minigrad.compiler.native import crew
from minigrad.compiler.native.crew import count_pieces, count_threads
from minigrad.compiler.native.loops import LoopWriter
from minigrad.compiler.native.registry import DTYPES, KERNELS, Kernel, Lines
from minigrad.compiler.native.tasks import Matrix, Task
from minigrad.compiler.native.tile import block
from minigrad.compiler.native.values import (
    ALIGNED,
    share_range,
    spread_layout,
    write_element,
    write_heads,
    write_shared,
)
from minigrad.compiler.passes.fuse import Product
from minigrad.compiler.passes.layouts import Layout, contiguous_strides, layout
from minigrad.engine.node import Node
from minigrad.ops.base import Shape
from minigrad.ops.linalg import MatMul

OPERATORS = {0: "=", 1: "+=", -1: "-="}
TINY = 32  # multiplications, which the compiler had better write out
A_LINE = 16  # elements, which one or two lines of the cache hold


class ProductWriter(LoopWriter):
    """Writes Products."""

    def write_product(self, unit: Product) -> None:
        """Write a matrix product; a vector is one row on the left, and one column on the right."""
        node = unit.node
        a, b, *bias = node.inputs
        m, n = a.shape[-2] if a.ndim > 1 else 1, b.shape[-1] if b.ndim > 1 else 1
        batch = node.shape[: node.ndim - (a.ndim > 1) - (b.ndim > 1)]
        pointer, at = self.pointer(unit.into if unit.into is not None else node)
        c = Matrix(pointer, at, contiguous_strides((*batch, m, n))[:-2], n, 1)
        turns = count_pieces(node.size * a.shape[-1]) if batch else 1
        letters, indent = self.nest_shared(batch, turns)
        start = self.matrix(bias[0], ()) if bias else None
        task = Task(
            m, n, a.shape[-1], self.matrix(a, batch), self.matrix(b, batch, column=True), c,
            unit.sign, start, node.dtype, letters, turns,
        )  # fmt: skip
        self.lines += [indent + line for line in self.write_task(task) or ["pass"]]

    def nest_shared(self, batch: Shape, turns: int) -> tuple[list[str], str]:
        """Write the heads of loops over a batch, of which threads share the first if it has several turns."""
        if turns == 1:
            return self.nest(batch)
        letters = [f"i{axis}" for axis in range(len(batch))]
        self.lines += share_range("i0", batch[0], turns)
        self.lines += ["        " + line for line in write_heads(letters[1:], batch[1:])]
        return letters, "    " * (len(batch) + 1)

    def matrix(self, x: Node, batch: Shape, column: bool = False) -> Matrix:
        """Say where the elements of a factor lie, as it is broadcast to the batch."""
        seen = layout(x)
        pointer, offset = self.pointer(seen.base)
        if x.ndim == 1:
            strides = (seen.strides[0], 1) if column else (0, seen.strides[0])
            return Matrix(pointer, offset + seen.offset, (0,) * len(batch), *strides)
        down, right = seen.strides[-2:]
        over = spread_layout(Layout(seen.base, 0, seen.strides[:-2]), x.shape[:-2], batch).strides
        return Matrix(pointer, offset + seen.offset, over, down, 1 if x.shape[-1] == 1 else right)

    def write_task(self, task: Task) -> Lines:
        """Write the product in the way that suits its shape, and how the factors lie."""
        a, b = task.a, task.b
        if not task.m * task.n:
            return []
        if not task.k:
            return [] if task.sign else self.write_start(task)
        factors = b.for_blas(task.k, task.n), a.for_blas(task.m, task.k)
        if leaves_to_blas(task.m, task.n, task.k) and not task.batch and all(factors):
            return self.blas(task, *factors)
        if task.bias is None and ((task.n == 1 and a.right != 1 == a.down) or (task.m == 1 and b.right != 1 == b.down)):
            task = task.turned
        if task.m * task.n * task.k <= TINY:
            return self.write_out(task)
        return self.dots(task) if task.n == 1 and task.a.right == task.b.down == 1 else self.tiles(task)

    def write_start(self, task: Task) -> Lines:
        """Write filling C with what its sums start from."""
        result = f"{task.c.pointer}[{task.c.at(task.batch, 'i', 'j')}]"
        return [
            f"for i in range({task.m}):",
            f"    for j in range({task.n}):",
            f"        {result} = {self.start_of(task)}",
        ]

    def start_of(self, task: Task) -> str:
        """Write what the sum for column j starts from."""
        bias = task.bias
        return f"np.{task.dtype.name}(0)" if bias is None else f"{bias.pointer}[{bias.at([], j='j')}]"

    def dots(self, task: Task) -> Lines:
        """Write each row of A times the one column of B."""
        a, b, c = task.a, task.b, task.c
        x = f"dot({task.k}, {a.pointer}, {a.at(task.batch, 'i')}, {b.pointer}, {b.at(task.batch)})"
        x = x if task.bias is None else f"{x} + {task.bias.pointer}[{task.bias.at([])}]"
        return [f"for i in range({task.m}):", f"    {c.pointer}[{c.at(task.batch, 'i')}] {OPERATORS[task.sign]} {x}"]

    def write_out(self, task: Task) -> Lines:
        """Write each element of C as a loop along a row of A, so short that the compiler makes one line of all."""
        a, b, c = task.a, task.b, task.c
        if task.k == 1 and task.bias is None:  # no sum, so that an update is one instruction: 2 % of W1's epochs
            one = f"{a.pointer}[{a.at(task.batch, 'i')}] * {b.pointer}[{b.at(task.batch, j='j')}]"
            return [
                f"for i in range({task.m}):",
                f"    for j in range({task.n}):",
                f"        {c.pointer}[{c.at(task.batch, 'i', 'j')}] {OPERATORS[task.sign]} {one}",
            ]
        return [
            f"for i in range({task.m}):",
            f"    for j in range({task.n}):",
            f"        x = {self.start_of(task)}",
            f"        for k in range({task.k}):",
            f"            x += {a.pointer}[{a.at(task.batch, 'i', 'k')}] * {b.pointer}[{b.at(task.batch, 'k', 'j')}]",
            f"        {c.pointer}[{c.at(task.batch, 'i', 'j')}] {OPERATORS[task.sign]} x",
        ]

    def tiles(self, task: Task) -> Lines:
        """Write blocks of C, each summed in registers."""
        lines: Lines = []
        if task.bias is not None and task.bias.right != 1 and task.n > 1:  # a vector of it does not lie in order
            lines, task = self.write_start(task), replace(task, bias=None, sign=1)
        high, wide = block(task.m, task.n, task.dtype.itemsize)
        down, across = (1, 1) if task.batch else cut_product(task, high, wide)
        heads: Lines = []
        if down * across > 1:
            task = replace(task, turns=down * across)
            heads = [write_shared(task.turns), f"    u = t // {across}", f"    v = t % {across}"]
        parts: Lines = []
        if task.goes_far:
            lines += [] if task.sign else self.write_start(task)
            parts = [f"for f in range(0, {task.k}, {task.part.k}):"]
            task = task.part
        lines += heads
        begun, inner = len(lines), "    " * (1 + len(parts))
        a, c, k, bias = task.a, task.c, task.steps, task.bias
        start = "None, 0" if bias is None else f"{bias.pointer}, {bias.at([], j='j')}"
        for begin, end, columns in cut_shares(task.n, wide, across, "v"):
            copying, factor = self.panel(task, columns, wide, task.m > 2 * high)
            lines += [f"for j in range({begin}, {end}, {columns}):", *(f"    {line}" for line in parts)]
            lines += [inner + line for line in copying]
            for top, bottom, rows in cut_shares(task.m, high, down, "u"):
                left = f"{a.pointer}, {a.at(task.batch, 'i')}, {a.down}, {a.right}"
                result = f"{c.pointer}, {c.at(task.batch, 'i', 'j')}, {c.down}"
                lines += [
                    f"{inner}for i in range({top}, {bottom}, {rows}):",
                    f"{inner}    tile({rows}, {columns}, {task.sign}, {left}, {factor}, {result}, {k}, {start})",
                ]
        return [*lines[:begun], *("    " * bool(heads) + line for line in lines[begun:])]

    def panel(self, task: Task, columns: int, most: int, worth_it: bool) -> tuple[Lines, str]:
        """Give how to copy some columns of B so that their rows lie in order, and where they are then.

        They stay where they are if they lie in rows already, unless those are in a page of memory each, and it is
        worth it: an address in another page has to be looked up, which cost W5 a fifth of its step.
        """
        b, size = task.b, task.dtype.itemsize
        if b.right == 1 and not (worth_it and task.b_in_pages):
            return [], f"{b.pointer}, {b.at(task.batch, j='j')}, {b.down}"
        mine = ["me"] * (task.turns > 1)  # each thread has room of its own for any of them
        self.scratch = max(self.scratch, (count_threads() if mine else 1) * task.k * most * size)
        self.kinds.add(task.dtype.name)
        name, at = f"m{DTYPES[task.dtype.name]}", -(-self.nbytes // ALIGNED) * ALIGNED // size
        here = f"{name}[{write_element(at, (columns, 1, task.k * most)[: 2 + len(mine)], ['k', 'h', *mine])}]"
        copied = f"{here} = {b.pointer}[{b.at(task.batch, 'k', '(j + h)')}]"
        if b.right == 1:
            lines = [f"for k in range({task.steps}):", f"    for h in range({columns}):", f"        {copied}"]
        else:  # some of a column at a time, as far as the lines of the cache go that hold the rows
            lines = [
                f"for g in range(0, {task.steps}, {A_LINE}):",
                f"    for h in range({columns}):",
                f"        for k in range(g, min(g + {A_LINE}, {task.steps})):",
                f"            {copied}",
            ]
        return lines, f"{name}, {write_element(at, [task.k * most] * len(mine), mine)}, {columns}"

    def blas(self, task: Task, b: str, a: str) -> Lines:
        """Write a call of gemm. BLAS counts by columns, so it is asked for the transpose, Cᵀ = Bᵀ Aᵀ."""
        gemm = f"gemm{DTYPES[task.dtype.name]}"
        begun = [] if task.bias is None else self.write_start(task)
        alpha, beta = (-1.0 if task.sign < 0 else 1.0), (1.0 if task.sign or begun else 0.0)
        c = f"{task.c.pointer}, {task.c.offset}, {task.n}"
        return [*begun, f"{gemm}({gemm}_, {task.n}, {task.m}, {task.k}, {alpha}, {b}, {a}, {beta}, {c})"]


def leaves_to_blas(m: int, n: int, k: int) -> bool:
    """Say whether a product is BLAS's: where its threads share it, and native code has none."""
    return not crew.READY and threads_share(m, n, k)


def cut_product(task: Task, high: int, wide: int) -> tuple[int, int]:
    """Give into how many shares of rows and of columns a product is cut, for threads to do them."""
    pieces = count_pieces(task.m * task.n * task.k)
    across = count_shares(task.n, wide, pieces)
    return count_shares(task.m, high, -(-pieces // across)), across


def count_shares(total: int, step: int, most: int) -> int:
    """Give into how many shares, about equal, whole steps are cut."""
    blocks = -(-total // step)
    each = -(-blocks // min(most, blocks))
    return -(-blocks // each)


def cut_shares(total: int, step: int, shares: int, letter: str) -> list[tuple[Any, Any, int]]:
    """Part a range as ``cut_ranges`` does, and give of that the share that a letter counts."""
    if shares == 1:
        return list(cut_ranges(total, step))
    blocks = -(-total // step)
    each = -(-blocks // shares) * step
    (_, whole, _), *rest = cut_ranges(total, step)
    own = (f"{letter} * {each}", f"min({letter} * {each} + {each}, {whole})", step)
    return [own, *((f"{begin} if {letter} == {shares - 1} else {end}", end, left) for begin, end, left in rest)]


def cut_ranges(total: int, step: int) -> list[tuple[int, int, int]]:
    """Part a range into one of whole steps and what is left: start, stop and step of each."""
    whole = total - total % step
    return [(0, whole, step)] + [(whole, total, total - whole)] * (whole < total)


def _limit(node: Node) -> str:
    factors = node.inputs[:2]
    same = all(isinstance(x, Node) and x.dtype == node.dtype for x in factors)
    return "" if same and node.dtype.kind == "f" else "a product of integers, or of two dtypes"


KERNELS.register(Kernel(unit=ProductWriter.write_product, limit=_limit), MatMul)
