"""Gates: a product that is taken apart, i, f, o and g of u = x W + h V + b, each with a function of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise
from minigrad.ops.indexing import Index
from minigrad.structure.layers import Layer
from minigrad.structure.repeats import Repeat

_LEAST = 3  # parts: of two, as in a ⊙ σ(b), a reader sees which is which


def name_gates(
    repeats: Iterable[Repeat], layers: Iterable[Layer], users: Mapping[Node, list[Node]]
) -> dict[tuple[Node, ...], tuple[str, str]]:
    """Give what rows of gates are called, by the segment in the middle: a letter, and the number of the part.

    A part of a layer's output is A, and what acts on that part alone, element by element, G; the parts are numbered in
    the order in which they lie in the product.
    """
    found: dict[tuple[Node, ...], tuple[str, str]] = {}
    for repeat in repeats:
        inside, number = set(repeat.segments[repeat.count // 2]), 0
        for layer in layers:
            parts = [x for x in users.get(layer.y, ()) if layer.u in inside and x in inside and _takes_slice(x)]
            if len({x.op for x in parts}) < _LEAST:
                continue
            for part in sorted(parts, key=_start):
                number += 1
                gate = _acting_on(part, users)
                for letter, x in (("A", part), ("G", gate)) if gate is not part else (("A", part),):
                    if x in inside:
                        found[repeat.row(repeat.places[x][0])] = letter, str(number)
    return found


def is_taken_apart(y: Node, users: Mapping[Node, list[Node]]) -> bool:
    """Say whether a product is taken apart as that of gates is."""
    return len({x.op for x in users.get(y, ()) if _takes_slice(x)}) >= _LEAST


def _takes_slice(x: Node) -> bool:
    """Say whether a Node is a part of an array along axes that it keeps."""
    if type(x.op) is not Index:
        return False
    parts = x.op.key if isinstance(x.op.key, tuple) else (x.op.key,)
    return all(isinstance(part, slice) for part in parts)


def _start(x: Node) -> tuple[int, ...]:
    """Say where a part begins along each axis."""
    assert isinstance(x.op, Index)
    parts = x.op.key if isinstance(x.op.key, tuple) else (x.op.key,)
    return tuple(part.start or 0 for part in parts)


def _acting_on(part: Node, users: Mapping[Node, list[Node]]) -> Node:
    """Give what becomes of a part element by element, by itself and numbers."""
    x = part
    while len(after := users.get(x, [])) == 1 and isinstance(after[0].op, Elementwise):
        if any(np.ndim(y) for y in after[0].inputs if y is not x):
            break
        x = after[0]
    return x
