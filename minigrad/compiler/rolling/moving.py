"""What an operation is a turn later: the same of what its operands are then; where that is not there, it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.rolling.keys import EvenKey, is_read, part_key
from minigrad.compiler.rolling.own import describe
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, number_key
from minigrad.ops.indexing import Index, Scatter, is_basic
from minigrad.ops.linalg import Inner, MatMul
from minigrad.ops.reduction import Max, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Concatenate, Reshape, Transpose

MOST = 0.5  # of the operations, as many as may be made so that turns are alike

SAFE = (Elementwise, Where, MatMul, Inner, Sum, Max, Reshape, Transpose, BroadcastTo, Cast, Concatenate)

Pairs = dict[Node, Node]


class Lost(Exception):
    """No way to make turns alike."""


class Trial:
    """What is tried: it ends without a trace unless it ``holds``."""

    def __init__(self) -> None:
        self.held = False

    def holds(self) -> None:
        """Keep what came of it."""
        self.held = True


class Moving:
    """Leads from an operation to the same of the next turn, or of the one before; where there is none, makes it.

    An operand that turns choose has a stand-in, ``real`` says what it is now. ``places`` are those of operations that
    take it where they take that now.
    """

    def __init__(self, nodes: Sequence[Node], pairs: Pairs) -> None:
        pairs = pair_more(pairs)
        self.known = {_write_key(x, x.inputs): x for x in nodes if x.op is not None}
        self.left = MOST * len(nodes)
        self.there: dict[int, Pairs] = {1: pairs, -1: {y: x for x, y in pairs.items()}}
        self.fixed: dict[int, set[Node]] = {1: set(), -1: set()}
        self.made: set[Node] = set()
        self.real: dict[Node, Node] = {}
        self.places: dict[tuple[Node, int], Node] = {}
        self.journal: list[tuple[dict[Any, Any], Any]] = []
        self.steps: dict[Hashable, tuple[int, ...]] = {}
        for x, y in pairs.items():
            if is_read(x) and is_read(y) and x.inputs[0] is y.inputs[0]:
                (parts, a), (others, b) = part_key(x.op.key), part_key(y.op.key)  # type: ignore[union-attr]
                if parts == others and a != b:
                    self.steps.setdefault((x.inputs[0], parts), tuple(q - p for p, q in zip(a, b, strict=True)))

    @contextmanager
    def trying(self) -> Iterator[Trial]:
        """Try something, of which nothing is left if it gets lost."""
        trial = Trial()
        self.journal = []
        with suppress(Lost):
            yield trial
        if not trial.held:
            for found, key in self.journal:
                found.pop(key, None)

    def note(self, found: dict[Any, Any], key: Any, value: Any) -> None:
        """Note something that is not known yet."""
        if key not in found:
            found[key] = value
            self.journal.append((found, key))

    def leads(self, x: Any, y: Any, sign: int) -> bool:
        """Say whether an operand is another one in the next turn."""
        return x is y or (type(x) is Node and self.there[sign].get(x) is y)

    def stand_for(self, operands: Sequence[Node], sign: int) -> list[Node]:
        """Give stand-ins for operands, which lead from one to the next."""
        standing = [Node(shape=x.shape, dtype=x.dtype, table=x.table) for x in operands]
        for i, (s, x) in enumerate(zip(standing, operands, strict=True)):
            self.note(self.real, s, x)
            if i:
                self.note(self.there[sign], standing[i - 1], s)
                self.note(self.there[-sign], s, standing[i - 1])
        return standing

    def spread(
        self, operands: Sequence[Any], standing: Sequence[Node], start: int, end: int, sign: int
    ) -> tuple[list[Any], bool]:
        """Give what operands of some turns are in those that follow; and whether some of these lack it."""
        way, lacks = list(operands), False
        for i in range(end, len(operands)):
            way[i] = self.find(way[i - 1], sign)
            if way[i] in self.made:
                lacks = True
                old = self.there[sign].pop(way[i - 1], None)
                self.there[sign][way[i - 1]] = standing[i]
                if old is None:
                    self.journal.append((self.there[sign], way[i - 1]))
        return way, lacks

    def find(self, x: Any, sign: int) -> Any:
        """Give what is in the next turn, by a ``sign`` of 1, what an operand is in its own."""
        there, fixed = self.there[sign], self.fixed[sign]
        stack = [x] if type(x) is Node else []
        while stack:
            node = stack[-1]
            if node in there or node in fixed:
                stack.pop()
                continue
            before = self.there[-sign].get(node)
            like = before.inputs if before is not None and len(before.inputs) == len(node.inputs) else ()
            kept = [bool(like) and p is like[i] for i, p in enumerate(node.inputs)]
            missing = [p for p, same in zip(node.inputs, kept, strict=True)
                       if type(p) is Node and not same and p not in there and p not in fixed]  # fmt: skip
            if missing:
                stack += missing
                continue
            stack.pop()
            inputs = [there.get(p, p) if type(p) is Node and not same else p
                      for p, same in zip(node.inputs, kept, strict=True)]  # fmt: skip
            self.move(node, tuple(inputs), sign)
        return there.get(x, x) if type(x) is Node else x

    def move(self, node: Node, inputs: tuple[Any, ...], sign: int) -> None:
        """Note what an operation is in the next turn, of operands that are found already."""
        moved: Node | None = node
        if all(p is q for p, q in zip(inputs, node.inputs, strict=True)):
            moved = self.move_index(node, sign)
        if moved is None:
            self.fixed[sign].add(node)
            return
        new = self.look_up(moved, inputs)
        self.note(self.there[sign], node, new)
        self.note(self.there[-sign], new, node)

    def look_up(self, node: Node, inputs: tuple[Any, ...]) -> Node:
        """Give an operation on others; what stands in takes the place of what it is now, where that is there."""
        key = _write_key(node, inputs)
        found = self.known.get(key)
        if found is None:
            real = tuple([self.real.get(p, p) if type(p) is Node else p for p in inputs])
            found = self.known.get(_write_key(node, real))
            for i, (p, q) in enumerate(zip(inputs, real, strict=True)):
                if found is not None and p is not q:
                    self.note(self.places, (found, i), p)
        if found is None:
            self.left -= 1
            if self.left < 0 or not never_fails(node):
                raise Lost
            found = Node(node.op, inputs, shape=node.shape, dtype=node.dtype, table=node.table)
            self.note(self.known, key, found)
            self.made.add(found)
        return found

    def move_index(self, node: Node, sign: int) -> Node | None:
        """Give the part of an array that another turn reads; None if the turns read none, or it lies beyond its end."""
        if node.op is None or not is_read(node):
            return None
        parts, numbers = part_key(node.op.key)  # type: ignore[attr-defined]
        step = self.steps.get((node.inputs[0], parts))
        if step is None:
            return None
        moved = tuple(n + sign * s for n, s in zip(numbers, step, strict=True))
        if any((n < 0) != (m < 0) for n, m in zip(numbers, moved, strict=True)):
            return None
        op = Index(EvenKey(parts, moved, moved).fill(moved))
        try:
            fits = op.shape(node.inputs[0].shape) == node.shape
        except IndexError:
            return None
        return Node(op, node.inputs, shape=node.shape, dtype=node.dtype, table=node.table) if fits else None


def never_fails(node: Node) -> bool:
    """Say whether an operation is no error whatever its operands are: it is made for turns that do not choose it.

    There a matrix may have no inverse, and an index that is computed name no element.
    """
    op = node.op
    if node.weak or any(x.dtype.kind not in "fcb" for x in (node, *node.inputs) if isinstance(x, Node)):
        return False
    return is_basic(op.key) if isinstance(op, Index | Scatter | AddAt) else isinstance(op, SAFE)


def pair_more(pairs: Pairs) -> Pairs:
    """Pair operands of pairs, too, that are alike and of which another operand is the same, or a pair."""
    pairs = dict(pairs)
    back = {y: x for x, y in pairs.items()}
    rows = list_rows(pairs, back)
    while rows:
        found: list[Node] = []
        for row in rows:
            for place in range(len(row[0].inputs)):
                operands = [x.inputs[place] for x in row]
                turns = Counter(map(id, operands))  # what several turns take is no operation of one of them
                for p, q in pairwise(operands):
                    if _may_pair(p, q, pairs, back) and turns[id(p)] == turns[id(q)] == 1:
                        pairs[p], back[q] = q, p
                        found.append(p)
        rows = list_rows(pairs, back, found)
    return pairs


def _may_pair(p: Any, q: Any, pairs: Pairs, back: Pairs) -> bool:
    if type(p) is not Node or type(q) is not Node or p is q or p.op is None or q.op is None:
        return False
    if p in pairs or q in back or describe(p) != describe(q):
        return False
    others = [(a, b) for a, b in zip(p.inputs, q.inputs, strict=True) if type(a) is Node]
    return len(others) == 1 or any(a is b or pairs.get(a) is b for a, b in others)


def list_rows(pairs: Pairs, back: Pairs, of: Sequence[Node] | None = None) -> list[list[Node]]:
    """Give the operations that lead from one to the next; if ``of`` some, those rows that these are in."""
    rows, seen = [], set[Node]()
    for x in pairs if of is None else of:
        if x in seen:
            continue
        first = x
        while first in back and back[first] is not x:
            first = back[first]
        row = [first]
        while row[-1] in pairs and pairs[row[-1]] is not first:
            row.append(pairs[row[-1]])
        seen.update(row)
        rows.append(row)
    return rows


def _write_key(node: Node, inputs: Sequence[Any]) -> Hashable:
    return node.op, *[id(x) if type(x) is Node else number_key(x) for x in inputs]
