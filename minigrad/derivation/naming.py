"""What has no symbol of its own and is needed more than once: it gets the one that a picture gives it, v₁, v₂, …"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.form import put_in_form
from minigrad.algebra.graph import Graph
from minigrad.algebra.simplify import simplify
from minigrad.derivation.cut import Cut
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.notation.running import fold_sums
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.indexing import Index
from minigrad.structure.gates import is_taken_apart
from minigrad.structure.reading import Reading
from minigrad.structure.rows import Indexing
from minigrad.structure.shared_parts import SHORT
from minigrad.structure.steps import find_steps, name_values

LONG = 30  # operations of a formula, as it is written out: a line of 150 letters and more


def name_what_repeats(
    reading: Reading, cut: Cut, formulas: Sequence[Any], gradient: Mapping[Node, Node], given: Sequence[SumsToOne]
) -> Reading | None:
    """Give a reading with symbols for the results whose value or gradient formulas need more than once; None if none.

    ``formulas`` are those of the lines, by the atoms of ``cut``; ``gradient`` has what stands for the gradients of the
    named results.
    """
    repeated = _repeated(formulas)
    if not repeated and not any(map(_is_long, formulas)):
        return None
    results = [step.output for step in find_steps(reading)]
    may = [x for x in results if x not in reading.symbols and isinstance(cut.atom[x], Node)]
    atoms = [cut.atom[x] for x in may]
    found = cut.gradients({cut.atom[x]: g for x, g in gradient.items()}, keep=set(atoms))
    parts = [*atoms, *(found.get(atom, 0.0) for atom in atoms)]
    simple = simplify(Graph(parts, reading.graph.values), given).outputs
    written = put_in_form(simple, reading.graph, set(gradient.values()))
    values, slopes = written[: len(may)], written[len(may) :]
    last = dict(zip(slopes, may, strict=True))  # of several with one gradient, as the parts of a sum, the sum itself
    chosen = {x for x, value in zip(may, values, strict=True) if value in repeated}
    chosen |= {x for slope, x in last.items() if slope in repeated}
    if not chosen:
        chosen = _within_repeated(repeated, dict(zip(values, may, strict=True)))
    if not chosen and _longest(formulas) > LONG:
        users = reading.users
        chosen = {x for x in may if len(users.get(x, ())) > 1 and len(Graph([cut.atom[x]], {})) > SHORT}
        if not chosen:  # of parts that are simplified together some stay as they are
            alone = [simplify(Graph([x], reading.graph.values), given).outputs[0] for x in atoms]
            alone = put_in_form(alone, reading.graph, set(gradient.values()))
            chosen = {x for x, value in zip(may, alone, strict=True) if value in repeated}
    if not chosen:
        chosen = _part_longest(formulas, dict(zip(values, may, strict=True)), last)
    if not chosen:
        return None
    return _with_symbols(reading, set(results), chosen)


def name_cut_short(reading: Reading, indexing: Indexing) -> Reading:
    """Give a reading with symbols for what becomes of a product outside of all rows that is taken apart, as gates are.

    It is that of a last step, say, whose state no other one takes. In a row its gates would have names; here they have
    the ones that a picture gives them.
    """
    ys = [layer.y for layer in reading.layers if layer.y not in indexing.place]
    after = {y for y in ys if is_taken_apart(y, reading.users)}
    if not after:
        return reading
    for x in reading.graph.nodes:
        if any(y in after for y in x.inputs if isinstance(y, Node)):
            after.add(x)
    results = {step.output for step in find_steps(reading)}
    chosen = {x for x in results & after if x not in indexing.place and x not in reading.symbols}
    chosen = {x for x in chosen if not (isinstance(x.op, Index) or _is_term(x, reading))}
    return _with_symbols(reading, results, chosen)


def _with_symbols(reading: Reading, results: Container[Node], chosen: Container[Node]) -> Reading:
    """Give a reading in which the chosen ones of its results have the symbols that a picture gives them."""
    names = name_values(reading, results)
    symbols = {x: names[x] for x in reading.graph.nodes if x in reading.symbols or x in chosen}
    return replace(reading, symbols=symbols)


def _is_term(x: Node, reading: Reading) -> bool:
    """Say whether x is a term of a sum, and of nothing else."""
    users = reading.users.get(x, ())
    return len(users) == 1 and users[0].op in (add, subtract)


def _within_repeated(repeated: Collection[Node], values: Mapping[Any, Node]) -> set[Node]:
    """Give the longest results that are a part of what repeats, which is itself the value of none: u of (u > 0) / N."""
    inside = {x for x in order_nodes(repeated) if x in values and len(Graph([x], {})) > SHORT}
    parts = {y for x in inside for y in order_nodes(x.inputs)}
    return {values[x] for x in inside - parts}


def _part_longest(formulas: Sequence[Any], values: Mapping[Any, Node], slopes: Mapping[Any, Node]) -> set[Node]:
    """Give results whose value or gradient, of two operations or more, is a part of a formula that is too long.

    Those that it has most often are chosen, and of parts that it has once the one that halves it best.
    """
    size = _sizes(formulas)
    long = [x for x in formulas if _is_long(x)]
    if not long:
        return set()
    inside = order_nodes(long)
    uses = count_uses(inside, long)
    parts = {x: owner for found in (slopes, values) for x, owner in found.items() if x in set(inside) and size[x] > 1}
    twice = {owner for x, owner in parts.items() if uses[x] > 1}
    if twice:
        return twice
    half = max(size[x] for x in long) / 2
    within = [x for x in parts if x not in set(long)]
    return {parts[min(within, key=lambda x: abs(size[x] - half))]} if within else set()


def _is_long(formula: Any) -> bool:
    """Say whether a line is long as it is written, with terms that differ in an index alone as one Σ."""
    if not isinstance(formula, Node) or _longest([formula]) <= LONG:
        return False
    return _longest([fold_sums(formula, {}, None)]) > LONG


def _sizes(formulas: Sequence[Any]) -> dict[Node, int]:
    """Count the operations of each part of formulas as it is written out, each as often as it is written."""
    size: dict[Node, int] = {}
    for x in order_nodes(formulas):
        size[x] = (x.op is not None) + sum(size.get(y, 0) for y in x.inputs if isinstance(y, Node))
    return size


def _longest(formulas: Sequence[Any]) -> int:
    """Count the operations of the longest formula as it is written out, each as often as it is written."""
    size = _sizes(formulas)
    return max((size[x] for x in formulas if isinstance(x, Node)), default=0)


def _repeated(formulas: Sequence[Any]) -> set[Node]:
    """Give what is long, and an operand of two operations, or of two formulas."""
    nodes = order_nodes(formulas)
    uses = count_uses(nodes, formulas)
    return {x for x in nodes if uses[x] > 1 and len(Graph([x], {})) > SHORT}
