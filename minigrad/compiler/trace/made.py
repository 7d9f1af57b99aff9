"""Arrays that a function makes itself, as ``q * np.eye(2)`` does in each turn of a loop: those that are equal are one.

Two traces of one call tell which they are: an array from outside is the same one in both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.trace.sources import Captured, Source
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.common.dtypes import read_bits


def merge_made(inputs: Mapping[Node, Source], others: Collection[Source], expressions: list[Any]) -> dict[Node, Any]:
    """Give what becomes of expressions where equal arrays that the trace made are one: nothing for most traces.

    ``others`` are the inputs of another trace of the same call.
    """
    outside = {id(_find_owner(x.array)) for x in others if isinstance(x, Captured)}
    first: dict[Any, Node] = {}
    becomes: dict[Node, Any] = {}
    for node, source in inputs.items():
        array = source.array if isinstance(source, Captured) else None
        owner = _find_owner(array)
        if type(array) is not np.ndarray or type(owner) is not np.ndarray or id(owner) in outside:
            continue
        like = first.setdefault((array.shape, array.dtype.str, array.strides, read_bits(array)), node)
        if like is not node:
            becomes[node] = like
    if becomes:
        for node in order_nodes(expressions):
            new = becomes[node] if node in becomes else rebuild_node(node, becomes)
            if new is not node:
                becomes[node] = new
    return becomes


def _find_owner(array: Any) -> Any:
    """Give what has the memory that an array looks at."""
    while type(array) is np.ndarray and array.base is not None:
        array = array.base
    return array
