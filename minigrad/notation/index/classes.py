"""The axes of some expressions in classes of those that run together, each of which has one letter."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from minigrad.engine.node import Node
from minigrad.notation.index.along import Along, Looked, Moved, NoIndexForm
from minigrad.notation.index.axes import follow_axes, group_axes
from minigrad.notation.index.choices import find_cases
from minigrad.notation.index.position import letters_of
from minigrad.notation.index.windows import group_digits
from minigrad.ops.shaping import Reshape

Place = int  # an axis of a Node, by number


class Classes:
    """The axes of some expressions, in classes of those that run together; axes of length 1 are in none."""

    def __init__(self, nodes: Iterable[Node], same: Iterable[tuple[Node, Node]] = ()) -> None:
        self._first: dict[Node, Place] = {}  # a Node's first axis; the others follow
        self._of: list[Place] = []  # an axis -> another of its class, or itself
        self._splits: list[tuple[tuple[Node, int], list[tuple[Node, int]]]] = []
        self.beside: list[tuple[tuple[Node, int], tuple[Node, int]]] = []  # axes that are parts of others
        self.moves = False  # whether an index says more than which axis it is on: i + 1
        self._groups: list[tuple[tuple[Node, int], list[tuple[str, int]]]] = []
        for node in nodes:
            if node.op is None:
                continue
            follows = follow_axes(node)
            if follows is not None:
                self._follow(node, follows)
            else:
                self._choose(node)
            if isinstance(node.op, Reshape):
                self._split(node.inputs[0], node)
            self._groups += (((x, axis), digits) for x, axis, digits in group_digits(node))
        for a, b in same:
            for axis in range(a.ndim if a.shape == b.shape else 0):
                self._join(a, axis, b, axis)

    def _follow(self, node: Node, follows: Along) -> None:
        bound: dict[str, tuple[Node, int]] = {}
        for x, labels in zip(node.inputs, follows.inputs, strict=True):
            for axis, label in enumerate(labels or ()):
                if isinstance(label, int):
                    self._join(x, axis, node, label)
                elif isinstance(label, Looked):
                    self.moves = True
                elif isinstance(label, Moved):
                    self._move(x, axis, node, label)
                elif label is not None:
                    self._join(x, axis, *bound.setdefault(label, (x, axis)))

    def _move(self, x: Node, axis: int, node: Node, label: Moved) -> None:
        self.moves = True
        if len(label.parts) == 1 and isinstance(label.parts[0][1], int) and abs(label.parts[0][0]) == 1:
            self.beside.append(((x, axis), (node, label.parts[0][1])))

    def _choose(self, node: Node) -> None:
        """Join the axes that an element keeps its index on, from wherever it comes."""
        at = tuple(chr(ord("A") + i) for i in range(node.ndim))
        try:
            cases = find_cases(node, at) or []
        except NoIndexForm:
            return
        for case in cases:
            self.moves = True
            for axis, label in enumerate(case.labels):
                letters = letters_of(label)
                if label is not None and label == letters:
                    self._join(case.node, axis, node, at.index(letters))
                elif len(letters) == 1:
                    self.beside.append(((case.node, axis), (node, at.index(letters))))

    def _split(self, x: Node, y: Node) -> None:
        """Remember which axis a reshape splits into others, or makes of them."""
        for before, after in group_axes(x.shape, y.shape):
            if len(before) == 1 < len(after):
                self._splits.append(((x, before[0]), [(y, axis) for axis in after]))
            elif len(after) == 1 < len(before):
                self._splits.append(((y, after[0]), [(x, axis) for axis in before]))

    @cached_property
    def digits(self) -> dict[Place | str, list[tuple[Place | str, int]]]:
        """Of each axis whose places have several digits those: axes, or the letters that they may have; and sizes.

        (c, i, j) of an image made a row, (g, c) of channels in groups.
        """
        found: dict[Place | str, list[tuple[Place | str, int]]] = {}
        for whole, letters in self._groups:
            found.setdefault(self[whole], [*letters])
        for whole, parts in self._splits:
            found.setdefault(self[whole], [(self[x, axis], x.shape[axis]) for x, axis in parts])
        return found

    def _place(self, node: Node, axis: int) -> Place:
        if node not in self._first:
            self._first[node] = len(self._of)
            self._of.extend(range(len(self._of), len(self._of) + node.ndim))
        return self._first[node] + axis

    def __getitem__(self, at: tuple[Node, int]) -> Place:
        place = self._place(*at)
        while self._of[place] != place:
            self._of[place] = self._of[self._of[place]]
            place = self._of[place]
        return place

    def _join(self, a: Node, i: int, b: Node, j: int) -> None:
        if a.shape[i] != 1 and b.shape[j] != 1:
            self._of[self[a, i]] = self[b, j]

    def of(self, node: Node) -> list[Place | None]:
        """Give the class of each axis of a Node, None for one of length 1."""
        return [None if n == 1 else self[node, axis] for axis, n in enumerate(node.shape)]
