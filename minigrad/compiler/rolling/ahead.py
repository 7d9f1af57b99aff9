"""What turns compute from outside alone is computed ahead of the loop, of all turns at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Body, Loop, Read
from minigrad.compiler.rolling.stacking import moves_alone, take_parts
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.base import Op
from minigrad.ops.shaping import Reshape

LARGEST = 1 << 20  # elements of all turns, of one operation


def compute_ahead(loop: Node, small: int) -> Node:
    """Give an equal loop that reads what it would compute of what it reads, for arrays of up to ``small`` elements."""
    assert isinstance(loop.op, Loop)
    body = loop.op.body
    stacks = dict(_stack_reads(loop))
    moving = {x.node for x in body.reads if x.node in stacks and x.key is not None}
    found: dict[Node, Any] = {}
    for node in body.nodes:
        if _is_small(node, small, body.count) and all(
            x in stacks or x.value is not None for x in node.inputs if isinstance(x, Node)
        ):
            made = _stack(node, stacks)
            moves = any(x in moving for x in node.inputs if isinstance(x, Node))
            if made.dtype == node.dtype and made.shape == (body.count if moves else 1, *node.shape):
                stacks[node] = made
                moving |= {node} if moves else set()
                if moves and not is_view(node.op) and _spares_calls(node):
                    found[node] = made
    return read_instead(loop, {x: (made, EvenKey((None,), (0,), (1,))) for x, made in found.items()})


def read_instead(loop: Node, found: dict[Node, tuple[Any, EvenKey | None]]) -> Node:
    """Give a loop that reads parts of operands in the place of Nodes of its turn."""
    assert isinstance(loop.op, Loop)
    body = loop.op.body
    reached = _find_reached(body, found)
    if not reached:
        return loop
    becomes = {x: Node(shape=x.shape, dtype=x.dtype, table=x.table) for x in reached}
    operands = (*loop.inputs, *(found[x][0] for x in reached))
    new = [Read(becomes[x], len(loop.inputs) + i, found[x][1]) for i, x in enumerate(reached)]
    values = substitute_nodes(body.values, becomes)
    used = set(order_nodes(values))
    reads = tuple(x for x in (*body.reads, *new) if x.node in used)
    body = replace(body.replace_values(values), reads=reads)
    return Node(Loop(body), operands, shape=loop.shape, dtype=loop.dtype, table=loop.table)


def _find_reached(body: Body, found: dict[Node, Any]) -> list[Node]:
    """Give those of some Nodes that others of the turn need, which are left."""
    seen: dict[Node, None] = {}
    stack = [x for x in body.values if isinstance(x, Node)]
    while stack:
        x = stack.pop()
        if x not in seen:
            seen[x] = None
            stack += [] if x in found else [y for y in x.inputs if isinstance(y, Node)]
    return [x for x in seen if x in found]


def _stack_reads(loop: Node) -> Iterator[tuple[Node, Any]]:
    """Give what turns read, of all turns along an axis in front; what is the same in all is of one."""
    assert isinstance(loop.op, Loop)
    for read in loop.op.body.reads:
        if not (read.each or read.node.weak):
            whole = loop.inputs[read.operand]
            if read.key is None and isinstance(whole, Node):
                yield read.node, Reshape((1, *read.node.shape))(whole)
            elif read.key is not None and moves_alone(read.key):
                yield read.node, take_parts(whole, read.key, loop.op.body.count)


def _stack(node: Node, stacks: dict[Node, Any]) -> Any:
    """Apply an operation to all turns at once."""
    assert node.op is not None
    parts: list[Any] = []
    for x in node.inputs:
        if isinstance(x, Node):
            parts.append(stacks[x] if x in stacks else Reshape((1, *x.shape))(x))
        else:
            parts.append(x)
    return node.op.batch(*parts)


def _is_small(node: Node, small: int, count: int) -> bool:
    """Say whether a call takes longer to begin than to compute, and there is a way to compute all turns' at once."""
    if node.op is None or type(node.op).batch is Op.batch or isinstance(node.op, Loop) or node.weak:
        return False
    size = max(node.size, *(x.size for x in node.inputs if isinstance(x, Node)), 1)
    return node.dtype.kind in "fb" and size <= small and size * count <= LARGEST


def _spares_calls(node: Node) -> bool:
    """Say whether reading takes less than computing: one operation on numbers takes as long as to read another."""
    return bool(node.shape) or any(isinstance(x, Node) and (x.op is not None or x.shape) for x in node.inputs)
