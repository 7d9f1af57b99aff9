"""An update rule that many parameters share, as one expression of stand-ins instead of one of each parameter's own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import multiply
from minigrad.ops.base import Op, Shape, number_key
from minigrad.ops.common.dtypes import read_bits

LEAST = 4  # operations of a rule: of fewer, as SGD's, there is nothing to save


@dataclass(frozen=True)
class UpdateBody:
    """What a rule makes of a parameter, its gradient and its running values, in this order.

    ``given`` are stand-ins for those, with what else is read behind them: settings. ``values`` are the new parameter
    and the new running values. Two that compute the same have one ``key``.
    """

    key: Hashable
    given: tuple[Node, ...] = field(compare=False)
    values: tuple[Node, ...] = field(compare=False)


class Updated(Op):
    """One of the values of a body, of operands in the places of what it is given."""

    name, letters, text, fields = "updated", "wg", "update({w}, {g})", ("body", "part")

    def __init__(self, body: UpdateBody, part: int) -> None:
        self.body, self.part = body, part

    def forward(self, *operands: Any) -> Any:
        """Compute it, each operation by its own forward."""
        (value,) = evaluate([self.body.values[self.part]], dict(zip(self.body.given, operands, strict=True)))
        return np.asarray(value)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape that the old value has."""
        return self.body.values[self.part].shape

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype that the old value has."""
        return self.body.values[self.part].dtype


def make_body(stand_ins: Sequence[Node], made: Sequence[Node], values: Sequence[Any]) -> UpdateBody | None:
    """Give a rule, read for stand-ins, as a body; None for one that is better written out for each parameter.

    It is where a factor that all gradients have in common could go into the seed of the backward pass instead, and for
    single elements, which are written by an index of their own.
    """
    _, g, *_ = stand_ins
    scaled = any(x.op == multiply and g in {*_operands(x)} and any(map(_is_number, _operands(x))) for x in made)
    single = any(x.size == 1 and x.shape for x in stand_ins)
    if scaled or single or len(made) < LEAST or not all(type(x) is Node and x.op is not None for x in values):
        return None
    known = {*stand_ins, *made}
    read = dict.fromkeys(y for x in made for y in _operands(x) if y not in known and y.value is None)
    given = (*stand_ins, *read)
    return UpdateBody(_describe(given, values), given, tuple(values))


def _operands(x: Node) -> list[Node]:
    return [y for y in x.inputs if isinstance(y, Node)]


def _is_number(x: Node) -> bool:
    return x.weak and x.op is None


def _describe(given: Sequence[Node], values: Sequence[Any]) -> Hashable:
    """Say what is computed, in terms that do not depend on what the expressions are of."""
    numbers: dict[Node, int] = {x: i for i, x in enumerate(given)}
    rows: list[Any] = [(x.shape, x.dtype.str, x.weak) for x in given]
    for x in order_nodes(values):
        if x not in numbers:
            numbers[x] = len(numbers)
            operands = (numbers[y] if isinstance(y, Node) else number_key(y) for y in x.inputs)
            rows.append((x.op, *operands) if x.value is None else (x.value.dtype.str, read_bits(x.value)))
    return (*rows, *(numbers[x] for x in values))


def update_each(body: UpdateBody, ops: Sequence[Updated], operands: tuple[Node, ...]) -> list[Node]:
    """Give the new values of one parameter; nothing else will be equal to them, so that no table has to know."""
    return [
        Node(op, operands, shape=like.shape, dtype=like.dtype, table=like.table)
        for op, like in zip(ops, body.values, strict=True)
    ]


def write_out(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which the operations of a rule stand for themselves."""
    nodes = order_nodes(outputs)
    if not any(isinstance(x.op, Updated) for x in nodes):
        return list(outputs)
    becomes: dict[Node, Any] = {}
    known: dict[tuple[int, ...], list[Any]] = {}  # what a rule makes of operands that several values share
    for node in nodes:
        op = node.op
        operands = tuple(becomes.get(x, x) if isinstance(x, Node) else x for x in node.inputs)
        if isinstance(op, Updated):
            key = tuple(map(id, operands))
            if key not in known:
                known[key] = substitute_nodes(op.body.values, dict(zip(op.body.given, operands, strict=True)))
            becomes[node] = known[key][op.part]
        elif any(x is not y for x, y in zip(operands, node.inputs, strict=True)):
            becomes[node] = node.apply_alike(operands)
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]
