"""A loss -> the textbook's derivation: δ of each layer, ∂E/∂W, ∂E/∂b and ∂E/∂Y, as they come out of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.graph.cut import Cut, substituted
from minigrad.graph.derivation import Derivation, Line
from minigrad.graph.facts import SumsToOne, carried, checked
from minigrad.graph.form import in_form
from minigrad.graph.graph import Graph, evaluate
from minigrad.graph.node import Node, ordered
from minigrad.graph.notation import text
from minigrad.graph.plan import Plan, planned
from minigrad.graph.simplify import simplify
from minigrad.graph.trace import lifted, names_of
from minigrad.tensor import Tensor


def derive(
    loss: Tensor,
    wrt: Sequence[Tensor] | None = None,
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> Derivation:
    """Write the gradient of a loss the way a textbook does, one line for each δ, ∂E/∂W, ∂E/∂b and ∂E/∂Y.

    Nothing is known of any network: the lines are the gradient's graph, simplified, with a symbol for each total input
    U, layer output Y, named tensor and gradient. ``wrt`` are the tensors whose gradients are wanted, by default all
    inputs that require one; a named result of an operation may be among them. ``names=locals()`` names tensors and
    arrays that have no name of their own. ``given`` declares facts such as ``sums_to_one(t)``; a ``one_hot`` array
    carries its own. The lines that need a fact say so.

    Raises ``ValueError`` for a loss that is no scalar or has no record, a tensor that the loss does not depend on, a
    fact that the data contradict, and a name that stands for two tensors.
    """
    if not isinstance(loss, Tensor):
        raise TypeError(f"derive: wanted a Tensor, the loss, not {type(loss).__name__}")
    if loss.shape != ():
        raise ValueError(f"derive: wanted a scalar loss, and this has shape {loss.shape}; reduce it, with .sum() say")
    if loss.op is None or loss.serial <= 0:
        raise ValueError("derive: the loss was not recorded; compute it from tensors with requires_grad=True")
    called = names_of(names)
    graph, nodes = lifted([loss], called=called)
    wanted = [t for t in nodes if t.op is None and t.requires_grad] if wrt is None else list(wrt)
    for t in wanted:
        if t not in nodes:
            raise ValueError(f"derive: the loss does not depend on {t.name or 'a tensor in wrt'}")
        if not t.requires_grad:
            raise ValueError(f"derive: no gradient flows to {t.name or 'a tensor in wrt'}; it requires none")
    given = tuple(dict.fromkeys([*given, *carried(graph)]))
    for fact in given:
        checked(fact, graph)
    return _derivation(planned(graph, nodes, wanted, called), given, loss, nodes)


def _derivation(plan: Plan, given: tuple[SumsToOne, ...], loss: Tensor, nodes: Mapping[Tensor, Any]) -> Derivation:
    cut = Cut(plan.graph, plan.symbols)
    found = _Formulas(plan, cut, given)
    without = [_Formulas(plan, cut, [other for other in given if other != fact]) for fact in given]
    definitions: dict[Node, Any] = {}
    for atom, expression in zip(cut.definitions, found.definitions, strict=True):
        (definitions[atom],) = substituted([expression], definitions)
    symbols = {definitions.get(cut.atom[x], cut.atom[x]): name for x, name in plan.symbols.items()}
    forward = [(symbols[x], x) for x in definitions.values() if isinstance(x, Node)]
    forward += [("E", x) for x in substituted([found.loss], definitions)]
    names = {cut.atom[x]: name for x, name in plan.symbols.items()}
    names |= {g: plan.symbol(x) for x, g in found.gradient.items()}
    values = cut.values()
    lines: list[Line] = []
    for x in found.kept():
        formula = found.formula[x]
        (node,) = substituted([formula], definitions)
        (value,) = evaluate([formula], values)
        written = text(formula, names)
        facts = tuple(
            fact
            for fact, other in zip(given, without, strict=True)
            if text(other.formula[x], names | {g: plan.symbol(x) for x, g in other.gradient.items()}) != written
        )
        whole = np.broadcast_to(value, x.shape)
        lines.append(Line(plan.symbol(x), plan.called(x), written, node, whole, facts, plan.step(x), x))
        definitions[found.gradient[x]], values[found.gradient[x]] = node, whole
        if isinstance(node, Node):
            symbols.setdefault(node, plan.symbol(x))
    return Derivation(lines, plan.graph, symbols, forward, cut, loss, nodes)


class _Formulas:
    """The shortest formula of each gradient by the symbols of values and of the gradients before it.

    A formula is simplified twice: once by the gradients just after it, and once all the way from E, where more may
    cancel; δ₂ = Y₂ − T is of the second kind, ∂E/∂W₂ = Y₁ᵀ δ₂ of the first.
    """

    def __init__(self, plan: Plan, cut: Cut, given: Sequence[SumsToOne]) -> None:
        self.plan, self.gradient = plan, {x: Node(shape=x.shape, dtype=x.dtype) for x in plan.targets}
        table = plan.graph.outputs[0].table
        for g in self.gradient.values():
            g.table = table
        raw, local = cut.gradients(), cut.gradients({cut.atom[x]: g for x, g in self.gradient.items()})
        targets = [x for x in plan.targets if cut.atom[x] in raw or x in plan.wanted]
        n = len(targets)
        parts = [*(raw.get(cut.atom[x], 0.0) for x in targets), *(local.get(cut.atom[x], 0.0) for x in targets)]
        simple = simplify(Graph([*parts, *cut.definitions.values(), cut.output], plan.values), given).outputs
        self.formula: dict[Node, Any] = {}
        before: dict[Node, Node] = {}  # a gradient as an expression -> what stands for it
        for x, far, near in zip(targets, simple, simple[n:], strict=False):
            (by_symbols,) = substituted([far], before)
            self.formula[x] = near if len(Graph([near], {})) < len(Graph([by_symbols], {})) else by_symbols
            if isinstance(far, Node) and far.op is not None:
                before.setdefault(far, self.gradient[x])
        formed = in_form([*self.formula.values(), *simple[2 * n :]], plan.graph, set(self.gradient.values()))
        self.formula = dict(zip(self.formula, formed, strict=False))
        self.definitions, self.loss = formed[n:-1], formed[-1]

    def kept(self) -> list[Node]:
        """Give what has a line: what is wanted, each δ, and what the formula of another needs; in order."""
        owner = {g: x for x, g in self.gradient.items()}
        kept = {x for x in self.formula if x in self.plan.wanted or x in self.plan.deltas}
        for x in reversed(self.formula):
            if x in kept:
                kept |= {owner[part] for part in ordered([self.formula[x]]) if part in owner}
        return [x for x in self.formula if x in kept]

