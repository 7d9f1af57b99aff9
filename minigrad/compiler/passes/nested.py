"""What is added to a part of a part of an array is added to the array: ∂E/∂X of X[t][i], without an array for X[t]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.passes.places import Places, find_places, find_within_part, write_places
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.indexing import Scatter


def open_scattered(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, up to the order of sums, in which no array is added to only to be added to another one."""
    nodes = order_nodes(outputs)
    if not any(_is_put(x) and _is_put(x.inputs[-1]) for x in nodes):
        return list(outputs)
    users = count_uses(nodes, outputs)
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = _open(node, users, becomes) if isinstance(node.op, AddAt | Scatter) else None
        new = rebuild_node(node, becomes) if new is None else new
        if new is not node:
            becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _is_put(x: Any) -> bool:
    """Say whether an operation puts something into zeros, or adds it to what is put there, at places that are known."""
    return isinstance(x, Node) and isinstance(x.op, AddAt | Scatter) and bool(x.shape) and bool(_find_places(x))


def _find_places(x: Node) -> Places | None:
    return find_places(x.op.key, x.shape) if isinstance(x.op, AddAt | Scatter) else None


def _open(node: Node, users: Counter[Node], becomes: dict[Node, Any]) -> Any:
    """Give a sum without an array between; None where there is none, or another needs it."""
    places, put = _find_places(node), node.inputs[-1]
    terms: list[tuple[Places | None, Any]] = []
    while _is_put(put) and users[put] == 1 and put.dtype == node.dtype:
        terms.append((_find_places(put), put.inputs[-1]))
        if isinstance(put.op, Scatter):
            break
        put = put.inputs[0]
    else:
        terms.append((None, put))
    if places is None or len(terms) < 1 + (terms[-1][0] is None):
        return None
    if any(not isinstance(x, Node) or not x.shape or x.dtype != node.dtype for _, x in terms):
        return None
    total = becomes.get(node.inputs[0], node.inputs[0]) if isinstance(node.op, AddAt) else None
    for inner, x in reversed(terms):
        key, x = write_places(find_within_part(places, inner) if inner is not None else places), becomes.get(x, x)
        total = Scatter(key, node.shape)(x) if total is None else AddAt(key)(total, x)
    return total
