"""Where along an axis an element stands: at 2i + p − 1, which moves with letters that each run over so many places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Lookup(NamedTuple):
    """The place that a table has at others, π(i, j)."""

    name: str
    at: tuple[Any, ...]  # of each of its axes the AxisIndex
    table: Any

    @property
    def letters(self) -> str:
        """The letters that it depends on."""
        return "".join(dict.fromkeys("".join(map(letters_of, self.at))))

    def __str__(self) -> str:
        at = [str(label) for label in self.at if label is not None]
        return f"{self.name}({','.join(at)})" if at else self.name


class Step(NamedTuple):
    """``times`` ⌊letter / per⌋, for a letter, a position, or what a table has, that runs over ``size`` places."""

    times: int
    letter: str | Position | Lookup
    size: int
    per: int = 1

    @property
    def last(self) -> int:
        """The value at the letter's last place."""
        return self.times * ((self.size - 1) // self.per)


class Position(NamedTuple):
    """The sum of some steps and a number; ``within``, if known, has its first place and one past its last.

    >>> str(Position((Step(2, "i", 3), Step(1, "p", 3)), -1))
    '2i+p−1'
    """

    steps: tuple[Step, ...] = ()
    offset: int = 0
    within: tuple[int, int] | None = None

    @property
    def letters(self) -> str:
        """The letters that it moves with."""
        return "".join(dict.fromkeys("".join(letters_of(step.letter) for step in self.steps)))

    def reach(self) -> tuple[int, int]:
        """Give the least that it may be, and one past the most."""
        if self.within is not None:
            return self.within
        ends = [step.last for step in self.steps]
        return self.offset + sum(min(end, 0) for end in ends), self.offset + sum(max(end, 0) for end in ends) + 1

    def inside(self, n: int) -> Position:
        """Give the same position, known to be one of an axis of n places."""
        low, high = self.reach()
        return self._replace(within=(max(low, 0), min(high, n)))

    def moved(self, by: int) -> Position:
        """Give the position so many places on."""
        within = None if self.within is None else (self.within[0] + by, self.within[1] + by)
        return Position(self.steps, self.offset + by, within)

    def times(self, factor: int) -> Position:
        """Give a multiple."""
        return Position(tuple(step._replace(times=factor * step.times) for step in self.steps), factor * self.offset)

    def divided(self, by: int) -> Position:
        """Give ⌊position / by⌋, of each letter where that is known: of 6c + 2i + j, by 2, 3c + i."""
        if by == 1:
            return self
        whole = tuple(step._replace(times=step.times // by) for step in self.steps if not step.times % by)
        rest = Position(tuple(step for step in self.steps if step.times % by), self.offset % by)
        least, end = rest.reach()
        if least >= 0 and end <= by:
            return Position(whole, self.offset // by)
        if len(self.steps) == 1 and self.steps[0].times == 1 and not self.offset:
            (step,) = self.steps
            return Position((step._replace(per=step.per * by),))
        return Position((Step(1, self, self.reach()[1], by),))

    def __str__(self) -> str:
        steps = sorted(self.steps, key=lambda step: step.times < 0)  # j − p, not −p + j
        written = "".join(_signed(step.times, _letter(step)) for step in steps)
        if self.offset > 0 and written.startswith("−"):  # 3 − k
            return f"{self.offset}{written}"
        if self.offset or not written:
            written += _signed(self.offset, "")
        return written.removeprefix("+")


AxisIndex = (
    str | Position | None
)  # of an axis: a letter or a number, or what is made of them; None where it has length 1


def _letter(step: Step) -> str:
    inside = f"({step.letter})" if isinstance(step.letter, Position) else str(step.letter)
    return inside if step.per == 1 else f"⌊{inside}/{step.per}⌋"


def _signed(times: int, letter: str) -> str:
    size = str(abs(times)) if abs(times) != 1 or not letter else ""
    return f"{'−' if times < 0 else '+'}{size}{letter}"


def position_of(label: AxisIndex, size: int) -> Position:
    """Give a label of an axis of so many places as a position."""
    if label is None:
        return Position()
    if isinstance(label, Position):
        return label
    return Position((), int(label)) if label.isdigit() else Position((Step(1, label, size),))


def label_of(position: Position, n: int) -> AxisIndex:
    """Give a position on an axis of n places as it is written: one number, or a letter that runs over all, as that."""
    if not position.steps and position.offset >= 0:
        return str(position.offset)
    (first, *others) = position.steps or (Step(0, "", 0),)
    plain = not others and not position.offset and (first.times, first.per) == (1, 1)
    plain &= isinstance(first.letter, str | Position)
    return first.letter if plain and position.within in (None, (0, n)) and first.size == n else position  # type: ignore[return-value]


def add_positions(positions: Iterable[Position]) -> Position:
    """Give the sum of positions; what has the same letter is added up."""
    total: dict[tuple[str | Position | Lookup, int, int], int] = {}
    offset = 0
    for position in positions:
        offset += position.offset
        for step in position.steps:
            key = (step.letter, step.size, step.per)
            total[key] = total.get(key, 0) + step.times
    steps = (Step(times, letter, size, per) for (letter, size, per), times in total.items() if times)
    return Position(tuple(steps), offset)


def letters_of(label: AxisIndex | Lookup) -> str:
    """Give the letters that a label is made of."""
    return label.letters if isinstance(label, Position | Lookup) else "" if label is None or label.isdigit() else label


def join_labels(labels: Iterable[AxisIndex]) -> str:
    """Write the indices of an element side by side: nj; with commas where one has more than a letter: n,2i+p−1."""
    written = [str(label) for label in labels if label is not None]
    return ("" if all(len(label) == 1 for label in written) else ",").join(written)
