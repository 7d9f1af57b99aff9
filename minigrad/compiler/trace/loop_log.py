"""What a function's own loops do, turn after turn, as it is traced: for the report of those that the code has not.

A loop is a part of a code object that a jump leads back to. A new turn begins where the operation that began the first
one comes again, from the same place.
"""

from __future__ import annotations

import dis
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType, FrameType

from minigrad.compiler.passes.lower import Spread, is_view
from minigrad.compiler.rolling.own import describe
from minigrad.compiler.rolling.planning import LEAST, SPENT
from minigrad.compiler.rolling.rows import Kind, find_kind
from minigrad.engine.messages.errors import name_file
from minigrad.engine.messages.errors import place as find_place
from minigrad.engine.node import Node


@dataclass(frozen=True)
class LoopSeen:
    """A loop: where, how many turns, how many operations of each kind in all, and how the turns differ, if they do.

    ``views`` are the kinds of those that look at a part of an array.
    """

    place: str
    turns: int
    kinds: Counter[Kind]
    views: frozenset[Kind]
    difference: str = ""


class LoopLog:
    """Notes the lines that operations stand in, and the loops that these are in, down to a call of ``until``."""

    def __init__(self) -> None:
        self.until: CodeType | None = None
        self.places: dict[Node, str] = {}
        self.codes: dict[CodeType, UserCode | None] = {}
        self.numbers: dict[Hashable, int] = {}  # of what operations are
        self.nodes: list[Node] = []  # one of each
        self.starts: dict[tuple[CodeType, int], tuple[Hashable, Hashable]] = {}
        self.last: dict[tuple[CodeType, int], Hashable] = {}
        self.turns: dict[tuple[CodeType, int], list[list[int]]] = {}
        self.lines: dict[tuple[CodeType, int], int] = {}

    def note(self, node: Node) -> None:
        """Note an operation, and for each loop that it is computed in what it is."""
        self.places.setdefault(node, find_place() or "?")
        number = -1
        frame: FrameType | None = sys._getframe(2)
        within: list[tuple[CodeType, int]] = []  # this package
        places: list[tuple[CodeType, int]] = []
        while frame is not None and frame.f_code is not self.until:
            code = frame.f_code
            if code not in self.codes:
                own = frame.f_globals.get("__name__", "").partition(".")[0] == "minigrad"
                self.codes[code] = None if own else UserCode(code)
            if (known := self.codes[code]) is None:
                within.append((code, frame.f_lineno))
            else:
                at = known.find_place(frame.f_lasti)
                places.append((code, at))
                for start, end, line in known.loops:
                    if start <= at <= end:
                        number = self.number(node) if number < 0 else number
                        self.note_in((code, start), line, tuple(places), tuple(within), number)
            frame = frame.f_back

    def number(self, node: Node) -> int:
        """Number what an operation is."""
        number = self.numbers.setdefault(describe(node), len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def note_in(self, loop: tuple[CodeType, int], line: int, place: Hashable, within: Hashable, number: int) -> None:
        """Note an operation of a loop, in the turn that goes on or in a new one.

        Of several from one place the library makes one out of others, unless it is ``within`` where it was at first.
        """
        start = self.starts.setdefault(loop, (place, within))
        if place == start[0] and (self.last.get(loop) != place or within == start[1]):
            self.turns.setdefault(loop, []).append([])
            self.lines[loop] = line
        self.last[loop] = place
        self.turns[loop][-1].append(number)

    def list_loops(self) -> list[LoopSeen]:
        """Give the loops with more than one turn."""
        found = []
        for loop, turns in self.turns.items():
            kinds: Counter[Kind] = Counter()
            views: set[Kind] = set()
            for number, n in Counter(x for turn in turns for x in turn).items():
                node = self.nodes[number]
                if node.op is not None and (is_view(node.op) or isinstance(node.op, Spread)):
                    views.add(find_kind(node))
                else:
                    kinds[find_kind(node)] += n
            if len(turns) > 1:
                place = f"{name_file(loop[0].co_filename)}:{self.lines[loop]}"
                found.append(LoopSeen(place, len(turns), kinds, frozenset(views), self.find_difference(turns)))
        return found

    def find_difference(self, turns: Sequence[Sequence[int]]) -> str:
        """Say how a turn differs from the one before; nothing if all, or each other, are alike but at the ends."""
        n = len(turns)
        inner = turns[SPENT // 2 : n - SPENT // 2] if n >= LEAST else turns
        for period in range(1, max(1, n // LEAST) + 1):
            if all(a == b for a, b in zip(inner, inner[period:], strict=False)):
                return ""
        pairs = [(a, b) for a, b in pairwise(inner) if a != b]
        before, after = pairs[len(pairs) // 2]
        for a, b in zip(before, after, strict=False):
            if a != b:
                return _tell_apart(self.nodes[a], self.nodes[b])
        return f"a turn has {len(after)} operations, and the one before {len(before)}"


def _tell_apart(a: Node, b: Node) -> str:
    """Say how an operation differs from that in its place in the turn before."""
    if a.shape != b.shape:
        return f"{_name(b)} has shape {b.shape} in a turn, and {_name(a)} {a.shape} in the one before"
    if a.dtype != b.dtype:
        return f"{_name(b)} is {b.dtype} in a turn, and {a.dtype} in the one before"
    if _name(a) != _name(b):
        return f"a turn has {_name(b)} where the one before has {_name(a)}"
    if a.op is not None and b.op is not None and a.op != b.op:
        return f"a turn has {b.op!r} where the one before has {a.op!r}"
    pairs = zip(a.inputs, b.inputs, strict=False)
    shapes = [(x.shape, y.shape) for x, y in pairs if isinstance(x, Node) and isinstance(y, Node)]
    for before, now in shapes:
        if before != now:
            return f"{_name(b)} takes an array of shape {now} in a turn, and {before} in the one before"
    return f"{_name(b)} takes operands of other kinds than in the turn before"


def _name(node: Node) -> str:
    return "" if node.op is None else node.op.name


class UserCode:
    """A code object: its loops, by the first instruction, the last and the line."""

    def __init__(self, code: CodeType) -> None:
        instructions = list(dis.get_instructions(code))
        self.offsets = [x.offset for x in instructions]
        ends: dict[int, int] = {}
        for x in instructions:
            if "JUMP" in x.opname and isinstance(x.argval, int) and x.argval < x.offset:
                ends[x.argval] = x.offset
        lines = [part for part in code.co_lines() if part[2] is not None]
        self.loops = [
            (start, end, next((line for a, b, line in lines if a <= start < b and line), code.co_firstlineno))
            for start, end in ends.items()
        ]

    def find_place(self, at: int) -> int:
        """Give where an instruction begins: once it has been specialized, a frame may be behind its beginning."""
        return self.offsets[bisect_right(self.offsets, at) - 1]
