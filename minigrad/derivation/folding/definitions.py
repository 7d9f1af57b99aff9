"""The formulas of the values where a graph repeats, Hₜ = tanh(Uₜ), and of E as a sum over t."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.form import find_divisors
from minigrad.algebra.form_values import put_values_in_form
from minigrad.algebra.numbers import as_number
from minigrad.derivation.folding.recurrence import Formula, Part, Recurrence
from minigrad.derivation.folding.terms import add_up
from minigrad.engine.node import Node
from minigrad.ops.indexing import Index
from minigrad.structure.alike import find_runs
from minigrad.structure.loss import split_sum
from minigrad.structure.rows import Row


def find_definitions(recurrence: Recurrence) -> list[Formula]:
    """Give the formula of each symbol, one for all t that it says the same of, in the order of evaluation; E last."""
    cut, indexing = recurrence.cut, recurrence.indexing
    rows: dict[Row, dict[int, Node]] = {}
    found: list[Formula] = []
    definitions = {recurrence.same.values[atom]: expression for atom, expression in cut.definitions.items()}
    for x, expression in definitions.items():
        row, index = indexing.place.get(x, (None, 0))
        if row is not None and takes_part(x):  # Xₜ, of X
            continue
        if row is not None and x.op is not None:
            rows.setdefault(row, {})[index] = x
        elif x.op is not None or _is_start(x, row):
            found.append(Formula(x, (Part(as_number(expression)),)))
    found += [Formula(x, (Part(cut.atom[x]),)) for x in _named_starts(recurrence)]
    for row, members in rows.items():
        expressions = {index: definitions[x] for index, x in members.items()}
        for middle, run in find_runs(sorted(members), recurrence.alike(expressions)):
            many = len(run) > 1
            origin = (row.letter, middle) if many else None
            found.append(Formula(members[middle], (Part(expressions[middle]),), origin, run if many else ()))
    place = {x: i for i, x in enumerate(definitions)}
    found.sort(key=lambda formula: place.get(formula.target, -1))
    found.append(Formula(recurrence.plan.graph.outputs[0], _parts_of_loss(recurrence)))
    return [_simplified(formula, recurrence) for formula in found]


def takes_part(x: Node) -> bool:
    """Say whether a Node is a part of an input, by an index."""
    return isinstance(x.op, Index) and isinstance(x.inputs[0], Node) and x.inputs[0].op is None


def _simplified(formula: Formula, recurrence: Recurrence) -> Formula:
    short = put_values_in_form([part.node for part in formula.parts], find_divisors(recurrence.plan.graph))
    parts = zip(short, formula.parts, strict=True)
    return Formula(
        formula.target, tuple(Part(x, part.origin, part.indices) for x, part in parts), formula.origin, formula.indices
    )


def _is_start(x: Node, row: Row | None) -> bool:
    """Say whether a constant is the same number everywhere and begins a row, as H₀ = 0 does."""
    return row is not None and x is row.nodes[0] and row.carried and not isinstance(as_number(x), Node)


def _named_starts(recurrence: Recurrence) -> list[Node]:
    """Give the inputs that begin a row under a name of their own, as h does in H₀ = h."""
    rows = (row for row in recurrence.indexing.rows if row.carried)
    starts = dict.fromkeys(row.nodes[0] for row in rows if row.nodes[0].op is None and row.nodes[0].value is None)
    symbols = recurrence.plan.symbols
    return [x for x in starts if symbols.get(x, "") not in [str(name) for name in recurrence.indexing.starts(x)]]


def _parts_of_loss(recurrence: Recurrence) -> tuple[Part, ...]:
    """Part E, where it is a sum, into one summand for all t and the rest."""
    terms = split_sum(recurrence.cut.output)
    by_letter: dict[str, dict[int, Any]] = {}
    for term in terms:
        places = [recurrence.indexing.place.get(recurrence.same.values.get(x, x)) for x in recurrence.same.leaves(term)]
        letters = {place[0].letter for place in places if place}
        if len(letters) == 1:
            by_letter.setdefault(letters.pop(), {}).setdefault(max(place[1] for place in places if place), term)
    parts, taken = [], set()
    for letter, expressions in by_letter.items():
        for middle, run in find_runs(sorted(expressions), recurrence.alike(expressions)):
            if len(run) > 1:
                parts.append(Part(expressions[middle], (letter, middle), run))
                taken |= {id(expressions[i]) for i in run}
    rest = [term for term in terms if id(term) not in taken]
    return (*parts, Part(add_up(rest))) if rest or not parts else tuple(parts)
