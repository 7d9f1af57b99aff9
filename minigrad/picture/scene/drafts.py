"""Formulas before they are written: expressions with what their leaves stand for, so that names may be put in last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.algebra.form import find_divisors, form_rules
from minigrad.algebra.form_values import put_values_in_form
from minigrad.algebra.rewrite import rewrite
from minigrad.engine.node import Node
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import Term, add_terms, sum_term
from minigrad.structure.alike import alike_expressions, find_runs
from minigrad.structure.chain_rule import Contribution, Stand, write_factor
from minigrad.structure.rows import IndexedNames, Origin


@dataclass(frozen=True, eq=False)
class Draft:
    """A formula before it is written; of a sum also its ``terms``, each with its place: what it is a term of, and t.

    That of a ``gradient`` is put in the textbook's form.
    """

    expression: Any
    stands: Mapping[Node, Stand]
    terms: tuple[tuple[object, Origin | None, Any], ...] = ()
    gradient: bool = False


@dataclass(frozen=True, eq=False)
class Drafts:
    """The drafts of a scene's boxes, and what each of its backward arrows says, by their ids."""

    boxes: dict[str, Draft] = field(default_factory=dict)
    arrows: dict[str, Contribution] = field(default_factory=dict)


class FormulaWriter:
    """Writes drafts by the names of a reading: for one t, or, given an ``origin``, for all."""

    def __init__(self, names: IndexedNames) -> None:
        self.names = names
        self.gradients: set[Node] = set()  # the leaves of drafts that stand for one
        self.numbers = find_divisors(names.reading.graph)
        self.form = form_rules(self.numbers, self.gradients)

    def term(self, draft: Draft, origin: Origin | None = None) -> Term:
        """Give the Term of a formula as it stands."""
        self._note_gradients(draft)
        return self._term(draft, draft.expression, origin)

    def _note_gradients(self, draft: Draft) -> None:
        self.gradients.update(leaf for leaf, stand in draft.stands.items() if stand.gradient)

    def _term(self, draft: Draft, expression: Any, origin: Origin | None = None) -> Term:
        if draft.gradient:
            (expression,) = rewrite([expression], self.form)
        else:
            (expression,) = put_values_in_form([expression], self.numbers)
        return matrix_term(expression, self._called(draft.stands, origin))

    def sum(self, draft: Draft) -> Term:
        """Give the Term of a formula in which terms that say the same of each t are one: Σₜ Hₜ₋₁ᵀ δₜ."""
        self._note_gradients(draft)
        groups: dict[tuple[object, str], dict[int, Any]] = {}
        for kind, place, expression in draft.terms:
            if place is not None:
                groups.setdefault((kind, place[0]), {})[place[1]] = expression
        first: dict[int, Term] = {}  # of the terms that are written, by the identity of their expressions
        taken: set[int] = set()
        for (_, letter), members in groups.items():
            alike = self._alike(members, draft.stands)
            for middle, run in find_runs(sorted(members), alike):
                if len(run) > 1:
                    term = self._term(draft, members[middle], (letter, middle))
                    taken |= {id(members[i]) for i in run}
                    begin = next(x for _, _, x in draft.terms if any(x is members[i] for i in run))
                    first[id(begin)] = sum_term(term, letter)
        if not first:
            return self.term(draft)
        written = []
        for _, _, x in draft.terms:
            if id(x) in first:
                written.append(first.pop(id(x)))
            elif id(x) not in taken and (isinstance(x, Node) or x != 0):
                written.append(self._term(draft, x))
        return add_terms(written)

    def factors(self, made: Contribution, origin: Origin | None = None) -> tuple[str, str]:
        """Write the two factors of the chain rule, the upstream gradient and the local derivative."""
        called = self._called(made.stands, origin)
        return write_factor(made.upstream, called), write_factor(made.local, called)

    def _called(self, stands: Mapping[Node, Stand], origin: Origin | None) -> dict[Node, Symbol]:
        if origin is None:  # leaves are named for one t
            return {}
        value, gradient = self.names.value, self.names.gradient
        return {leaf: gradient(x, origin) if of else value(x, origin) for leaf, (x, of) in stands.items()}

    def _alike(self, members: Mapping[int, Any], stands: Mapping[Node, Stand]) -> Any:
        """Give the question whether the terms at two t are one, moved."""
        move = self.names.indexing.move

        def alike(i: int, j: int) -> bool:
            def matches(a: Node, b: Any) -> bool | None:
                if a not in stands:
                    return None
                other = stands.get(b)
                return (
                    other is not None
                    and stands[a].gradient == other.gradient
                    and (move(stands[a].node, j - i) is other.node)
                )

            return alike_expressions(members[i], members[j], matches)

        return alike


def merge_stands(made: Sequence[Contribution]) -> Mapping[Node, Stand]:
    """Give what the leaves of several contributions stand for."""
    if len(made) == 1:
        return made[0].stands
    return {leaf: stand for one in made for leaf, stand in one.stands.items()}
