"""The slip of a value's place in a row: H₃ where H₂ is due, Y₁ where Y₂ is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip, called, formula_of, more_like_it, places_alone, slip_in
from minigrad.derivation.comparing.slips.functions import argument
from minigrad.derivation.wording import say
from minigrad.engine.node import Node
from minigrad.notation.symbols import split_name


def neighbor_for_value(way: Calculation, x: Node) -> Iterator[Slip]:
    """The value after the one that is due, or before it, in a row of like names: wherever one stands, or in one place.

    On the way back alone: ∂E/∂Wh = Σₜ Hₜᵀ δₜ where Σₜ Hₜ₋₁ᵀ δₜ is due, or 1 − Hₜ₋₁² for 1 − Hₜ².
    """
    above = set(way.tape.above(x))
    for row in _rows(way):
        users = {y: [user for user in way.tape.users.get(y, []) if user in above] for y in row}
        for step in (1, -1):
            pairs = {y: z for y, z in zip(row[::step], row[::step][1:], strict=False) if users[y]}
            if len(pairs) > 1:
                yield _with_others(way, x, pairs, users)
            for y in list(pairs)[-places_alone(way, x) :]:
                yield _with_others(way, x, {y: pairs[y]}, users)
            own = [(y, z) for y, z in zip(row[::step], row[::step][1:], strict=False) if y in above and argument(y)]
            for y, z in own[-places_alone(way, x) :]:
                f = formula_of(y, way)
                says = say("{u} is taken for {y} in f′, the derivative of {f}", u=called(z, way), y=called(y, way), f=f)
                yield slip_in(way.with_seen(y, {y: way.values[z]}), x, says)


def _with_others(way: Calculation, x: Node, pairs: Mapping[Node, Node], users: Mapping[Node, list[Node]]) -> Slip:
    """Give the slip that sees one value in the place of another where it is used."""
    changed = way
    for y, z in pairs.items():
        for user in users[y]:
            changed = changed.with_seen(user, {y: way.values[z]})
    y, z = next(iter(pairs.items()))
    more = more_like_it(len(pairs))
    return slip_in(changed, x, say("{u} is used in place of {y}{more}", u=called(z, way), y=called(y, way), more=more))


def _rows(way: Calculation) -> list[list[Node]]:
    """Give the named values that differ in their number alone, in order, and have one shape."""
    rows: dict[object, list[Node]] = {}
    for node in way.tape.nodes:
        if node in way.tape.names and node.ndim:
            name = split_name(way.tape.names[node])
            rows.setdefault((name.base, name.above, node.shape), []).append(node)
    return [row for row in rows.values() if len(row) > 1]
