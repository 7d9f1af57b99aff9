"""Loops of which few turns are traced: those of ``steps``, and those over an array.

Python runs so many turns, and its state after the last one is compared with that after the one before. If they are
alike but for which turn a value is of, the turn that would come next does again what the last one did, since it cannot
depend on values that are not known yet; and so does each after it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dis import opmap
from types import FrameType
from typing import Any, Never

from minigrad.compiler.trace.loop_code import keeps_what_it_yields
from minigrad.compiler.trace.python_state import PythonState, StateError
from minigrad.compiler.trace.turn_number import TurnNumber
from minigrad.engine.messages.errors import write_line

LONG = 96  # turns, from which on few are traced
FEWEST = 32  # turns that are traced: so many at least, and fewer than the next
APART = 32  # turns, by which loops differ that have not about as many
QUANTUM = 16  # turns by which the number of those that are traced is below all of them, in multiples
GENERATOR = 0x20 | 0x80 | 0x200  # of a code object's flags: a generator or a coroutine


class WholeError(BaseException):
    """All turns of a loop are to be traced, and the trace begins anew; nothing that a user catches."""


class Shortening:
    """Which loops of a trace are short, by how many turns of those that they have: their ``cuts``.

    Of those with the cut ``longer`` QUANTUM more are traced. ``refused`` says of the lines whose loops are whole why;
    ``counts`` are the turns of those that are not.
    """

    def __init__(self, refused: dict[str, str], cuts: Mapping[int, int], longer: int | None = None) -> None:
        self.refused, self.cuts, self.longer = refused, cuts, longer
        self.counts: dict[int, str] = {}
        self.inside = False

    def iterate(self, tracer: Any, count: int, give: Callable[[Any], Any], frame: FrameType) -> Iterator[Any]:
        """Give what a ``for`` in a frame goes over: a few turns, or all of them."""
        place = write_line(frame)
        if count < LONG or self.inside or place in self.refused or not _is_statement(frame):
            return map(give, range(count))
        self.inside = True
        self.counts[count] = place
        return Turns(self, tracer, count, place).run(give)

    def count_turns(self, count: int) -> int:
        """Give the number of turns of a loop that are traced."""
        cut = self.cuts.get(count, count - _count_fewest(count))
        return count - cut + (QUANTUM if cut == self.longer else 0)


def plan_cuts(counts: Iterable[int]) -> dict[int, int]:
    """Say by how many turns loops are cut: those about as long to what is as far apart, others to unlike lengths.

    What one loop makes of another depends on whether they have about as many turns.
    """
    cuts: dict[int, int] = {}
    before = cut = 0
    for count in sorted(counts):
        gap = count - before
        if not cuts:
            cut = count - _count_fewest(count)
        elif gap > APART:
            cut += gap - APART - (gap - APART) % QUANTUM
        cuts[count], before = cut, count
    return cuts


def _count_fewest(count: int) -> int:
    return FEWEST + (count - FEWEST) % QUANTUM


class Steps:
    """The numbers 0, 1, … of a loop's turns."""

    def __init__(self, tracer: Any, count: int) -> None:
        self.tracer, self.count = tracer, count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tracer.loop_over(self.count, lambda t: t, sys._getframe(1)))


class Turns:
    """A loop of which few turns are traced."""

    def __init__(self, shortening: Shortening, tracer: Any, count: int, place: str) -> None:
        self.shortening, self.tracer, self.count, self.place = shortening, tracer, count, place

    def run(self, give: Callable[[Any], Any]) -> Iterator[Any]:
        """Give turn after turn, and compare what the last ones leave."""
        tracer, starts, states = self.tracer, list[int](), list[PythonState]()
        turns = self.shortening.count_turns(self.count)
        done = False
        try:
            for turn in range(turns + 1):
                starts.append(tracer.alive.made)
                frame = sys._getframe(1)
                if turn == 0 and keeps_what_it_yields(frame):
                    self.refuse("what it is taken by may keep something of each turn")
                if turn >= turns - 1:
                    states.append(self.read_state(frame, starts))
                del frame
                if turn < turns:
                    yield give(TurnNumber(self, turn))
            before, after = states
            if (changed := before.find_difference(after)) is not None:
                self.refuse(f"{changed} is not alike after each turn")
            done = True
        finally:
            self.shortening.inside = False
            if not done:
                self.shortening.refused.setdefault(self.place, "it is left before its end")

    def read_state(self, frame: FrameType, starts: list[int]) -> PythonState:
        """Read what Python's variables hold."""
        try:
            return PythonState(self.tracer, frame, starts)
        except StateError as error:
            self.refuse(str(error))

    def refuse(self, reason: str) -> Never:
        """Have all turns traced, and say why."""
        self.shortening.refused[self.place] = reason
        raise WholeError


def _is_statement(frame: FrameType) -> bool:
    """Say whether a ``for`` asks for what it is to go over, and not a function, as zip does, for what that gives on."""
    code = frame.f_code
    asks = code.co_code[frame.f_lasti] == opmap["GET_ITER"] and not code.co_flags & GENERATOR
    return asks and frame.f_locals is not frame.f_globals
