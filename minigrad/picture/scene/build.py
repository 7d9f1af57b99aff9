"""A recorded loss -> the scene that a picture or a page shows of its backward graph.

A tensor is a box, and so is its gradient; an operation stands between them. A gradient's arrow says what the chain
rule multiplies, upstream × local derivative, as the operation's own rule writes it when it is called with expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.form import find_divisors, form_rules
from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import rewrite
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.ops.alphabet import plain_digits
from minigrad.picture.folding.fold import folded
from minigrad.picture.scene.parts import Arrow, Box, Cluster, Operation, Scene
from minigrad.structure.chain_rule import Term, copied, operations, terms, write_formula
from minigrad.structure.layers import describe_layer
from minigrad.structure.loss import TITLES
from minigrad.structure.source import Source, read_loss
from minigrad.structure.steps import Step, find_steps, name_values

__all__ = ["Arrow", "Box", "Cluster", "Operation", "Scene", "scene"]


def scene(
    loss: Tensor | Graph,
    *,
    values: bool = True,
    backward: bool = True,
    fold: Any = "auto",
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> Scene:
    """Give what a picture of a loss shows, in the order of computation: values, then gradients.

    ``values=False`` leaves the numbers out and ``backward=False`` the gradients; ``names=locals()`` names what has no
    name of its own; ``given`` declares facts that a formula may use, and one-hot arrays bring their own, as in
    ``derive``; ``fold`` is as in ``folded``.

    Raises ``ValueError`` for a loss that is no scalar or has no record, or for another ``fold``.
    """
    source = read_loss(loss, names)
    stage = _Stage(source, source.facts(given))
    stage.forward(values)
    if backward:
        stage.backward(values)
    whole = Scene(tuple(stage.boxes), tuple(stage.operations), tuple(stage.arrows), tuple(stage.clusters.values()))
    return folded(whole, fold)


class _Stage:
    """One loss while its scene is being set."""

    def __init__(self, source: Source, given: tuple[SumsToOne, ...]) -> None:
        self.source, self.graph, self.reading = source, source.graph, source.reading
        self.given = tuple(SumsToOne(pretty_name(fact.name), fact.axis) for fact in given)
        self.steps = find_steps(self.reading)
        self.form = form_rules(find_divisors(self.graph), ())
        (self.loss,) = self.graph.outputs
        self.users: dict[Node, list[Step]] = {}
        for step in self.steps:
            for x in step.inputs:
                self.users.setdefault(x, []).append(step)
        self.made = {step.output: step for step in self.steps}
        self.boxes: list[Box] = []
        self.operations: list[Operation] = []
        self.arrows: list[Arrow] = []
        self.clusters: dict[str, Cluster] = {}
        self.cluster: dict[Any, str] = {}  # of a step, or of a Node's box
        self.ids: dict[Node, str] = {}
        self.taken: set[str] = set()
        self.symbols = name_values(self.reading, self.made)
        self._frame_layers()
        self._gather()

    def _frame_layers(self) -> None:
        """Frame each layer, titled by what acts in it."""
        for layer in self.reading.layers:
            number = plain_digits(layer.number)
            key = self._id(f"layer{number}")
            self.clusters[key] = Cluster(key, f"Layer {number} · {describe_layer(layer)}")
            for node in layer.nodes:
                if node in self.made:
                    self.cluster[node] = self.cluster[self.made[node]] = key

    def _gather(self) -> None:
        """Put what only one layer needs into its frame, and what only the loss needs into the loss's."""
        last = self.made[self.loss]
        if self.clusters or len(last.nodes) > 1:
            title = f"Loss · {TITLES[last.op]}" if last.op in TITLES else "Loss"
            self.clusters["loss"] = Cluster(self._id("loss"), title)
            self.cluster[last] = self.cluster[self.loss] = "loss"
        for x, users in self.users.items():
            homes = {self.cluster.get(step) for step in users}
            home = homes.pop()
            if x.op is None and home and len(users) == 1 and (x in self.source.parameters or home == "loss"):
                self.cluster[x] = home

    def forward(self, values: bool) -> None:
        """Set the boxes of the values, and the operations between them."""
        for number, step in enumerate(self.steps, 1):
            for x in (*step.inputs, step.output):
                if x not in self.ids:
                    self._box(x, values)
            name = self._id(f"op{number}")
            inputs = tuple(self.ids[x] for x in step.inputs)
            self.operations.append(
                Operation(name, step.label, step.op, inputs, self.ids[step.output], self.cluster.get(step))
            )
            for operand in inputs:
                self._arrow(operand, name, "forward")
            self._arrow(name, self.ids[step.output], "forward")

    def _box(self, x: Node, values: bool) -> None:
        step = self.made.get(x)
        formula = write_formula(copied(step.nodes, self.symbols)[x]) if step else ""
        if x is self.loss:
            kind = "loss"
        elif x in self.source.parameters:
            kind = "parameter"
        else:
            kind = "value" if step and x in self.source.gradients else "data"
        symbol = self.symbols[x]
        self.ids[x] = self._id(plain_digits(symbol))
        value = np.asarray(self.source.values[x])
        self.boxes.append(
            Box(self.ids[x], kind, symbol, x.shape, formula, value if values else None, x,  # type: ignore[arg-type]
                cluster=self.cluster.get(x), heading=symbol)
        )  # fmt: skip

    def backward(self, values: bool) -> None:
        """Set the boxes of the gradients, from the loss back, and the arrows that say what was multiplied."""
        uses: dict[Node, list[tuple[Term, Step]]] = {self.loss: []}
        self._gradient(self.loss, uses, values)
        for step in reversed(self.steps):
            y = step.output
            if y not in self.source.gradients:
                continue
            upstream = None if y is self.loss else self._name(y)[0]
            for x, term in terms(step.nodes, self.symbols, upstream, self.given).items():
                if x in self.source.gradients:
                    uses.setdefault(x, []).append((term, step))
        order = [x for step in reversed(self.steps) for x in step.inputs[::-1]]
        last = {x: i for i, x in enumerate(order)}
        for i, x in enumerate(order):
            if last[x] == i and x in uses:
                self._gradient(x, uses, values)

    def _gradient(self, x: Node, uses: Mapping[Node, list[tuple[Term, Step]]], values: bool) -> None:
        """Set the box of ∂E/∂x: the sum of what each use of x adds to it."""
        symbol, heading = self._name(x)
        array = self.source.gradients[x]
        key = self._id(f"g{self.ids[x]}")
        magnitude = largest(array)
        expression, formula = self._sum(x, uses[x])
        self.boxes.append(
            Box(key, "gradient", symbol, x.shape, formula, array if values else None,
                expression if isinstance(expression, Node) else None, self.ids[x], self.cluster.get(x), heading,
                magnitude)
        )  # fmt: skip
        self._arrow(self.ids[x], key, "same")
        for term, step in uses[x]:
            self._arrow(f"g{self.ids[step.output]}", key, "backward", term.upstream, term.local, magnitude, term.left)

    def _sum(self, x: Node, uses: list[tuple[Term, Step]]) -> tuple[Any, str]:
        """Add up the terms of a gradient; straight from the loss where that is shorter, as softmax's Y − T is."""
        if not uses:
            return None, "1"
        total: Any = None
        for term, _ in uses:
            total = term.expression if total is None else total + term.expression
        after = self.users.get(x, [])
        final = self.made[self.loss]
        if len(after) == 1 and after[0] is not final and self.users.get(after[0].output) == [final]:
            joint = terms((*after[0].nodes, *final.nodes), self.symbols, None, self.given).get(x)
            if joint is not None and operations(joint.expression) < operations(total):
                total = joint.expression
        (total,) = rewrite([total], self.form)
        return total, write_formula(total)

    def _name(self, x: Node) -> tuple[str, str]:
        """Give the symbol of ∂E/∂x and what its box is headed with."""
        gradient = f"∂E/∂{self.reading.totals.get(x) or self.symbols[x]}"
        delta = self.reading.deltas.get(x)
        return (delta, f"{delta} = {gradient}") if delta else (gradient, gradient)

    def _arrow(self, source: str, target: str, kind: Any, *more: Any) -> None:
        self.arrows.append(Arrow(self._id(f"{source}-{target}"), source, target, kind, *more))

    def _id(self, wish: str) -> str:
        """Give a name made of letters, digits, - and _ that nothing else has."""
        plain = re.sub(r"[^A-Za-z0-9_-]+", "", wish) or "n"
        key, n = plain, 1
        while key in self.taken:
            n += 1
            key = f"{plain}_{n}"
        self.taken.add(key)
        return key


def largest(array: Any) -> float:
    """Give max |a|, and 0 where there is none or it is not finite."""
    return float(np.nan_to_num(np.abs(array), nan=0, posinf=0).max(initial=0))
