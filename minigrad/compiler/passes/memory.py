"""The one planner of memory: results use a piece of it in turns, each when the last reader of another's has run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from minigrad.engine.node import Node

FEW = 256  # bytes, up to which a piece may be as much larger than what is put there as it likes


@dataclass(eq=False)
class Memory:
    """A piece of memory of the plan's own, which results use in turns."""

    nbytes: int
    users: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """What runs as one: the arrays that it stores and those whose memory it reads.

    ``over`` are those of the latter that a result of their size and dtype may be written over, if nobody needs them
    any more.
    """

    stores: Sequence[Node]
    reads: Sequence[Node]
    over: Sequence[Node] = ()


def plan_memory(steps: Sequence[Step], kept: Iterable[Node], alignment: int = 1) -> dict[Node, Memory]:
    """Give every array that a step stores a Memory; ``kept`` are those that are read when all steps have run.

    Sizes are multiples of ``alignment`` bytes.
    """
    last: dict[Node, int] = {}
    for position, step in enumerate(steps):
        last.update(dict.fromkeys((*step.stores, *step.reads), position))
    last.update(dict.fromkeys(kept, len(steps)))
    memory: dict[Node, Memory] = {}
    free: dict[int, deque[Memory]] = {}  # by size: there are few of those, and pieces of thousands of operations
    for position, step in enumerate(steps):
        ending = dict.fromkeys(x for x in (*step.reads, *step.stores) if last[x] == position)  # == is an expression
        overwritten: set[Node] = set()
        for node in step.stores:
            alike = (x for x in step.over if (x.size, x.dtype) == (node.size, node.dtype))
            under = next((x for x in alike if x in ending and x in memory and x not in overwritten), None)
            nbytes = -(-prod(node.shape) * node.dtype.itemsize // alignment) * alignment
            memory[node] = _take(free, nbytes) if under is None else memory[under]
            memory[node].users.append(node)
            overwritten |= set() if under is None else {under}
        for m in (memory[x] for x in ending if x in memory and x not in overwritten):
            free.setdefault(m.nbytes, deque()).append(m)
    return memory


def _take(free: dict[int, deque[Memory]], nbytes: int) -> Memory:
    """Take the smallest free Memory that is large enough, but not out of all proportion, or a new one."""
    fitting = [size for size, pieces in free.items() if pieces and nbytes <= size <= max(4 * nbytes, FEW)]
    return free[min(fitting)].popleft() if fitting else Memory(nbytes)
