"""Rules for native code alone, which computes in flat memory and can start a sum from anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.blas import shared
from minigrad.compiler.passes.fuse import is_elementwise, is_reduction
from minigrad.compiler.passes.layouts import Unsupported, layout
from minigrad.compiler.passes.lower import copied, is_view, rewritten
from minigrad.compiler.passes.plan import root
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.arithmetic import add
from minigrad.ops.linalg import affine, matmul


def fitted(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in operations that native code is written for."""
    return rewritten(_biased(outputs), _in_memory)


def _in_memory(node: Node) -> Any:
    """Copy what a reshape cannot see as it lies, and a number that is seen as an array by more than a loop."""
    if node.op is None:
        return None
    if is_view(node.op):
        try:
            layout(node)
        except Unsupported:
            return node.apply(node.op, tuple(copied(x) for x in node.inputs))
    elif node.shape and not is_elementwise(node) and not is_reduction(node):
        inputs = tuple(copied(x) if isinstance(x, Node) and x.shape and not root(x).shape else x for x in node.inputs)
        return None if all(x is y for x, y in zip(inputs, node.inputs, strict=True)) else node.apply(node.op, inputs)
    return None


def _biased(outputs: Sequence[Any]) -> list[Any]:
    """Let a product start from its bias: the loop after it then runs over whole arrays, without rows of b.

    For a layer of 25 units a row is three vectors and a rest, and the rest costs as much as they do. Where threads
    share the product it cannot start from anything, and the bias would be a pass of its own.
    """
    nodes = order_nodes(outputs)
    users = count_uses(nodes, outputs)
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = rebuild_node(node, becomes)
        if node.op == add and all(isinstance(x, Node) for x in node.inputs):
            product, b = node.inputs
            fitting = b.shape == node.shape[-1:] and b.dtype == node.dtype == product.dtype
            if product.op == matmul and users[product] == 1 and fitting and _of_one_thread(product):
                new = affine(*new.inputs[0].inputs, new.inputs[1])
        becomes[node] = new
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]


def _of_one_thread(product: Node) -> bool:
    """Say whether a product is one of two matrices that no threads share."""
    a, b = product.inputs
    both = isinstance(a, Node) and isinstance(b, Node) and a.ndim == b.ndim == 2
    return both and not shared(a.shape[0], b.shape[1], a.shape[1])
