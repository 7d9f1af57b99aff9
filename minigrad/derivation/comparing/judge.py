"""What becomes of arrays that somebody computed: each is right, follows from a wrong one, or holds a slip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.comparison_card import comparison_html
from minigrad.derivation.comparing.diagnose import Case
from minigrad.derivation.comparing.places import Compared, Place
from minigrad.derivation.comparing.rounding import Rounding, Slack, is_close, largest
from minigrad.derivation.comparing.slips.factors import sizes_of
from minigrad.derivation.comparing.slips.table import calculate_lines
from minigrad.derivation.wording import Said, in_language, join_and, say
from minigrad.engine.messages.absent import AbsentKey, find_close
from minigrad.notebook.safety import html_or_text, text_or_reason


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

    @property
    def said(self) -> Said:
        """What became of it, to be said in any language."""
        if self.right:
            return say("✓ {key} is right", key=self.key)
        if self.follows:
            return say("→ {key} follows from {others}", key=self.key, others=join_and(self.sources))
        return say("✗ {key} is wrong: {slip}", key=self.key, slip=self.slip)

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True, repr=False)
class Comparison:
    """The rows of a comparison, in the order of the backward pass; true where all are right; printed in ``lang``."""

    rows: tuple[Row, ...]
    lang: str = "en"

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
        for row in self.rows:
            if row.key == key:
                return row
        keys = [row.key for row in self.rows]
        close = find_close(str(key), keys)
        meant = f". Did you mean {close}?" if close else ""
        raise AbsentKey(f"nothing called {key!r} was compared; there are {', '.join(keys)}{meant}")

    def __str__(self) -> str:
        told = list(_tell(self.rows, self.first))
        said = [*told, "", *map(str, self.rows)] if self.first else told
        return "\n".join(in_language(line, self.lang) for line in said)

    __repr__ = text_or_reason(__str__)

    @html_or_text
    def _repr_html_(self) -> str | None:
        return comparison_html(str(self), self.rows, self.lang)


def _tell(rows: Sequence[Row], first: Row | None) -> Iterator[Said]:
    """Say where to look first, what it should be, and where it differs most."""
    if first is None:
        yield say("All {n} are right.", n=len(rows)) if len(rows) > 1 else say("{key} is right.", key=rows[0].key)
        return
    yield say("Look at {key} first: {slip}.", key=first.key, slip=first.slip)
    yield say("It should be {equation}.", equation=first.equation)
    if first.difference is None:
        return
    at, percent = list(first.at), 100 * first.difference
    if not np.isfinite(percent):
        yield say("It differs most at {at}.", at=at) if at else say("It differs.")
    elif at:
        yield say("It differs most at {at}, by {percent:.3g} % of the largest element.", at=at, percent=percent)
    else:
        yield say("It differs by {percent:.3g} %.", percent=percent)


class Judge:
    """Looks at one array after another: whether it is right, follows from wrong ones, or holds a slip of its own."""

    def __init__(self, derivation: Compared, E: Any, arrays: Sequence[Any]) -> None:
        self.true = self.exact = calculate_lines(derivation.graph, derivation.named, derivation)
        self.rounding, self.sizes, self.E = Rounding(self.true, arrays), sizes_of(self.true), E
        self.wrong: list[tuple[str, Place, Calculation | None]] = []

    def is_right(self, place: Place, array: Any) -> bool:
        """Say whether an array is what a place has, but for rounding."""
        rounding = self.rounding.of_value if place.forward else self.rounding.of_gradient
        return is_close(array, place.value_in(self.true), rounding(place.node).for_array(array))

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
