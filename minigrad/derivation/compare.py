"""compare: a learner's own gradients against the derivation's; names the first that is wrong, and the slip in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.calculation import Calculation, calculate
from minigrad.derivation.derive import derive
from minigrad.derivation.diagnose import Case, sizes_of
from minigrad.derivation.lines import Derivation
from minigrad.derivation.places import Place, find_places, places_of
from minigrad.derivation.rounding import Rounding, Slack, is_close, largest
from minigrad.engine.arguments import shown, with_usage
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor


@dataclass(frozen=True)
class Row:
    """What became of one array: ``right``; or that it ``follows`` from a wrong one before it; or its ``slip``.

    ``key`` is as it was given, ``symbol`` the derivation's, ``equation`` the line that it should be. ``difference`` is
    the largest, as a share of the largest element, and ``at`` is where; None and () where the shapes differ.
    ``sources`` are the keys of the wrong ones that it follows from.
    """

    key: str
    symbol: str
    equation: str
    right: bool
    follows: bool = False
    slip: str = ""
    difference: float | None = None
    at: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.right:
            return f"✓ {self.key} is right"
        if self.follows:
            return f"→ {self.key} follows from {' and '.join(self.sources)}"
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


@with_usage
def compare(
    loss: Tensor,
    arrays: Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> Comparison:
    """Check what was computed by hand: ``compare(loss, {"Y1": array, "delta2": array, "dW2": array, "db2": array})``.

    A key is a symbol in any spelling: δ₂, δ2, delta2 or dU2 for a δ; ∂E/∂W₁, dE/dW1, dW1 or W1 for the gradient of
    W₁; dY1 for that of a layer's output; U1, Y1, E or the name of a result for a value on the way to E. The values
    are looked at first, in the order of evaluation, then the gradients in that of the backward pass. One that is what
    follows from wrong ones before it is told from one that is wrong by itself, and of that the slip is named where it
    is a usual one:

    - a sign, a factor ½ or 2, 1/N; transposed; a factor of a product not transposed, or transposed; a shape
    - a sum over another axis, over none, or with its axis kept; one sample alone
    - f′ missing, that of another function, at y instead of u; only the diagonal of softmax's Jacobian; U used for Y
    - a use that is not counted, = where += is due, a repeated index counted once, backpropagation cut off in time
    - a bias or another term, or a function, forgotten on the way to E; another function, or another axis, there
    - a weight that was already updated, and with which η

    A slip is named only if making it gives the array, and a difference that is rounding is none: what that may be is
    measured, by the array's own dtype and what cancels on the way. ``names`` and ``given`` are as for ``derive``.

    Raises ``ValueError`` for a key that the derivation has not, one that is given twice, or no key at all, and
    ``TypeError`` for a value that is no array of numbers; besides what ``derive`` raises.
    """
    if not isinstance(loss, Tensor):
        raise TypeError(
            f"compare: the loss comes first, a Tensor, not {shown(loss)}; write compare(E, {{'dW': array}})"
        )
    if not isinstance(arrays, Mapping):
        raise TypeError(f"compare: arrays must be a dict such as {{'dW': array, 'delta2': array}}, not {shown(arrays)}")
    derivation = derive(loss, names=names, given=given, fold=False)
    places = places_of(derivation)
    found = find_places(arrays, places)
    items = [(place, key, array) for place in places for key, array in found.get(place, [])]
    judge = _Judge(derivation, loss, [array for _, _, array in items])
    return Comparison(tuple(judge.row(*item) for item in items))


class _Judge:
    """Looks at one array after another: whether it is right, follows from wrong ones, or holds a slip of its own."""

    def __init__(self, derivation: Derivation, loss: Tensor, arrays: Sequence[Any]) -> None:
        learned = [line.target for line in derivation if isinstance(line.target, Node) and line.target.op is None]
        self.true = self.exact = calculate(derivation.graph, derivation.named, learned)
        self.rounding, self.sizes, self.E = Rounding(self.true, arrays), sizes_of(self.true), loss.array
        self.wrong: list[tuple[str, Place, Calculation | None]] = []

    def row(self, place: Place, key: str, array: Any) -> Row:
        """Compare one array with its value, and, where it is not that, with what follows from wrong ones."""
        rounding = self.rounding.of_value if place.forward else self.rounding.of_gradient
        slack = rounding(place.node).for_array(array)
        computed = place.value_in(self.true)
        values = [computed, self.E if place.forward and not place.node.shape else computed]
        if place.line is not None:
            values.insert(0, place.line.value)
        equation = place.equation(self.true)
        if any(is_close(array, value, slack) for value in values):
            if self.wrong:
                self._go_on(place, array)
            return Row(key, place.symbol, equation, right=True)
        difference, at = _difference(array, values[0], slack)
        before = self._before(place, array, slack)
        if before:
            self._go_on(place, array)
            return Row(key, place.symbol, equation, False, True, "", difference, at, before)
        own = place.value_in(self.exact)
        ways = [self.true] if is_close(own, computed, slack) else [self.true, self.exact]
        found = Case(place, array, slack, self.sizes).diagnose(ways)
        self.wrong.append((key, place, found.way))
        self._go_on(place, array)
        return Row(key, place.symbol, equation, False, False, found.says, difference, at)

    def _before(self, place: Place, array: Any, slack: Slack) -> tuple[str, ...]:
        """Give the keys of the wrong ones that the array follows from: from their arrays, or from a slip in them."""
        if self.exact is not self.true and is_close(array, place.value_in(self.exact), slack):
            keys = [key for key, other, _ in self.wrong if place.comes_from(other, self.true)]
            return tuple(keys or [key for key, _, _ in self.wrong])
        for key, _, way in self.wrong:
            if way is not None and is_close(array, place.value_in(way), slack):
                return (key,)
        return ()

    def _go_on(self, place: Place, array: Any) -> None:
        """Let what comes later be computed from this array."""
        if array.shape == place.node.shape and np.isfinite(array).all():
            self.exact = place.put_in(self.exact, array)


def _difference(array: Any, value: Any, slack: Slack) -> tuple[float | None, tuple[int, ...]]:
    """Give the largest difference, as a share of the largest element that is more than rounding, and its place."""
    if array.shape != np.shape(value):
        return None, ()
    with np.errstate(invalid="ignore"):
        off = np.abs(np.subtract(array, value, dtype=np.float64))
    off = np.where(np.equal(array, value), 0.0, np.nan_to_num(off, nan=np.inf))
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
    scale = largest(value)
    known = scale > slack.noise
    return float(off[at]) / scale if known else np.inf, at
