"""Operations that are alike but for the names of their operands, as the lines of a long program are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops.base import number_key
from minigrad.ops.shaping import Reshape

_FIRST, _MOST = 0xE000, 100  # characters that nobody writes with, which stand for the names of so many operands


class AlikeOperations:
    """Writes one operation after another, ``text(node, names, expand=node)``; each kind of them is worded once."""

    def __init__(self) -> None:
        self.wordings: dict[tuple[Any, ...], str] = {}

    def write(self, node: Node, names: Mapping[Node, str]) -> str:
        """Write a Node's operation on operands by their names."""
        operands = list(dict.fromkeys(x for x in node.inputs if type(x) is Node))
        if len(operands) > _MOST or not all(x in names for x in operands):
            return text(node, {x: names[x] for x in operands if x in names}, expand=node)
        places = {x: chr(_FIRST + i) for i, x in enumerate(operands)}
        key = (node.op, node.shape, *[_seen(x, places) if type(x) is Node else number_key(x) for x in node.inputs])
        wording = self.wordings.get(key)
        if wording is None:
            wording = self.wordings[key] = text(node, places, expand=node)
        for x, place in places.items():
            wording = wording.replace(place, names[x])
        return wording


def _seen(x: Node, places: Mapping[Node, str]) -> tuple[Any, ...]:
    """Give all that the writing of an operation depends on of an operand which is written by its name."""
    made_of = x.inputs[0].shape if isinstance(x.op, Reshape) and isinstance(x.inputs[0], Node) else None
    return places[x], x.shape, x.name, made_of
