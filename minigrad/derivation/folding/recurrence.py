"""The formulas of gradients where a graph repeats: of those that say the same of each t, one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.form import put_in_form
from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.algebra.simplify import simplify
from minigrad.derivation.cut import Cut
from minigrad.derivation.folding.correspondence import Correspondence
from minigrad.derivation.folding.terms import add_up, place_terms
from minigrad.engine.backward import pullback
from minigrad.engine.claims import is_one_hot
from minigrad.engine.node import Node, seed_node
from minigrad.structure.alike import find_runs
from minigrad.structure.plan import Plan
from minigrad.structure.rows import Indexing, Origin, Row


@dataclass(frozen=True, eq=False)
class Part:
    """A summand of a gradient, by symbols; with ``indices``, one for each, Σₜ, written for that of ``origin``."""

    node: Any
    origin: Origin | None = None
    indices: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Formula:
    """∂E/∂target as a sum of parts; with ``indices``, that of all in the target's row at these, written for one."""

    target: Node
    parts: tuple[Part, ...]
    origin: Origin | None = None
    indices: tuple[int, ...] = ()
    facts: tuple[SumsToOne, ...] = ()


class Recurrence:
    """The gradients of a graph that repeats, from the definition of each symbol alone.

    ∂E/∂x is the sum, over the definitions that x is in, of what their pullbacks add, each by the gradient symbol of
    what it defines: so the formulas of corresponding x have corresponding raw forms, which are compared Node by Node
    before anything is simplified. A parameter that all segments share has one summand for each, Σₜ.
    """

    def __init__(self, plan: Plan, cut: Cut, indexing: Indexing, given: Sequence[SumsToOne]) -> None:
        self.plan, self.cut, self.indexing, self.given = plan, cut, indexing, given
        table = plan.graph.outputs[0].table
        self.gradient = {x: Node(shape=x.shape, dtype=x.dtype, table=table) for x in plan.targets}
        self.same = Correspondence(cut, indexing, self.gradient)
        self.summands = self._pull_back()
        self.targets = [x for x in plan.targets if cut.atom[x] in self.summands or x in plan.wanted]
        self.raw = {x: add_up([g for _, g in self.summands.get(cut.atom[x], [])]) for x in self.targets}

    def _pull_back(self) -> dict[Node, list[tuple[Node | None, Any]]]:
        """Give for each symbol what adds to its gradient: (what the definition is of, the expression)."""
        found: dict[Node, list[tuple[Node | None, Any]]] = {}
        for x, g in pullback(self.cut.output, seed_node(self.cut.output)).items():
            found.setdefault(x, []).append((None, g))
        for atom, expression in reversed(self.cut.definitions.items()):
            node = self.same.values[atom]
            if atom not in found or not isinstance(expression, Node) or node not in self.gradient:
                continue
            if (node, node.inputs[0]) in self.same.part:
                for x in node.inputs:
                    found.setdefault(self.cut.atom[x], []).append((node, self.same.part[node, x]))
                continue
            added = pullback(expression, self.gradient[node])
            if expression.op is not None:  # a rule that speaks of y means the atom
                added = dict(zip(added, substitute_nodes(added.values(), {expression: atom}), strict=True))
            for x, g in added.items():
                found.setdefault(x, []).append((node, g))
        return found

    def formulas(self) -> list[Formula]:
        """Give the formulas that a derivation needs, in the order of its lines."""
        rows: dict[Row, dict[int, Node]] = {}
        found: list[Formula] = []
        for x in self.targets:
            row, index = self.indexing.place.get(x, (None, 0))
            if row is None or (row.carried and x.op is None):  # h₀ is no result of a step
                found.append(Formula(x, self._parts(x)))
            else:
                rows.setdefault(row, {})[index] = x
        for row, targets in rows.items():
            alike = self.alike({index: self.raw[x] for index, x in targets.items()})
            for middle, run in find_runs(sorted(targets), alike):
                found.append(self._of_row(row, middle, run))
        found = self._merged([one for formula in found for one in self._simplified(formula)])
        place = {x: i for i, x in enumerate(self.targets)}
        return sorted(self._kept(found), key=lambda formula: min(place[x] for x in self.members(formula)))

    def members(self, formula: Formula) -> list[Node]:
        """Give all that a formula is for, in the order of the index."""
        return [x for x in (self.indexing.move(formula.target, i) for i in self.shifts(formula)) if x is not None]

    def shifts(self, formula: Formula | Part) -> list[int]:
        """Give how far each index is from the one that a formula is written for."""
        return [i - formula.origin[1] for i in formula.indices] if formula.origin else [0]

    def alike(self, expressions: Mapping[int, Any]) -> Callable[[int, int], bool]:
        """Give the question whether two of some expressions, by their indices, say the same."""
        return lambda i, j: self.same.alike(expressions[i], expressions[j], j - i)

    def _parts(self, x: Node) -> tuple[Part, ...]:
        """Give the raw summands of a gradient: of those that say the same of each t, one with Σₜ."""
        rows: dict[Row, dict[int, Any]] = {}
        summands = self.summands.get(self.cut.atom[x], [])
        for node, g in summands:
            row, index = self.indexing.place.get(node, (None, 0)) if node is not None else (None, 0)
            if row is not None:
                rows.setdefault(row, {})[index] = g
        groups, others = place_terms([g for node, g in summands if node is None], self._places)
        parts: list[Part] = []
        taken: set[int] = set()
        for letter, expressions in [*((row.letter, one) for row, one in rows.items()), *groups]:
            for middle, run in find_runs(sorted(expressions), self.alike(expressions)):
                if len(run) > 1:
                    parts.append(Part(expressions[middle], (letter, middle), run))
                    taken |= {id(expressions[i]) for i in run}
        others += [g for node, g in summands if node is not None] + [x for _, one in groups for x in one.values()]
        rest = [g for g in others if id(g) not in taken]
        return (*parts, Part(add_up(rest))) if rest or not parts else tuple(parts)

    def _places(self, term: Any) -> list[tuple[str, int]]:
        """Give the index of each symbol in a term that is on a row."""
        found = (self.indexing.place.get(self.same.values.get(x, x)) for x in self.same.leaves(term))
        return [(place[0].letter, place[1]) for place in found if place]

    def _simplified(self, formula: Formula) -> list[Formula]:
        """Simplify the parts of a formula, and of one alone also what it is by the gradients farther on.

        What is farther on may be something else for some of a formula's t, and where that is what is written, such t
        have a formula of their own.
        """
        facts = [*self.given, *self._own_facts(formula)]
        near, far = self._forms(formula, facts)
        if far is not None and formula.indices:
            row = self.indexing.place[formula.target][0]
            runs = find_runs(formula.indices, self.alike({i: self._far(_at(row, i)) for i in formula.indices}))
            if len(runs) > 1:
                apart = (self._of_row(row, middle, run) for middle, run in runs)
                return [one for part in apart for one in self._simplified(part)]
        short = near if far is None else [far]
        others = [[other for other in facts if other != fact] for fact in facts]
        needed = [fact for fact, rest in zip(facts, others, strict=True) if self._differs(formula, rest, short)]
        short = put_in_form(short, self.plan.graph, {*self.same.gradients, *self.same.parts})
        parts = [replace(part, node=node) for part, node in zip(formula.parts, short, strict=True)]
        parts = [part for part in parts if isinstance(part.node, Node) or part.node != 0] or parts[:1]
        return [replace(formula, parts=tuple(parts), facts=tuple(needed))]

    def _of_row(self, row: Row, middle: int, run: tuple[int, ...]) -> Formula:
        """Give the raw formula of a run of a row's Nodes, or of one of them with what adds to it for each t."""
        x, many = _at(row, middle), len(run) > 1
        parts = (Part(self.raw[x]),) if many else self._parts(x)
        return Formula(x, parts, (row.letter, middle) if many else None, run if many else ())

    def _differs(self, formula: Formula, facts: Sequence[SumsToOne], short: Sequence[Any]) -> bool:
        near, far = self._forms(formula, facts)
        return any(a is not b and a != b for a, b in zip(near if far is None else [far], short, strict=True))

    def _forms(self, formula: Formula, facts: Sequence[SumsToOne]) -> tuple[list[Any], Any]:
        """Give the parts simplified, and of one alone, if it is no longer, what it is by the gradients farther on."""
        values = {**self.plan.values, **self._known(formula)}
        near = [self._simple(part.node, values, facts) for part in formula.parts]
        if len(near) > 1 or formula.parts[0].indices:
            return near, None
        far = self._simple(self._far(formula.target), values, facts)
        return near, None if len(Graph(near, {})) < len(Graph([far], {})) else far

    def _simple(self, expression: Any, values: Mapping[Node, Any], facts: Sequence[SumsToOne]) -> Any:
        names = {x.name for x in values}
        return simplify(Graph([expression], values), [fact for fact in facts if fact.name in names]).outputs[0]

    def _far(self, x: Node) -> Any:
        """Give ∂E/∂x by the δ farther on, and by what is of another t: what lies between is written out."""
        _, index = self.indexing.place.get(x, (None, 0))
        expression = self.raw[x]
        while True:
            open_ = {}
            for g in self.same.leaves(expression):
                y = self.same.gradients.get(g)
                here = y is not None and self.indexing.place.get(y, (None, index))[1] == index
                if y is not None and here and y is not x and y not in self.plan.deltas:
                    open_[g] = self.raw[y]
            if not open_:
                return expression
            (expression,) = substitute_nodes([expression], open_)

    def _known(self, formula: Formula) -> dict[Node, Any]:
        """Give the values of what is one of many in a formula, as far as facts may be about it."""
        return {atom: self._value(x) for atom, x in self._own_inputs(formula)}

    def _own_inputs(self, formula: Formula) -> list[tuple[Node, Node]]:
        expressions = [part.node for part in formula.parts]
        expressions += [self._far(formula.target)] if len(expressions) == 1 else []
        leaves = dict.fromkeys(x for expression in expressions for x in self.same.leaves(expression))
        own = [(leaf, self.same.values[leaf]) for leaf in leaves if leaf in self.same.values]
        return [(leaf, x) for leaf, x in own if leaf is not x and x in self.indexing.place and self._is_data(x)]

    def _is_data(self, x: Node) -> bool:
        """Say whether a Node is an array, or a part of an input."""
        return x.value is not None if x.op is None else x.inputs[0] in self.plan.values and x.inputs[1:] == ()

    def _value(self, x: Node) -> Any:
        return x.value if x.op is None else x.op.forward(self.plan.values[x.inputs[0]])

    def _own_facts(self, formula: Formula) -> list[SumsToOne]:
        """Give the facts that arrays of each segment's own bring along, as one_hot ones do, if all of them do."""
        found = []
        for leaf, x in self._own_inputs(formula):
            every = [self.indexing.move(x, i) for i in self.shifts(formula)]
            if all(y is not None and is_one_hot(self._value(y)) for y in every):
                found.append(SumsToOne(str(leaf.name)))
        return found

    def _merged(self, formulas: list[Formula]) -> list[Formula]:
        """Put the gradient of what is carried in time into the one δ that it is for: δₜ = δₜ₊₁ Wᵀ ⊙ (1 − Hₜ²)."""
        for row in self.indexing.rows:
            if not row.carried or row.letter != "t" or row.delta:
                continue
            gradients = {self.gradient[x] for x in row.nodes if x in self.gradient}
            sources = [x for x in formulas if self._key(x.target) is row and not self._is_start(x.target)]
            users = [x for x in formulas if any(not gradients.isdisjoint(self.same.leaves(p.node)) for p in x.parts)]
            if all(map(self._is_plain, sources)) and all(self._is_for_one(user, gradients) for user in users):
                both = [one for user in users for source in sources for one in self._joined(user, source, gradients)]
                if sum(len(self.shifts(x)) for x in both) == sum(len(self.shifts(x)) for x in users):
                    gone = {id(x) for x in (*sources, *users)}
                    formulas = [x for x in formulas if id(x) not in gone] + both
        return formulas

    def _is_start(self, x: Node) -> bool:
        return x.op is None and self.indexing.place[x][0].carried

    def _is_plain(self, formula: Formula) -> bool:
        """Say whether a formula is one part, of no facts and of what nobody asked for."""
        alone = len(formula.parts) == 1 and not formula.parts[0].indices
        return alone and not formula.facts and self.plan.wanted.isdisjoint(self.members(formula))

    def _is_for_one(self, user: Formula, gradients: set[Node]) -> bool:
        """Say whether a formula is that of a δ, and has one of some gradients in it, that of its own t."""
        used = [g for part in user.parts for g in self.same.leaves(part.node) if g in gradients]
        if user.target not in self.plan.deltas or len(used) != 1 or len(user.parts) != 1 or user.parts[0].indices:
            return False
        place = self.indexing.place
        return user.target in place and place[user.target][1] == place[self.same.gradients[used[0]]][1]

    def _joined(self, user: Formula, source: Formula, gradients: set[Node]) -> list[Formula]:
        """Give the formula of a δ with the gradient written out, for the indices that both formulas are for."""
        row, at = self.indexing.place[user.target]
        _, begin = self.indexing.place[source.target]
        both = sorted({at + i for i in self.shifts(user)} & {begin + i for i in self.shifts(source)})
        if not both:
            return []
        middle = both[len(both) // 2]
        node, inner = (
            self.same.moved(user.parts[0].node, middle - at),
            self.same.moved(source.parts[0].node, middle - begin),
        )
        (g,) = (g for g in self.same.leaves(node) if g in gradients)
        (node,) = substitute_nodes([node], {g: inner})
        target = _at(row, middle)
        many = len(both) > 1
        origin = (row.letter, middle) if many else None
        return [Formula(target, (Part(node),), origin, tuple(both) if many else (), user.facts)]

    def _kept(self, formulas: Sequence[Formula]) -> list[Formula]:
        """Give the formulas of what is wanted, of each δ, and of what another that is kept needs."""
        owners: dict[Any, list[Formula]] = {}
        for formula in formulas:
            owners.setdefault(self._key(formula.target), []).append(formula)
        wanted = self.plan.wanted | self.plan.deltas.keys()
        waiting = [formula for formula in formulas if not wanted.isdisjoint(self.members(formula))]
        kept: set[Node] = set()
        while waiting:
            formula = waiting.pop()
            if formula.target not in kept:
                kept.add(formula.target)
                needed = {g for part in formula.parts for g in self.same.leaves(part.node)}
                keys = {self._key(self.same.gradients[g]) for g in needed if g in self.same.gradients}
                keys |= {self.same.parts[g][0] for g in needed if g in self.same.parts}
                waiting += [owner for key in keys for owner in owners.get(key, [])]
        return [formula for formula in formulas if formula.target in kept]

    def _key(self, x: Node) -> Any:
        return self.indexing.place[x][0] if x in self.indexing.place else x


def _at(row: Row, index: int) -> Node:
    """Give the Node of a row at an index that it has."""
    node = row.at(index)
    assert node is not None
    return node
