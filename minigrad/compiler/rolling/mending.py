"""Turns that differ in where an operand comes from are made alike: each of them has both, and chooses one.

So it is where a state is cut off or begins anew in some turns, where a turn takes now what the one before has given and
now what is given to it, or where some turns add nothing to a sum. What a turn lacks is made from that of the turn
before, by what its operands are a turn later; what is not chosen does not count, so that it may be anything.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.passes.lower import rewrite_nodes
from minigrad.compiler.rolling.moving import Lost, Moving, Pairs, list_rows
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, where

ENDS = 4  # turns at an end of a loop that may be otherwise and stay so
SHORT = 2  # turns at the beginning that stay otherwise in any case


def mend_turns(outputs: Sequence[Any], nodes: Sequence[Node], pairs: Pairs, least: int) -> list[Any] | None:
    """Give equal outputs, in which turns that take an operand from one of two places choose; None if there are none.

    ``pairs`` lead from an operation to that of the next turn, in rows of fewer than the ``least`` turns of a loop, too.
    """
    mending = Mending(Moving(nodes, pairs))
    there = mending.moving.there
    for row in [row for row in list_rows(there[1], there[-1]) if len(row) >= least]:
        for place in range(len(row[0].inputs)):
            mending.mend(row, place)
    try:
        return mending.rebuild(outputs) if mending.chosen else None
    except Lost:
        return None


class Mending:
    """What turns choose from: ``chosen`` are the choices that operands in some ``places``, or everywhere, become."""

    def __init__(self, moving: Moving) -> None:
        self.moving = moving
        self.chosen: dict[Node, Node] = {}  # a stand-in -> the choice
        self.everywhere: dict[Node, Node] = {}  # an operand -> the stand-in
        self.known: dict[Hashable, list[Node | None]] = {}  # operands of a row -> the stand-ins, where there are some

    def mend(self, row: Sequence[Node], place: int) -> None:
        """Let a row's operations choose an operand, where they take now one, now the other."""
        operands = [x.inputs[place] for x in row]
        runs = list(_find_runs(operands, self.moving.there[1]))
        n = len(row)
        if len(runs) < 2 or all(start <= ENDS or start >= n - ENDS for start, _ in runs):
            return
        if not _are_alike(operands):
            return
        key = tuple(map(id, operands))
        if key not in self.known:
            self.known[key] = self.choose(operands, runs)
        for x, standing in zip(row, self.known[key], strict=True):
            if standing is not None:
                self.moving.places.setdefault((x, place), standing)

    def choose(self, operands: Sequence[Any], runs: Sequence[tuple[int, int]]) -> list[Node | None]:
        """Give what stands for the choices among operands, with None where there is none."""
        none: list[Node | None] = [None] * len(operands)
        for sign in (1, -1):
            with self.moving.trying() as trial:
                found = self.spread(operands[::sign], sign, runs[0] if sign > 0 else _turn(runs[-1], len(operands)))
                trial.holds()
                return found[::sign]
        return none

    def spread(self, operands: Sequence[Any], sign: int, run: tuple[int, int]) -> list[Node | None]:
        """Find both operands in all turns, from a run of the first ones on, and choose by which one it is."""
        moving, n = self.moving, len(operands)
        begin, end = run
        if end - begin <= SHORT:
            begin = end
            end = next((i for i in range(begin + 1, n) if not moving.leads(operands[i - 1], operands[i], sign)), n)
        standing = moving.stand_for(operands, sign)
        one, holes = moving.spread(operands, standing, begin, end, sign)
        there = [i for i in range(begin, n) if one[i] is not operands[i]]
        if not there:
            raise Lost
        other, others = moving.spread(operands, standing, there[0], there[0] + 1, sign)
        for i in range(there[0] - 1, begin - 1, -1):
            other[i] = moving.find(other[i + 1], -sign)
        last = next((i for i in there if other[i] is not operands[i]), n)
        if last < n - ENDS or not any(i < last - ENDS for i in there):
            raise Lost
        if not _are_alike([*one[begin:last], *other[begin:last]]):
            raise Lost
        for i in range(begin, last):
            first = one[i] is operands[i]
            self.chosen[standing[i]] = where(first, one[i], other[i])
            if holes if first else others:
                self.everywhere[operands[i]] = standing[i]
        return [x if begin <= i < last else None for i, x in enumerate(standing)]

    def rebuild(self, outputs: Sequence[Any]) -> list[Any]:
        """Give outputs with the choices in the place of operands; what is chosen from may need other choices."""
        becomes: dict[Node, Any] = {}
        waiting: set[Node] = set()
        choices = set(self.chosen.values())
        stack = [x for x in outputs if isinstance(x, Node)]
        while stack:
            node = stack[-1]
            if node in becomes:
                stack.pop()
                continue
            inputs = tuple([self.operand(node, i, node in choices) for i in range(len(node.inputs))])
            missing = [x for x in inputs if type(x) is Node and x not in becomes]
            if not missing:
                stack.pop()
                same = all(x is y for x, y in zip(inputs, node.inputs, strict=True))
                becomes[node] = rebuild_node(node if same else node.apply_alike(inputs), becomes)
                continue
            if node in waiting:
                raise Lost  # it would be computed from itself
            waiting.add(node)
            stack += missing
        return [becomes[x] if isinstance(x, Node) else x for x in outputs]

    def operand(self, node: Node, place: int, chooses: bool) -> Any:
        """Give an operand, or the choice that it becomes; a choice itself has what it chooses from."""
        x = node.inputs[place]
        standing = self.moving.places.get((node, place))
        if standing is None and type(x) is Node:
            standing = x if x in self.moving.real else None if chooses else self.everywhere.get(x)
        if standing is None:
            return x
        return self.chosen.get(standing, self.moving.real[standing])


def _are_alike(operands: Sequence[Any]) -> bool:
    return type(operands[0]) is Node and all(operands[0].is_alike(x) for x in operands)


def _turn(run: tuple[int, int], n: int) -> tuple[int, int]:
    return n - run[1], n - run[0]


def _find_runs(operands: Sequence[Any], pairs: Mapping[Node, Node]) -> Iterator[tuple[int, int]]:
    """Give from where to where operands lead from one to the next."""
    start = 0
    for i in range(1, len(operands) + 1):
        if i == len(operands) or not (operands[i] is operands[i - 1] or pairs.get(operands[i - 1]) is operands[i]):
            yield start, i
            start = i


def fold_choices(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which nothing is chosen that is known: in turns of no loop, or alike in all of one."""
    return rewrite_nodes(outputs, _fold_choice)


def _fold_choice(node: Node) -> Any:
    """where(True, a, b) = a."""
    if not isinstance(node.op, Where) or not isinstance(node.inputs[0], bool):
        return None
    chosen = node.inputs[1 if node.inputs[0] else 2]
    return chosen if node.is_alike(chosen) else None
