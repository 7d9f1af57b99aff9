"""A recorded loss -> the scene that a picture or a page shows of its backward graph.

A tensor is a box, and so is its gradient; an operation stands between them. A gradient's arrow says what the chain
rule multiplies, upstream × local derivative, as the operation's own rule writes it when it is called with expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import Graph
from minigrad.algebra.numbers import as_number
from minigrad.engine.claims import is_one_hot
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.ops.common.alphabet import plain_digits
from minigrad.picture.folding.collapse import collapse, part_fold
from minigrad.picture.folding.fold import fold_scene
from minigrad.picture.folding.plan import FoldPlan, plan_folds
from minigrad.picture.scene.drafts import Draft, Drafts, merge_stands
from minigrad.picture.scene.parts import Arrow, Box, Cluster, Operation, Scene
from minigrad.picture.words import ENGLISH, Words, title_layer
from minigrad.structure.chain_rule import Contribution, Stand, copy_step, count_operations, pull_back_step
from minigrad.structure.heads import find_heads
from minigrad.structure.loss import list_titles, split_sum, split_terms
from minigrad.structure.repeats import least_repeats
from minigrad.structure.rows import Origin, Row
from minigrad.structure.source import Source, read_loss
from minigrad.structure.steps import Step

__all__ = ["Arrow", "Box", "Cluster", "Operation", "Scene", "scene"]


def scene(
    loss: Tensor | Graph,
    *,
    values: bool = True,
    backward: bool = True,
    fold: Any = "auto",
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    words: Words = ENGLISH,
) -> Scene:
    """Give what a picture of a loss shows, in the order of computation: values, then gradients.

    ``values=False`` leaves the numbers out and ``backward=False`` the gradients; ``names=locals()`` names what has no
    name of its own; ``given`` declares facts that a formula may use, and one-hot arrays bring their own, as in
    ``derive``; what repeats is shown once, by the rule of ``least_repeats`` for ``fold``. ``words`` title the frames.

    Raises ``ValueError`` for a loss that is no scalar or has no record, or for another ``fold``.
    """
    source = read_loss(loss, names)
    repeats, frames = part_fold(fold)
    plan = plan_folds(source, least_repeats(repeats))
    stage = _Stage(source, plan, source.facts(given), words)
    stage.forward(values)
    if backward:
        stage.backward(values)
    whole = Scene(tuple(stage.boxes), tuple(stage.operations), tuple(stage.arrows), tuple(stage.clusters.values()))
    return collapse(fold_scene(whole, stage.drafts, plan, words), frames)


class _Stage:
    """One loss while its scene is being set."""

    def __init__(self, source: Source, plan: FoldPlan, given: tuple[SumsToOne, ...], words: Words) -> None:
        self.words = words
        self.source, self.graph, self.reading, self.names = source, source.graph, plan.reading, plan.names
        self.given = tuple(SumsToOne(pretty_name(fact.name), fact.axis) for fact in given)
        self.steps, self.symbols = plan.steps, plan.names.symbols
        self.given += tuple(SumsToOne(self.symbols[x]) for row in self.names.indexing.rows for x in self._one_hot(row))
        (self.loss,) = self.graph.outputs
        self.users: dict[Node, list[Step]] = {}
        for step in self.steps:
            for x in step.inputs:
                self.users.setdefault(x, []).append(step)
        self.made = {step.output: step for step in self.steps}
        apart = any(
            y not in source.gradients and source.gradients.keys() & set(step.inputs) for y, step in self.made.items()
        )
        self.gradients = source.whole_gradients if apart else source.gradients  # a kernel's parts are steps
        self.boxes: list[Box] = []
        self.operations: list[Operation] = []
        self.arrows: list[Arrow] = []
        self.clusters: dict[str, Cluster] = {}
        self.cluster: dict[Any, str] = {}  # of a step, or of a Node's box
        self.ids: dict[Node, str] = {}
        self.taken: set[str] = set()
        self.drafts = Drafts()
        self._frame_layers()
        self._frame_heads()
        self._gather()

    def _one_hot(self, row: Row) -> tuple[Node, ...]:
        """Give the arrays of a row that each segment has for itself, if all bring along the fact that they sum to 1."""
        arrays = [x.value for x in row.nodes if x.op is None]
        return row.nodes if len(arrays) == len(row.nodes) and all(map(is_one_hot, arrays)) else ()

    def _frame_layers(self) -> None:
        """Frame each layer, titled by what acts in it."""
        for layer in self.reading.layers:
            number = plain_digits(layer.number)
            key = self._id(f"layer{number}")
            self.clusters[key] = Cluster(key, title_layer(layer, number, self.reading.layers, self.words))
            for node in layer.nodes:
                if node in self.made:
                    self.cluster[node] = self.cluster[self.made[node]] = key

    def _frame_heads(self) -> None:
        """Frame what several heads do alike, titled by how many they are."""
        for heads in find_heads(self.graph.nodes):
            own = [node for node in heads.nodes if node in self.made and self.made[node] not in self.cluster]
            if own:
                key = self._id("heads")
                self.clusters[key] = Cluster(key, self.words["heads"].format(count=heads.count))
                for node in own:
                    self.cluster[node] = self.cluster[self.made[node]] = key

    def _gather(self) -> None:
        """Put what only one layer needs into its frame, and what only the loss needs into the loss's."""
        last = self.made[self.loss]
        if self.clusters or len(last.nodes) > 1:
            what = " + ".join(self.words.get(kind, kind) for kind in list_titles(last.op))
            title = self.words["loss of"].format(what=what) if what else self.words["loss"]
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
        if x is self.loss:
            kind = "loss"
        elif x in self.source.parameters:
            kind = "parameter"
        else:
            kind = "value" if step and x in self.gradients else "data"
        symbol = self.symbols[x]
        self.ids[x] = self._id(plain_digits(symbol))
        value, total = np.asarray(self.source.values[x]), str(self.names.total(x) or "") if step else ""
        self.boxes.append(
            Box(self.ids[x], kind, symbol, x.shape, "", value if values else None, x,  # type: ignore[arg-type]
                cluster=self.cluster.get(x), heading=f"{total} = {symbol}" if total else symbol, total=total)
        )  # fmt: skip
        if step:
            self.drafts.boxes[self.ids[x]] = self._definition(step)
        elif x.value is not None and (starts := self.names.indexing.starts(x)):  # C₀ = H₀ = 0
            self.boxes[-1] = replace(self.boxes[-1], heading=" = ".join(map(str, starts)))
            if not isinstance(number := as_number(x), Node):
                self.drafts.boxes[self.ids[x]] = Draft(number, {})

    def _definition(self, step: Step) -> Draft:
        """Give the formula of a step's output; that of the loss as a sum of terms, each of the last t in it."""
        copies = copy_step(step.nodes, self.symbols)
        expression = copies[step.output]
        stands = {leaf: Stand(x) for x, leaf in copies.items() if isinstance(leaf, Node) and leaf.op is None}
        if step.output is not self.loss:
            return Draft(expression, stands)
        return Draft(expression, stands, tuple(self._each_in_time(split_sum(expression), stands)))

    def _each_in_time(
        self, terms: Iterable[Any], stands: Mapping[Node, Stand]
    ) -> Iterable[tuple[object, Origin | None, Any]]:
        """Give terms of the loss, or of what it adds to a gradient, each with the last t in it."""
        place = self.names.indexing.place
        for term in terms:
            found = [place[stands[x].node] for x in order_nodes([term]) if x in stands and stands[x].node in place]
            letters = {row.letter for row, _ in found}
            at = (letters.pop(), max(index for _, index in found)) if len(letters) == 1 else None
            yield None, at, term

    def backward(self, values: bool) -> None:
        """Set the boxes of the gradients, from the loss back, and the arrows that say what was multiplied."""
        uses: dict[Node, list[tuple[Contribution, Step]]] = {self.loss: []}
        self._gradient(self.loss, uses, values)
        for step in reversed(self.steps):
            y = step.output
            if y not in self.gradients:
                continue
            upstream = None if y is self.loss else str(self.names.gradient(y))
            for x, made in pull_back_step(step.nodes, self.symbols, upstream, self.given).items():
                if x in self.gradients:
                    uses.setdefault(x, []).append((made, step))
        order = [x for step in reversed(self.steps) for x in step.inputs[::-1]]
        last = {x: i for i, x in enumerate(order)}
        for i, x in enumerate(order):
            if last[x] == i and x in uses:
                self._gradient(x, uses, values)

    def _gradient(self, x: Node, uses: Mapping[Node, list[tuple[Contribution, Step]]], values: bool) -> None:
        """Set the box of ∂E/∂x: the sum of what each use of x adds to it."""
        symbol, full = str(self.names.gradient(x)), str(self.names.gradient(x, own=False))
        heading = symbol if symbol == full else f"{symbol} = {full}"
        array = self.gradients[x]
        key = self._id(f"g{self.ids[x]}")
        magnitude = largest(array)
        self.boxes.append(
            Box(key, "gradient", symbol, x.shape, "", array if values else None, None, self.ids[x],
                self.cluster.get(x), heading, magnitude)
        )  # fmt: skip
        self.drafts.boxes[key] = self._sum(x, uses[x])
        self._arrow(self.ids[x], key, "same")
        for made, step in uses[x]:
            arrow = self._arrow(f"g{self.ids[step.output]}", key, "backward", magnitude=magnitude, left=made.left)
            self.drafts.arrows[arrow] = made

    def _sum(self, x: Node, uses: list[tuple[Contribution, Step]]) -> Draft:
        """Add up the terms of a gradient; straight from the loss where that is shorter, as softmax's Y − T is."""
        if not uses:
            return Draft(1.0, {})
        total: Any = None
        for made, _ in uses:
            total = made.expression if total is None else total + made.expression
        after = self.users.get(x, [])
        final = self.made[self.loss]
        if len(after) == 1 and after[0] is not final and self.users.get(after[0].output) == [final]:
            joint = pull_back_step((*after[0].nodes, *final.nodes), self.symbols, None, self.given).get(x)
            if joint is not None and count_operations(joint.expression) < count_operations(total):
                return Draft(joint.expression, joint.stands, gradient=True)
        stands = merge_stands([made for made, _ in uses])
        terms: list[tuple[object, Origin | None, Any]] = []
        for made, step in uses:
            if step is final:
                terms += self._each_in_time(split_terms(made.expression), made.stands)
            else:
                terms.append((*self._place(step.output), made.expression))
        return Draft(total, stands, tuple(terms), gradient=True)

    def _place(self, y: Node) -> tuple[object, Origin | None]:
        """Give the row that a step's output is on, and its place there."""
        row, index = self.names.indexing.place.get(y, (None, 0))
        return row, None if row is None else (row.letter, index)

    def _arrow(self, source: str, target: str, kind: Any, **more: Any) -> str:
        key = self._id(f"{source}-{target}")
        self.arrows.append(Arrow(key, source, target, kind, **more))
        return key

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
