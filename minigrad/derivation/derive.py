"""A loss -> the textbook's derivation: δ of each layer, ∂E/∂W, ∂E/∂b and ∂E/∂Y, as they come out of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne, borne_out
from minigrad.algebra.form import find_divisors, put_in_form
from minigrad.algebra.form_values import put_values_in_form
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.algebra.simplify import Findings, simplify
from minigrad.derivation.cut import Cut
from minigrad.derivation.folding.fold import fold_derivation
from minigrad.derivation.line import Line
from minigrad.derivation.lines import Derivation
from minigrad.derivation.naming import name_cut_short, name_what_repeats
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.remarks import Supposing, say_step
from minigrad.derivation.wording import check_language
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.messages.errors import name_or
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.notation.formula import same_formula, text
from minigrad.structure.indexing import find_indexing
from minigrad.structure.plan import Plan
from minigrad.structure.reading import Reading, order_inputs
from minigrad.structure.repeats import LEAST, least_repeats, program_order
from minigrad.structure.rows import Indexing, name_indexed
from minigrad.structure.source import read_loss


@with_usage
def derive(
    loss: Tensor,
    wrt: Sequence[Tensor] | None = None,
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    *,
    general: bool = False,
    forward: bool = False,
    fold: Any = "auto",
    lang: str = "en",
) -> Derivation:
    """Write the gradient of a loss the way a textbook does, one line for each δ, ∂E/∂W, ∂E/∂b and ∂E/∂Y.

    Nothing is known of any network: the lines are the gradient's graph, simplified, with a symbol for each total input
    U, layer output Y, named tensor and gradient. ``wrt`` are the tensors whose gradients are wanted, by default all
    inputs that require one; a named result of an operation may be among them. ``names=locals()`` names tensors and
    arrays that have no name of their own. ``given`` declares facts such as ``sums_to_one(t)``; a ``one_hot`` array
    carries its own. The lines that need a fact say so; one that a fact would shorten which nobody declared, and which
    the data bear out, says that too: ``= Y − T if Σ T = 1, as in this T``.

    ``line.steps()`` tells how a line came. With ``general`` a line begins with what it is before any activation is put
    in, ``δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁``; with ``forward`` the formulas of U, Y and E are written before the lines
    (``forward_lines`` has them in any case).

    What repeats at least four times, as the steps of a recurrent network and equal layers do, is written once, with an
    index: ``δₜ = δₜ₊₁ Whᵀ ⊙ (1 − Hₜ²)  for t = 49 … 1``, ``∂E/∂Wh = Σₜ Hₜ₋₁ᵀ δₜ``. ``fold`` may be another least
    number of repeats, 2 or more, or False to write all of it; True is as "auto". ``lang`` is the language of what is
    said beside the formulas, "en" or "ja".

    Raises ``ValueError`` for a loss that is no scalar or has no record, a tensor that the loss does not depend on, a
    fact that the data contradict, and a name that stands for two tensors.
    """
    if not isinstance(loss, Tensor):
        way = "; call it, and give the loss of what it returns" if callable(loss) else ""
        raise TypeError(f"derive: wanted a Tensor, the loss, not {shown(loss)}{way}")
    check_language("derive", lang)
    source = read_loss(loss, names, "derive")
    graph, nodes = source.graph, source.nodes
    wanted = [t for t in nodes if t.op is None and t.requires_grad] if wrt is None else _tensors(wrt)
    for t in wanted:
        if t not in nodes:
            there = ", ".join(name_or(x, "") for x in nodes if x.op is None and x.requires_grad and x.name)
            lost = name_or(t, "a tensor in wrt")
            raise ValueError(f"derive: the loss does not depend on {lost}{there and f'; it does on {there}'}")
        if not t.requires_grad:
            raise ValueError(f"derive: no gradient flows to {name_or(t, 'a tensor in wrt')}; it requires none")
        if t.op is not None and nodes[t] not in source.named:
            raise ValueError("derive: a result in wrt has no name to be called by; give it one, or names=locals()")
    given = source.facts(given)
    targets = [nodes[t] for t in wanted]

    @cache
    def folded(least: int = LEAST) -> tuple[Reading, Indexing]:
        serials = ((t.serial, node) for t, node in nodes.items())
        return find_indexing(source.reading, program_order(serials, graph.nodes), least)

    @cache
    def unfolded() -> Derivation:
        derivation = _derivation(Plan(source.reading, targets), given, loss, nodes)
        derivation.name_indexed = lambda: name_indexed(*folded())
        return derivation.showing(general=general, forward=forward, lang=lang)

    least = least_repeats(fold)
    if not least or general:
        return unfolded()
    reading, indexing = folded(least)
    if not indexing.rows:
        return unfolded()
    plan = Plan(name_cut_short(reading, indexing), targets)

    @cache
    def ways() -> Ways:
        return _derivation(plan, given, loss, nodes)._ways

    return fold_derivation(plan, indexing, given, loss, nodes, unfolded, ways).showing(forward=forward, lang=lang)


def _tensors(wrt: Any) -> list[Tensor]:
    """Give the tensors, or raise ``TypeError`` for what is no list of them."""
    if isinstance(wrt, Tensor):
        raise TypeError(f"derive: wrt must be a list of Tensors; write wrt=[{name_or(wrt, 'w')}]")
    tensors: list[Any] = [wrt] if isinstance(wrt, str) or not isinstance(wrt, Iterable) else list(wrt)
    for t in tensors:
        if not isinstance(t, Tensor):
            raise TypeError(
                f"derive: wrt must be a list of Tensors, and holds {shown(t)}; give the tensors themselves, wrt=[W]"
            )
    return tensors


def _derivation(plan: Plan, given: tuple[SumsToOne, ...], loss: Tensor, nodes: Mapping[Tensor, Any]) -> Derivation:
    plan, cut, formulas, found = _with_names(plan, given)
    without = [formulas.needing(fact, given, found) for fact in given]
    shorter = formulas.supposing(given, found)
    definitions: dict[Node, Any] = {}
    for atom, expression in zip(cut.definitions, found.definitions, strict=True):
        (definitions[atom],) = substitute_nodes([expression], definitions)
    symbols = {definitions.get(cut.atom[x], cut.atom[x]): name for x, name in plan.symbols.items()}
    forward = [(symbols[x], x) for x in definitions.values() if isinstance(x, Node)]
    forward += [("E", x) for x in substitute_nodes([found.loss], definitions)]
    names = {cut.atom[x]: name for x, name in plan.symbols.items()}
    names |= {g: plan.symbol(x) for x, g in formulas.gradient.items()}
    values = cut.values()
    local = dict(zip(formulas.targets, formulas.local, strict=True))
    by_symbols = dict(zip(cut.definitions, found.definitions, strict=True))
    ways = Ways(plan, cut, given, formulas.gradient, local, found.formula, by_symbols, found.loss)
    lines: list[Line] = []
    for x in formulas.kept(found):
        formula = found.formula[x]
        (node,) = substitute_nodes([formula], definitions)
        (value,) = evaluate([formula], values)
        needed = [
            fact
            for fact, others in zip(given, without, strict=True)
            if x in others and not same_formula(others[x], formula, names)
        ]
        whole = np.broadcast_to(value, x.shape)
        supposing = None
        if x in shorter:
            supposed, facts = shorter[x]
            (other,) = substitute_nodes([supposed], definitions)
            supposing = Supposing(text(supposed, names), other, facts)
        symbol, of, written = plan.symbol(x), plan.called(x), text(formula, names)
        lines.append(Line(symbol, of, written, node, whole, tuple(needed), say_step(plan, x), x, supposing, ways))
        definitions[formulas.gradient[x]], values[formulas.gradient[x]] = node, whole
        if isinstance(node, Node):
            symbols.setdefault(node, plan.symbol(x))
    inputs = order_inputs(plan.reading)
    graph = Graph(plan.graph.outputs, {x: plan.values[x] for x in inputs if x in plan.values})
    return Derivation(lines, graph, symbols, forward, inputs, cut, loss, nodes, ways)


def _with_names(plan: Plan, given: tuple[SumsToOne, ...]) -> tuple[Plan, Cut, _Formulas, _Found]:
    """Find the formulas of a plan, with a symbol for whatever several of them would write out."""
    while True:
        cut = Cut(plan.graph, plan.symbols)
        formulas = _Formulas(plan, cut)
        found = formulas.simplified(given)
        shown = [found.formula[x] for x in formulas.kept(found)]
        reading = name_what_repeats(plan.reading, cut, shown, formulas.gradient, given)
        if reading is None:
            return plan, cut, formulas, found
        plan = Plan(reading, plan.wanted)


@dataclass
class _Found:
    """Formulas by symbols: of the gradients, of the named values, and of E; ``near`` are those that are local."""

    formula: dict[Node, Any]
    near: set[Node]
    definitions: Sequence[Any]
    loss: Any


class _Formulas:
    """The shortest formula of each gradient by the symbols of values and of the gradients before it.

    A formula is simplified twice: once by the gradients just after it (``local``), and once all the way from E
    (``raw``), where more may cancel; δ₂ = Y₂ − T is of the second kind, ∂E/∂W₂ = Y₁ᵀ δ₂ of the first.
    """

    def __init__(self, plan: Plan, cut: Cut) -> None:
        table = plan.graph.outputs[0].table
        self.plan, self.cut = plan, cut
        self.gradient = {x: Node(shape=x.shape, dtype=x.dtype, table=table) for x in plan.targets}
        raw, local = cut.gradients(), cut.gradients({cut.atom[x]: g for x, g in self.gradient.items()})
        self.targets = [x for x in plan.targets if cut.atom[x] in raw or x in plan.wanted]
        self.raw, self.local = ([found.get(cut.atom[x], 0.0) for x in self.targets] for found in (raw, local))

    def simplified(self, given: Sequence[SumsToOne], upto: int | None = None) -> _Found:
        """Give the formulas by these facts, of the first ``upto`` targets, by default of all and the values too."""
        plan, cut, targets = self.plan, self.cut, self.targets[:upto]
        n, rest = len(targets), [*cut.definitions.values(), cut.output] if upto is None else []
        leaves = [i for i, x in enumerate(targets) if x.op is None]
        simple = self._each_short([*self.raw[:n], *self.local[:n]], leaves, given)
        formula: list[Any] = []
        local: set[Node] = set()
        before: dict[Node, Node] = {}  # a gradient as an expression -> what stands for it
        for x, far, near in zip(targets, simple[:n], simple[n:], strict=True):
            (by_symbols,) = substitute_nodes([far], before)
            shorter = len(Graph([near], {})) < len(Graph([by_symbols], {}))
            formula.append(near if shorter else by_symbols)
            if formula[-1] is near:
                local.add(x)
            if isinstance(far, Node) and far.op is not None:
                if x in plan.deltas:  # ∂E/∂W = Yᵀ δ, where δ = ∂E/∂Y too
                    before[far] = self.gradient[x]
                before.setdefault(far, self.gradient[x])
        formed = put_in_form(formula, plan.graph, set(self.gradient.values()))
        values = put_values_in_form(rest, find_divisors(plan.graph))
        return _Found(dict(zip(targets, formed, strict=True)), local, values[:-1], values[-1] if rest else None)

    def _each_short(self, parts: list[Any], leaves: Sequence[int], given: Sequence[SumsToOne]) -> list[Any]:
        """Simplify formulas, those of the gradients of inputs (``leaves``) apart from the others.

        Σ c x = c Σ x costs an operation where c x has a line of its own: in one graph with δ = c (Y − T), ∂E/∂b = Σ δ
        would make the result longer, and leave δ as it was.
        """
        values, apart, findings = self.plan.values, dict.fromkeys(leaves, 0.0), Findings()
        others = Graph([apart.get(i, x) for i, x in enumerate(parts)], values)
        simple = list(simplify(others, given, findings=findings).outputs)
        own = Graph([parts[i] for i in leaves], values)
        for i, x in zip(leaves, simplify(own, given, findings=findings).outputs, strict=True):
            simple[i] = x
        return simple

    def needing(self, fact: SumsToOne, given: Sequence[SumsToOne], found: _Found) -> dict[Node, Any]:
        """Give the formulas without a fact, of the targets that may need it; a local one that has no t does not."""
        t = self.plan.graph.inputs[fact.name]
        may = [
            i
            for i, (x, near) in enumerate(zip(self.targets, self.local, strict=True))
            if x not in found.near or t in set(order_nodes([near]))
        ]
        if not may:
            return {}
        others = self.simplified([other for other in given if other != fact], may[-1] + 1).formula
        return {self.targets[i]: others[self.targets[i]] for i in may}

    def supposing(self, given: Sequence[SumsToOne], found: _Found) -> dict[Node, tuple[Any, tuple[SumsToOne, ...]]]:
        """Give the formulas that facts nobody declared would make shorter, and for each those that it is about."""
        plan = self.plan
        data = set(plan.graph.inputs.values()) - plan.wanted
        facts = {x: borne_out([formula], plan.graph, data) for x, formula in found.formula.items()}
        may = [i for i, x in enumerate(self.targets) if facts[x]]
        if not may:
            return {}
        every = list(dict.fromkeys(fact for some in facts.values() for fact in some))
        others = self.simplified([*given, *every], may[-1] + 1).formula
        targets = [self.targets[i] for i in may]
        size = {x: len(Graph([found.formula[x]], {})) - len(Graph([others[x]], {})) for x in targets}
        return {x: (others[x], tuple(facts[x])) for x in targets if size[x] > 0}

    def kept(self, found: _Found) -> list[Node]:
        """Give what has a line: what is wanted, each δ, and what the formula of another needs; in order."""
        owner = {g: x for x, g in self.gradient.items()}
        kept = {x for x in found.formula if x in self.plan.wanted or x in self.plan.deltas}
        for x in reversed(found.formula):
            if x in kept:
                kept |= {owner[part] for part in order_nodes([found.formula[x]]) if part in owner}
        return [x for x in found.formula if x in kept]
