"""compare: a learner's own gradients against the derivation's; names the first that is wrong, and the slip in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import evaluate
from minigrad.derivation.derive import derive
from minigrad.derivation.diagnose import close, diagnosis
from minigrad.derivation.lines import Derivation, Line
from minigrad.derivation.slips import Loss
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.notation.writers import ASCII


@dataclass(frozen=True)
class Row:
    """What became of one array: ``right``; or that it ``follows`` from a wrong one before it; or its ``slip``.

    ``key`` is as it was given, ``symbol`` the derivation's, ``equation`` the line that it should be. ``difference`` is
    the largest, as a share of the largest element, and ``at`` is where; None and () where the shapes differ.
    """

    key: str
    symbol: str
    equation: str
    right: bool
    follows: bool = False
    slip: str = ""
    difference: float | None = None
    at: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.right:
            return f"✓ {self.key} is right"
        if self.follows:
            return f"→ {self.key} would be right if what it is computed from were"
        return f"✗ {self.key} is wrong: {self.slip}"


@dataclass(frozen=True, repr=False)
class Comparison:
    """The rows of a comparison, in the order of the backward pass; true where all are right."""

    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Are all of the arrays right?"""
        return all(row.right for row in self.rows)

    @property
    def first(self) -> Row | None:
        """The first wrong one: where to look."""
        return next((row for row in self.rows if not row.right), None)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, key: str) -> Row:
        return next(row for row in self.rows if row.key == key)

    def __str__(self) -> str:
        first = self.first
        if first is None:
            return f"All {len(self.rows)} are right." if len(self.rows) > 1 else f"{self.rows[0].key} is right."
        lines = [f"Look at {first.key} first: {first.slip}.", f"It should be {first.equation}."]
        if first.difference is not None:
            by = f", by {100 * first.difference:.3g} % of the largest element" if np.isfinite(first.difference) else ""
            lines.append(f"It differs most{f' at {list(first.at)}' if first.at else ''}{by}.")
        return "\n".join([*lines, "", *map(str, self.rows)])

    __repr__ = __str__


