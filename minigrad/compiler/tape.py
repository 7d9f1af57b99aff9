"""Tape: what a traced function computes with a record of its own, to be computed again on other operands."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiler.trace.traced import Traced
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Op


class Place(NamedTuple):
    """Stands for the value of a step among the operands of a later one: a gradient flows back by it."""

    step: int


class Step(NamedTuple):
    """An operation on Places, and on Nodes and numbers through which no gradient flows; without one it is an input."""

    op: Op | None
    operands: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Tape:
    """The recorded part of a trace, in the order in which it was computed; ``outputs`` are steps.

    Expressions alone would not do: ``x * x.detach()`` is x², and its gradient is x.
    """

    steps: list[Step]
    outputs: list[int]

    @property
    def constants(self) -> list[Node]:
        """All expressions that the operands through which no gradient flows depend on, inputs first."""
        return order_nodes(x for op, operands in self.steps if op is not None for x in operands if isinstance(x, Node))

    @property
    def leaves(self) -> list[Node]:
        """The inputs that a gradient flows to."""
        return list(dict.fromkeys(step.operands[0] for step in self.steps if step.op is None))

    def replace_nodes(self, becomes: Mapping[Node, Any]) -> Tape:
        """Give the tape with others in the place of some expressions."""
        steps = (
            Step(op, tuple([becomes.get(x, x) if isinstance(x, Node) else x for x in operands]))
            for op, operands in self.steps
        )
        return Tape(list(steps), self.outputs)

    def find_leaves(self, output: int) -> set[Node]:
        """Give the inputs that a gradient flows to from one output."""
        found: set[Node] = set()
        seen, stack = {output}, [output]
        while stack:
            op, operands = self.steps[stack.pop()]
            found |= set(operands) if op is None else set()
            new = {x.step for x in operands if isinstance(x, Place)} - seen
            seen |= new
            stack += new
        return found

    def replay(self, output: int, given: Mapping[Node, Any]) -> Any:
        """Compute an output from given inputs: arrays, Tensors, or Nodes of another graph."""
        known = {node: x.detach() if isinstance(x, Tensor) else x for node, x in given.items()}
        for node in self.constants:
            if node.op is not None:
                known[node] = node.op(*(known[x] if isinstance(x, Node) else x for x in node.inputs))
            elif node not in known:  # an array of the trace's own, or the 1 that a gradient began with
                known[node] = np.ones((), node.dtype) if node.value is None else node.value
        values: list[Any] = []
        for op, operands in self.steps[: output + 1]:
            if op is None:
                values.append(given[operands[0]])
                continue
            inputs = (
                values[x.step] if isinstance(x, Place) else known[x] if isinstance(x, Node) else x for x in operands
            )
            values.append(op(*inputs))
        return values[output]


def write_tape(outputs: Sequence[Traced], inputs: Container[Traced]) -> Tape:
    """Write down how traced outputs were recorded, back to those inputs that gradients flow to."""
    steps: list[Step] = []
    numbers: dict[Traced, int] = {}
    stack = list(outputs)[::-1]
    while stack:  # inputs first, without recursion
        t = stack[-1]
        missing = [x for x in t.inputs if _flows(x, inputs) and x not in numbers]
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        if t not in numbers:
            numbers[t] = len(steps)
            steps.append(_step(t, numbers))
    return Tape(steps, [numbers[t] for t in outputs])


def _flows(x: Any, inputs: Container[Traced]) -> bool:
    return isinstance(x, Traced) and x.serial > 0 and (x.op is not None or x in inputs)


def _step(t: Traced, numbers: Mapping[Traced, int]) -> Step:
    if t.op is None:
        return Step(None, (t.node,))
    operands: list[Any] = []
    for x in t.inputs:
        known = isinstance(x, Traced) and x in numbers
        operands.append(Place(numbers[x]) if known else x.node if isinstance(x, Traced) else x)
    return Step(t.op, tuple(operands))
