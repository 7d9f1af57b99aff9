"""Parts of arrays that several turns read, each in another place, as X[t] ⊙ X[n − t]: each has its own sight of them.

An operation is one and the same in one turn alone: X[3] cannot be what X[2] was in one place, and X[4] in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.rolling.keys import is_read
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.indexing import Index, Scatter, hash_key


class AddTerm(AddAt):
    """One of several sums on one another, at indices of their own: no operation of a turn, but all turns' are one."""

    folds = False


def part_reads(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which each operand that is a part of an array is an operation of its own.

    Sums at indices are ``AddTerm``s, which do not tell turns: terms that look alike may be of different places in one.
    """
    nodes = order_nodes(outputs)
    becomes: dict[Node, Any] = {}
    uses = count_uses(nodes, outputs)
    if not any(type(node.op) is AddAt or (uses[node] > 1 and is_read(node)) for node in nodes):
        return list(outputs)
    for node in nodes:
        inputs = tuple([_see_anew(becomes.get(x, x)) if isinstance(x, Node) else x for x in node.inputs])
        if type(node.op) is AddAt or any(x is not y for x, y in zip(inputs, node.inputs, strict=True)):
            op = AddTerm(node.op.key) if type(node.op) is AddAt and _is_put(inputs[0]) else node.op
            becomes[node] = Node(op, inputs, shape=node.shape, dtype=node.dtype, table=node.table, weak=node.weak)
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _is_put(x: Any) -> bool:
    return isinstance(x, Node) and isinstance(x.op, AddAt | Scatter)


def _see_anew(x: Node) -> Node:
    if not is_read(x):
        return x
    return Node(x.op, x.inputs, shape=x.shape, dtype=x.dtype, table=x.table, weak=x.weak)


def join_reads(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which what is the same part of the same array is one operation."""
    becomes: dict[Node, Any] = {}
    known: dict[Any, Node] = {}
    for node in order_nodes(outputs):
        new = rebuild_node(node, becomes)
        if isinstance(new, Node) and type(new.op) is AddTerm:
            new = new.apply(AddAt(new.op.key), new.inputs)
        if isinstance(new, Node) and type(new.op) is Index and isinstance(new.inputs[0], Node):
            new = known.setdefault((id(new.inputs[0]), hash_key(new.op.key)), new)
        if new is not node:
            becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]