def compare(
    loss: Tensor,
    arrays: Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> Comparison:
    """Check gradients that were derived by hand: ``compare(loss, {"delta2": array, "dW2": array, "db2": array})``.

    A key is the gradient's symbol in any spelling: δ₂, δ2, delta2 or dU2 for a δ; ∂E/∂W₁, dE/dW1, dW1 or W1 for the
    gradient of W₁; dY1 for that of a layer's output. The arrays are looked at in the order of the backward pass. One
    that is what follows from wrong ones before it is told from one that is wrong by itself, and of that the slip is
    named where it is a usual one: transposed, a wrong sign, 1/N or f′ missing, a sum over another axis or over none,
    a factor ½ or 2. ``names`` and ``given`` are as for ``derive``.

    Raises ``ValueError`` for a key that the derivation has not, one that is given twice, or no key at all, and
    ``TypeError`` for a value that is no array of numbers; besides what ``derive`` raises.
    """
    derivation = derive(loss, names=names, given=given)
    places = _places(derivation)
    found = _found(arrays, places)
    graph = derivation.graph
    values = dict(zip(graph.nodes, evaluate(graph.nodes, graph.values), strict=True))
    symbols = {place.node: place.name for place in places}
    true = exact = Loss(graph.outputs[0], values, symbols)
    smallest = 1e-8 * max(np.max(np.abs(line.value), initial=0.0) for line in derivation)
    rows = []
    for place in places:
        if place not in found:
            continue
        key, array = found[place]
        (value,) = [place.line.value] if place.line else true.gradients([place.node])
        row = _row(key, array, value, place, [true] if exact is true else [true, exact], smallest)
        rows.append(row)
        if not row.right and place.node.op is not None and array.shape == place.node.shape and np.isfinite(array).all():
            exact = exact.with_gradient(place.node, array)
    return Comparison(tuple(rows))


@dataclass(frozen=True, eq=False)
class _Place:
    """What can be compared: a Node of the graph with a name, and its gradient's line if it has one."""

    node: Node
    name: str
    line: Line | None

    @property
    def symbol(self) -> str:
        return self.line.symbol if self.line else f"∂E/∂{self.name}"

    @property
    def spellings(self) -> list[str]:
        """Give its spellings, as ``_plain`` has them; the first is the one to show."""
        gradients = [self.symbol, *([f"∂E/∂{self.line.of}"] if self.line else []), f"∂E/∂{self.name}"]
        return list(dict.fromkeys(map(_plain, gradients)))


def _places(derivation: Derivation) -> list[_Place]:
    """Give all that has a name, in the order of the backward pass: that of the lines, the others between them."""
    cut = derivation._cut
    names = {x: atom.name for x, atom in cut.atom.items() if atom in cut.definitions}
    names |= {x: pretty_name(name) for name, x in derivation.graph.inputs.items()}
    lines = {line.target: line for line in derivation}
    order = list(lines)
    for x in derivation.graph.nodes[::-1]:
        if x in names and x not in lines:
            before = set(order_nodes([x])) - {x}
            order.insert(next((i for i, other in enumerate(order) if other in before), len(order)), x)
    return [_Place(x, names[x], lines.get(x)) for x in order if x in names]


def _found(arrays: Mapping[str, Any], places: Sequence[_Place]) -> dict[_Place, tuple[str, Any]]:
    """Find the place of each key, and check that each value is an array of numbers."""
    known = {spelling: place for place in reversed(places) for spelling in place.spellings}
    for place in places:
        if place.node.op is None:
            known.setdefault(_plain(place.name), place)
    there = f"there are {', '.join(place.spellings[0] for place in places)}"
    if not arrays:
        raise ValueError(f"compare: there is nothing to compare; {there}")
    found: dict[_Place, tuple[str, Any]] = {}
    for key, x in arrays.items():
        if not isinstance(key, str) or _plain(key) not in known:
            like = get_close_matches(_plain(str(key)), known, 1)
            suggestion = f". Did you mean {like[0]}?" if like else ""
            raise ValueError(f"compare: no gradient is called {key!r}; {there}{suggestion}")
        place = known[_plain(key)]
        if place in found:
            raise ValueError(f"compare: {found[place][0]!r} and {key!r} are the same gradient, {place.symbol}")
        array = np.asarray(x.data if isinstance(x, Tensor) else x)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"compare: {key!r} is no array of real numbers, but {type(x).__name__} of {array.dtype}")
        found[place] = key, array
    return found


def _plain(symbol: str) -> str:
    """Spell a symbol in ASCII: δ₂ and δ_2 are delta2, ∂E/∂W₁ and dE/dW1 are dW1."""
    return ASCII.symbol(symbol.strip()).replace("dE/d", "d").replace(" ", "_")


def _row(key: str, array: Any, value: Any, place: _Place, losses: Sequence[Loss], smallest: float) -> Row:
    """Compare one array with its value, and, where that was not to be expected, with what follows from wrong ones."""
    gradient = f"∂E/∂{place.line.of if place.line else place.name}"
    left = " = ".join(dict.fromkeys([place.symbol, gradient]))
    equation = f"{left} = {place.line.formula}" if place.line else f"{left}, of shape {place.node.shape}"
    if close(array, value, smallest):
        return Row(key, place.symbol, equation, right=True)
    difference: float | None = None
    at: tuple[int, ...] = ()
    if array.shape == np.shape(value):
        off = np.nan_to_num(np.abs(array - value), nan=np.inf)
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
        scale = max(float(np.max(np.abs(value))), smallest)
        difference = float(off[at]) / scale if scale else np.inf
    if len(losses) > 1:
        (own,) = losses[1].gradients([place.node])
        if close(array, own, smallest):
            return Row(key, place.symbol, equation, False, True, "", difference, at)
        losses = losses[:1] if close(own, value, smallest) else losses
    slip = diagnosis(array, place.node, value, losses, smallest)
    return Row(key, place.symbol, equation, False, False, slip, difference, at)
