"""Rules for native code alone, which computes in flat memory and can start a sum from anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.native.products import leaves_to_blas
from minigrad.compiler.native.registry import is_typed
from minigrad.compiler.passes.flat import copy_unseen
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.lower import copy_array, rewrite_nodes
from minigrad.compiler.passes.rows import find_rows, merge_rows
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.arithmetic import add, not_equal
from minigrad.ops.cumulative import ProdOfOthers
from minigrad.ops.linalg import affine
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.places.assignment import Assign


def fit_outputs(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in operations that native code is written for."""
    return rewrite_nodes(_biased(rewrite_nodes(rewrite_nodes(outputs, _opened), merge_rows)), _in_memory)


def _opened(node: Node) -> Any:
    """Open what comes to operations that run along an axis; a truth value that is not 0 is one already stored.

    What is assigned to truth values becomes one: a byte of 254 would be True, and no other True.
    """
    if node.op == not_equal and _is_zero(node.inputs[1]):
        (x, _) = node.inputs
        return x if isinstance(x, Node) and x.dtype == node.dtype and x.shape == node.shape else None
    if isinstance(node.op, Assign) and node.dtype.kind == "b":
        a, b = node.inputs
        if not isinstance(b, Node):
            return None if b in (0, 1) else node.apply(node.op, (a, int(bool(b))))
        return None if b.dtype == node.dtype else node.apply(node.op, (a, not_equal(b, 0)))
    return node.op.forward(*node.inputs) if isinstance(node.op, ProdOfOthers) and is_typed(node) else None


def _is_zero(x: Any) -> bool:
    return not isinstance(x, Node) and x == 0


def _in_memory(node: Node) -> Any:
    """Copy what cannot be seen as it lies, and for windows what does not lie in order."""
    copied = copy_unseen(node)
    seen = node if copied is None else copied
    if isinstance(seen.op, Convolving | Pooling):
        inputs = tuple(_in_order(x) if isinstance(x, Node) else x for x in seen.inputs)
        if any(x is not y for x, y in zip(inputs, seen.inputs, strict=True)):
            return seen.apply(seen.op, inputs)
    return copied


def _in_order(x: Node) -> Node:
    """Give an operand whose elements lie in order: itself, or else a copy."""
    return x if layout(x).strides == contiguous_strides(x.shape) else copy_array(x)


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
            seen, b = node.inputs
            product = find_rows(seen)
            fitting = b.shape == node.shape[-1:] and b.dtype == node.dtype == seen.dtype
            alone = product is not None and users[seen] == users[product] == 1
            if product is not None and alone and fitting and _of_one_thread(product):
                inner = new.inputs[0] if product is seen else new.inputs[0].inputs[0]
                summed = affine(*inner.inputs, new.inputs[1])
                new = summed if product is seen else new.inputs[0].op(summed)
        becomes[node] = new
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]


def _of_one_thread(product: Node) -> bool:
    """Say whether a product is one of two matrices that loops compute, and no threads share."""
    a, b = product.inputs
    both = isinstance(a, Node) and isinstance(b, Node) and a.ndim == b.ndim == 2
    loops = all(isinstance(x, Node) and x.dtype == product.dtype and is_typed(x) for x in (a, b))
    loops = loops and product.dtype.char in "df" and is_typed(product)
    return both and loops and not leaves_to_blas(a.shape[0], b.shape[1], a.shape[1])
