"""Python numbers that long computations are of are float64 there, which they are, so that loops hand them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.algebra.rewrite import give_dtype, rebuild_node
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.shaping import Cast

MANY = 128  # operations on Python numbers alone: fewer are no loop, and Python computes them in less time than NumPy
NARROW = (np.float16, np.float32, np.complex64)  # which a Python number leaves as they are, and a float64 does not


def give_numbers_dtypes(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, bit for bit, in which no Python float is computed with that meets nothing narrower."""
    nodes = order_nodes(outputs)
    if sum(_is_plain(x) and x.op is not None for x in nodes) < MANY or any(x.dtype in NARROW for x in nodes):
        return list(outputs)
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = rebuild_node(node, becomes)
        new = give_dtype(new) if _is_plain(new) else new
        if new is not node:
            becomes[node] = new
    return [_restore(x, becomes.get(x, x)) if isinstance(x, Node) else x for x in outputs]


def _is_plain(x: Any) -> bool:
    return isinstance(x, Node) and x.weak and x.dtype == np.float64


def _restore(old: Node, new: Any) -> Any:
    """Give what was a Python number as one."""
    if not _is_plain(old) or not isinstance(new, Node) or new.weak:
        return new
    return Node(Cast(new.dtype), (new,), shape=(), dtype=new.dtype, weak=True)
