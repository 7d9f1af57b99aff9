"""The way to a formula: the chain rule, the operations' own rules, what is put in, and the algebra, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.form import find_divisors, put_in_form
from minigrad.algebra.form_values import put_values_in_form
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import Log, rewrite, substitute_nodes
from minigrad.algebra.simplify import simplify
from minigrad.derivation.cut import Cut
from minigrad.derivation.directions import to_double
from minigrad.derivation.reasons.laws import QUIET, retell
from minigrad.derivation.wording import join_words, say
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, order_nodes, seed_node
from minigrad.notation.chain import Chain, chain_gradient
from minigrad.notation.formula import same_formula
from minigrad.notation.index.lookups import Tables
from minigrad.structure.plan import Plan

MOST = 8  # steps of one line
_MOST_EQUATIONS = 3  # that one step is explained by
_MOST_PUT_IN = 3  # steps that put formulas in

Equation = tuple[Any, Any]  # a symbol, and the expression that it stands for; or both sides of a law


@dataclass(frozen=True, eq=False)
class Step:
    """One step: an expression of symbols that equals the line, and why it equals the step before.

    ``rule`` says why in words, ``equations`` are those of symbols that were put in, (∂E/∂Y₂, −T / Y₂) say, or of laws,
    (a ⊙ (b / a), b). ``algebra``: it came by laws alone.
    """

    expression: Any
    rule: str = ""
    equations: tuple[Equation, ...] = ()
    algebra: bool = False


class Ways:
    """The way to each formula of a derivation, found when it is asked for.

    ``gradient`` has what stands for the gradient of each target, ``local`` that gradient as the operations' rules give
    it by the gradients just after it, ``formula`` the formulas of the lines, and ``definitions`` those of the atoms.
    """

    def __init__(
        self,
        plan: Plan,
        cut: Cut,
        given: Sequence[SumsToOne],
        gradient: Mapping[Node, Node],
        local: Mapping[Node, Any],
        formula: Mapping[Node, Any],
        definitions: Mapping[Node, Any],
        loss: Any,
    ) -> None:
        self.plan, self.cut, self.given, self.gradient = plan, cut, tuple(given), gradient
        self.local, self.formula = local, formula
        self.E = Node(name="E", dtype=plan.graph.outputs[0].dtype)
        self.definitions = {**definitions, self.E: loss}
        self._recorded: dict[Node, Any] = {**cut.definitions, self.E: cut.output}

    @cached_property
    def tables(self) -> Tables:
        """The letters of arrays, the same in all that is written of this derivation."""
        return Tables()

    @cached_property
    def total(self) -> dict[Node, Node]:
        """What stands for the atom of an output that is its layer's total input too, where that is meant: U₁ for Y₁."""
        called = {x: self.plan.called(x) for x in self.plan.symbols if x.op is not None}
        other = {self.cut.atom[x]: name for x, name in called.items() if name != self.plan.symbols[x]}
        return {y: Node(name=name, shape=y.shape, dtype=y.dtype, table=y.table) for y, name in other.items()}

    def recorded(self, y: Node) -> Any:
        """Give what was computed for an atom, or for what stands for it."""
        return self._recorded[next((atom for atom, total in self.total.items() if total is y), y)]

    @cached_property
    def names(self) -> dict[Node, str]:
        """The symbols of the atoms, of the gradients and of the loss."""
        names = {self.cut.atom[x]: name for x, name in self.plan.symbols.items()}
        names |= {total: str(total.name) for total in self.total.values()}
        return names | {g: self.plan.symbol(x) for x, g in self.gradient.items()} | {self.E: "E"}

    @cached_property
    def target(self) -> dict[Node, Node]:
        """The Node of the graph that each symbol is about."""
        about = {self.cut.atom[x]: x for x in self.plan.symbols} | {g: x for x, g in self.gradient.items()}
        about |= {total: about[y] for y, total in self.total.items()}
        return about | {self.E: self.plan.graph.outputs[0]}

    @cached_property
    def values(self) -> dict[Node, Any]:
        """The value of each symbol, in double precision."""
        known = {x: to_double(value) for x, value in self.cut.values().items()}
        for x, formula in self.formula.items():
            known[self.gradient[x]] = np.broadcast_to(evaluate([formula], known)[0], x.shape)
        known[self.E] = evaluate([self.cut.output], known)[0]
        return known

    def steps(self, x: Node) -> list[Step]:
        """Give the way to the line of ∂E/∂x: the chain rule, the operations' own rules, what is put in, and algebra."""
        formula, expression = self.formula[x], self._tidied(self.local[x])
        chain, equations = self._chain(x)
        steps = [] if chain is None else [Step(chain, say("the chain rule"))]
        steps.append(Step(self._formed(expression), *_explained(equations)))
        return self._closed([*steps, *self._rest(expression, formula)], formula)

    def _rest(self, expression: Any, formula: Any) -> list[Step]:
        """Lead from a gradient by the operations' rules to the formula.

        By algebra, or by formulas of the gradients after it put in, until the formula is reached; where that takes too
        long, by what of the formula has a symbol: ∂E/∂Y₄ + δ₄ W₄ᵀ, since ∂E/∂Y₄ = ∂E/∂Y₅ + δ₅ W₅ᵀ.
        """
        owner = {g: y for y, g in self.gradient.items()}
        new = (_leaves(formula) & owner.keys()) - _leaves(expression)
        steps: list[Step] = []
        current = expression
        for _ in range(1 + (1 if new else _MOST_PUT_IN)):
            end, changes = self._simplified(current)
            inner = {g: self.formula[owner[g]] for g in (_leaves(current) & owner.keys()) - _leaves(formula)}
            if are_same(end, formula) or not inner:
                break
            current = self._tidied(substitute_nodes([current], inner)[0])
            steps.append(Step(self._formed(current), *_explained(list(inner.items()))))
        if are_same(end, formula):
            return [*steps, *changes]
        known = [(g, self._formed(self._tidied(self.local[owner[g]]))) for g in new]
        known = known or [(g, self.formula[owner[g]]) for g in _leaves(expression) & owner.keys()]  # in a part of it
        return [Step(formula, *_explained(known))] if known else self._simplified(expression)[1]

    def forward(self, atom: Node) -> list[Step]:
        """Give the way from what was recorded to the formula of a value, or of E."""
        recorded, log = self._recorded[atom], Log()
        (end,) = put_values_in_form([recorded], find_divisors(self.plan.graph), log)
        changes = [Step(one.expression, one.words, one.laws, algebra=True) for one in retell(recorded, log, end)]
        return self._closed([Step(recorded, say("as it is computed")), *changes], self.definitions[atom])

    def general(self, x: Node) -> Any:
        """Give ∂E/∂x before any activation is put in, ∂E/∂y · ∂y/∂x; None if all that comes after x is linear in it."""
        chain, _ = self._chain(x, linear=True)
        return chain if any(isinstance(node.op, Chain) for node in order_nodes([chain])) else None

    def _chain(self, x: Node, linear: bool = False) -> tuple[Any, list[Equation]]:
        """Give Σ ∂E/∂y · ∂y/∂x over what x is used for, and how that is defined; None where x is used in E alone.

        What E has of x directly stands as it is, and, if ``linear``, what is linear in x too.
        """
        atom, terms, equations, direct = self.cut.atom[x], [], [], 0
        for y in self._users.get(atom, ()):
            part = self._pulled(y).get(atom)
            if part is None:
                continue
            if y is self.E or (linear and _leaves(part).isdisjoint((atom, y))):
                terms.append(self._simplified(self._tidied(part))[0])
                direct += y is self.E
            else:
                shown = self.total.get(y, y)
                terms.append(chain_gradient(self.gradient[self.target[y]], shown, atom, self._recorded[y]))
            equations.append((self.total.get(y, y), self.definitions[y]))
        if direct == len(terms):
            return None, equations
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total, equations

    @cached_property
    def _users(self) -> dict[Node, list[Node]]:
        """The atoms that are computed from each atom directly, the last first, and E after them."""
        users: dict[Node, list[Node]] = {}
        for y in [*reversed(self.cut.definitions), self.E]:
            for atom in _leaves(self._recorded[y]):
                users.setdefault(atom, []).append(y)
        return users

    def _pulled(self, y: Node) -> dict[Node, Any]:
        """Pull the gradient of y back through its definition; rules that speak of y's value mean the atom."""
        definition = self._recorded[y]
        if not isinstance(definition, Node):
            return {}
        if y is self.E:
            return pullback(definition, seed_node(definition))
        found = pullback(definition, self.gradient[self.target[y]])
        return dict(zip(found, substitute_nodes(found.values(), {definition: y}), strict=True))

    def _tidied(self, expression: Any) -> Any:
        """Apply the rules that a reader does not need to be told of."""
        return rewrite([expression], QUIET)[0]

    @cached_property
    def _gradients(self) -> set[Node]:
        return set(self.gradient.values())

    def _formed(self, expression: Any, log: Log | None = None) -> Any:
        return put_in_form([expression], self.plan.graph, self._gradients, log)[0]

    def _simplified(self, expression: Any) -> tuple[Any, list[Step]]:
        """Simplify an expression as the lines are, and give what was done to it."""
        log: Log = []
        end = self._formed(simplify(Graph([expression], self.plan.values), self.given, log).outputs[0], log)
        told = retell(expression, log, end)
        return end, [Step(self._formed(one.expression), one.words, one.laws, algebra=True) for one in told]

    def _closed(self, steps: list[Step], formula: Any) -> list[Step]:
        """Leave out what goes without saying, end with the formula itself, and be no longer than a reader follows."""
        merged: list[Step] = []
        for step in steps:
            if merged and step.algebra and _adds_nothing(step, merged[-1]):
                merged[-1] = replace(merged[-1], expression=step.expression)
            else:
                merged.append(step)
        if same_formula(merged[-1].expression, formula, self.names):
            merged[-1] = replace(merged[-1], expression=formula)
        if not are_same(merged[-1].expression, formula):
            merged.append(Step(formula, say("in other words"), algebra=True))
        while len(merged) > MOST:  # two of algebra become one, the last ones first
            i = next(i for i in range(len(merged) - 1, 0, -1) if merged[i].algebra and merged[i - 1].algebra)
            before, after = merged[i - 1 : i + 1]
            words = join_words(before.rule, after.rule)
            laws = {tuple(map(id, law)): law for law in (*before.equations, *after.equations)}
            merged[i - 1 : i + 1] = [replace(after, rule=words, equations=tuple(laws.values()))]
        return merged


def are_same(a: Any, b: Any) -> bool:
    """Say whether two expressions are one, or the same number."""
    return a is b or (not isinstance(a, Node) and not isinstance(b, Node) and bool(a == b))


def _leaves(expression: Any) -> set[Node]:
    return {x for x in order_nodes([expression]) if x.op is None}


def _explained(equations: Sequence[Equation]) -> tuple[str, tuple[Equation, ...]]:
    """Give the words and the equations of a step that puts equations in; of many the first few."""
    more = len(equations) - _MOST_EQUATIONS
    return say("and {n} more", n=more) if more > 0 else "", tuple(equations[:_MOST_EQUATIONS])


def _adds_nothing(step: Step, before: Step) -> bool:
    """Say whether a step of algebra needs no telling, or is by the law of the step before it."""
    return not (step.rule or step.equations) or (step.rule == before.rule and step.equations is before.equations)
