"""What follows a sum, of as many elements as the sum has: done by the thread that has the sum, in the same kernel.

b ← b − Σ δ is one kernel then, and −Σ t ln y too. What a thread writes it may read again; nobody else in the kernel may
read what it writes over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from minigrad.compiler.cuda.loops import reduced_axes
from minigrad.compiler.cuda.places import Numbers
from minigrad.compiler.passes.fuse import Loops, Product, is_reduction
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.plan import Plan, root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node


@dataclass(eq=False)
class Tailed:
    """Sums over some axes, and what follows them."""

    head: Loops
    tails: list[Any] = field(default_factory=list)

    @property
    def units(self) -> list[Any]:
        """All of it, each of which stores what others read."""
        return [self.head, *self.tails]

    @property
    def members(self) -> list[Node]:
        """The operations of all."""
        return [node for unit in self.units for node in unit.members]


def join_tails(works: Sequence[Any], plan: Plan, called: bool) -> list[Any]:
    """Put what follows a sum to it; nothing that writes to parameters where a call of CuPy may still fail after it."""
    place = {node: i for i, work in enumerate(works) for node in work.members}
    joined: list[Any] = list(works)
    for j, tail in enumerate(works):
        if not _may_follow(tail, plan, called):
            continue
        reads = [x for node in tail.members for x in node.inputs if isinstance(x, Node) and place.get(root(x)) != j]
        i = max((place.get(root(x), -1) for x in reads), default=-1)
        head = joined[i] if i >= 0 else None
        if isinstance(head, Loops):
            head = Tailed(head)
        if not isinstance(head, Tailed) or not _is_of(head, tail, reads):
            continue
        targets = {plan.in_place[x] for x in tail.members if x in plan.in_place}
        if not any(_touches(works[k], targets, plan) for k in range(i, j)):
            head.tails.append(tail)
            joined[i], joined[j] = head, None
            place.update(dict.fromkeys(tail.members, i))
    return [work for work in joined if work is not None]


def _may_follow(tail: Any, plan: Plan, called: bool) -> bool:
    """Say whether some work is of single elements, and may be done earlier than it stands."""
    if isinstance(tail, Numbers):
        return True
    elementwise = isinstance(tail, Loops) and not any(is_reduction(x) for x in tail.members)
    return elementwise and not (called and any(x in plan.in_place for x in tail.members))


def _is_of(head: Tailed, tail: Any, reads: Sequence[Node]) -> bool:
    """Say whether there is a thread for each element of a tail, which has made what that reads of the kernel."""
    sums = [x for x in head.head.members if is_reduction(x)]
    axes = {reduced_axes(x) for x in sums}
    size = 1 if isinstance(tail, Numbers) else prod(tail.shape)
    if len(axes) != 1 or any(x.size != size for x in sums) or not size:
        return False
    own = {*sums, *(x for other in head.tails for x in other.members)}
    inside = set(head.members)
    shape = () if isinstance(tail, Numbers) else tail.shape
    return all(_is_same_element(x, shape) if root(x) in own else root(x) not in inside for x in reads)


def _is_same_element(x: Node, shape: tuple[int, ...]) -> bool:
    """Say whether element i of a shape reads element i of the memory behind an operand."""
    try:
        at = layout(x)
    except Unsupported:
        return False
    if at.offset or at.base.size != prod(shape) or x.size != prod(shape):
        return False
    sized = [(s, n) for s, n in zip(at.strides, x.shape, strict=True) if n != 1]
    wanted = [(s, n) for s, n in zip(contiguous_strides(shape), shape, strict=True) if n != 1]
    return sized == wanted


def _touches(work: Any, targets: set[Node], plan: Plan) -> bool:
    """Say whether some work reads or writes any of some parameters."""
    if isinstance(work, Product) and work.into in targets:
        return True
    read = {root(x) for node in work.members for x in node.inputs if isinstance(x, Node)}
    return bool(targets & read) or any(plan.in_place.get(x) in targets for x in work.members)
