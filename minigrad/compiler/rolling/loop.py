"""Loop: operations that are the same turn after turn, as one operation whose value is all that is kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.compiler.passes.lower import Spread, is_view
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.base import Op, Shape

ALIGNED = 64  # bytes, to which what is kept begins


@dataclass(frozen=True, eq=False)
class Read:
    """An input of a turn: a part of an operand, by an index whose numbers go on evenly; without a key the whole.

    Or an operand of its own in each turn: ``each`` has their places.
    """

    node: Node
    operand: int
    key: EvenKey | None = None
    each: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class State:
    """An input of a turn that is what the turn before has made of it, and an operand in the first one."""

    node: Node
    operand: int
    new: Any


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of a turn: of each of them, one after another, or of the last one alone; from ``start`` on."""

    value: Any
    shape: Shape  # of one turn's
    each: bool
    start: int

    def size(self, count: int) -> int:
        """Count the elements."""
        return prod(self.shape) * (count if self.each else 1)


@dataclass(frozen=True, eq=False)
class Body:
    """A turn, as expressions of its inputs, and how often it is taken."""

    count: int
    reads: tuple[Read, ...]
    states: tuple[State, ...]
    kept: tuple[Kept, ...]
    size: int
    dtype: np.dtype[Any]

    @property
    def values(self) -> list[Any]:
        """All that a turn computes: what is kept of it, and what it hands on."""
        return [*(x.value for x in self.kept), *(x.new for x in self.states)]

    @property
    def nodes(self) -> list[Node]:
        """The operations of a turn, in order."""
        return [x for x in order_nodes(self.values) if x.op is not None]

    def replace_values(self, values: Sequence[Any]) -> Body:
        """Give the body that computes equal values in another way."""
        n = len(self.kept)
        kept = (Kept(v, x.shape, x.each, x.start) for x, v in zip(self.kept, values[:n], strict=True))
        states = (State(x.node, x.operand, v) for x, v in zip(self.states, values[n:], strict=True))
        return Body(self.count, self.reads, tuple(states), tuple(kept), self.size, self.dtype)


class Loop(Op):
    """A body, so many times: the value is one block of memory, which has what is kept of it in parts.

    The parts are views of the block, so that a loop is to a plan what any other operation is.
    """

    name, letters, text = "loop", "ab", "loop({a}, {b})"

    def __init__(self, body: Body) -> None:
        self.body = body

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the block."""
        return (self.body.size,)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of the block, which is that of all parts."""
        return self.body.dtype

    def forward(self, *operands: Any) -> Any:
        """Take one turn after another, each operation by its own forward."""
        body, block = self.body, np.zeros(self.body.size, self.body.dtype)
        inputs: list[Read | State] = [*body.reads, *body.states]
        known = {x.node: operands[x.operand] for x in inputs}
        for t in range(body.count):
            known |= {x.node: operands[x.operand][x.key.at(t)] for x in body.reads if x.key is not None}
            known |= {x.node: operands[x.each[t]] for x in body.reads if x.each}
            values = evaluate(body.values, known)
            for part, value in zip(body.kept, values, strict=False):
                n = prod(part.shape)
                at = part.start + t * n * part.each
                block[at : at + n] = np.reshape(value, -1)
            known |= {x.node: value for x, value in zip(body.states, values[len(body.kept) :], strict=True)}
        return block

    def __repr__(self) -> str:
        return f"loop(×{self.body.count} of {len(self.body.nodes)} operations)"


def place_parts(parts: Iterable[tuple[Any, Shape, bool]], count: int, dtype: np.dtype[Any]) -> tuple[list[Kept], int]:
    """Give what is kept its place in a block, and the block's size."""
    kept: list[Kept] = []
    size, step = 0, max(1, ALIGNED // dtype.itemsize)
    for value, shape, each in parts:
        kept.append(Kept(value, shape, each, size))
        size += -(-kept[-1].size(count) // step) * step
    return kept, size


def describe_loops(outputs: Iterable[Any], around: str = "") -> Iterator[str]:
    """Say of each loop how often it is taken, and which operations a turn of it is."""
    for node in order_nodes(outputs):
        if isinstance(node.op, Loop):
            body = node.op.body
            ops = [x.op for x in body.nodes if x.op is not None and not is_view(x.op)]
            names = Counter(op.name for op in ops if not isinstance(op, Spread))
            listed = ", ".join(f"{n} {name}" if n > 1 else name for name, n in names.most_common())
            yield f"{around}×{body.count} of {listed}"
            yield from describe_loops(body.values, f"{around}×{body.count} of ")
