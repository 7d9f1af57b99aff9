"""Copies for backends that write loops over flat memory: of what cannot be seen there as it lies."""

from __future__ import annotations

from typing import Any

from minigrad.compiler.passes.fuse import is_elementwise, is_reduction
from minigrad.compiler.passes.layouts import layout
from minigrad.compiler.passes.lower import copy_array, is_view
from minigrad.compiler.passes.plan import root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node


def copy_unseen(node: Node) -> Any:
    """Copy what a view cannot see as it lies, and a number that is seen as an array by more than a loop."""
    if node.op is None:
        return None
    if is_view(node.op):
        try:
            layout(node)
        except Unsupported:
            return node.apply(node.op, tuple(copy_array(x) for x in node.inputs))
    elif node.shape and not is_elementwise(node) and not is_reduction(node):
        lone = [isinstance(x, Node) and bool(x.shape) and not root(x).shape for x in node.inputs]
        if any(lone):
            inputs = zip(node.inputs, lone, strict=True)
            return node.apply(node.op, tuple(copy_array(x) if number else x for x, number in inputs))
    return None
