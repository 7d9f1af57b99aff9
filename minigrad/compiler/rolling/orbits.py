"""Which operations are the same one, turn after turn: found by following the operands of two that are one turn apart.

If b is in its turn what a was in the turn before, each operand of b is either that of a, or is in its turn what that
was. So one such pair leads to all others that it is computed from, and the pairs hang together as rows. The first pair
of a row is guessed: b is an operation, and a the nearest one on the way to its inputs that looks the same. A wrong
guess leads nowhere within a turn; a right one through all turns at once. It is linear in the number of operations.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from minigrad.compiler.rolling.own import describe, is_foldable
from minigrad.compiler.rolling.periods import find_turns
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add
from minigrad.ops.base import number_key

ROUNDS = 3  # how many operations deep two have to look the same for one to be guessed as the other in its turn
NEAR = 400  # operations among which the one of the turn before is looked for
TRIES = 8  # guesses for one operation
ENDS = 4  # terms of a sum that are compared on each side of where it may go on with others
NEARLY = 0.8  # of the furthest reach, with which the nearest guess is taken: two turns at once reach as far
MISFIT = 8  # pairs that weigh as much as operands that are none: three layers a turn, of which one has no factor
FAILURES = 3  # operations of one look for which none was right, after which no more of them are asked


def find_orbits(nodes: Sequence[Node], least: int) -> list[list[Node]]:
    """Give the rows of at least so many operations that are the same turn after turn; ``nodes`` come in order.

    In some rows the turns go up, in others down: from an operation to those that are computed from it.
    """
    return _Orbits(nodes, least).find()


def find_pairs(nodes: Sequence[Node], least: int) -> dict[Node, Node]:
    """Give what leads from each to the next, in short rows too, however unlike turns are otherwise."""
    orbits = _Orbits(nodes, least, misfit=0)
    orbits.guess_all()
    orbits.climb()
    return orbits.after


def find_ordered_orbits(nodes: Sequence[Node], least: int, outer: bool) -> list[list[Node]]:
    """Give such rows by where operations come, in order, if any; of ``outer`` turns, that hold loops of their own."""
    return orbits.find() if (orbits := _Orbits(nodes, least)).guess_turns(outer) else []


class _Orbits:
    """The search: ``after`` leads from an operation to the same one of the next turn, ``before`` back."""

    def __init__(self, nodes: Sequence[Node], least: int, misfit: int = MISFIT) -> None:
        self.nodes, self.least, self.misfit = nodes, least, misfit
        self.place = {x: i for i, x in enumerate(nodes)}
        numbers: dict[Hashable, int] = {}
        self.kind = {x: numbers.setdefault(describe(x), len(numbers)) for x in nodes if is_foldable(x)}
        self.look = self._look()
        sums = ((self.find_sum(x), x) for x in self.kind if x.op == add)
        self.further = {x: y for x, y in sums if x is not None}  # a sum -> the one that adds to it
        self.misfits = 0  # operands of a pair, as the last ones were followed, that are none
        self.after: dict[Node, Node] = {}
        self.before: dict[Node, Node] = {}

    def _look(self, exactly: bool = True) -> dict[Node, int]:
        """Number what operations look like to some depth, down to which inputs they are computed from.

        Which numbers and inputs these are may not count, but only of what kind: each turn may have its own.
        """
        leaf: Any = (lambda x: id(x) if type(x) is Node else x) if exactly else _describe_leaf
        look: dict[Node, int] = dict(self.kind)
        for _ in range(ROUNDS):
            numbers: dict[Hashable, int] = {}
            deeper = {}
            for node in self.kind:
                operands = tuple([look[x] if type(x) is Node and x in look else leaf(x) for x in node.inputs])
                deeper[node] = numbers.setdefault((look[node], operands), len(numbers))
            look = deeper
        return look

    def find(self) -> list[list[Node]]:
        """Find rows that are long enough."""
        self.guess_all()
        self.forget_short()
        self.climb()
        self.extend()
        return [row for x in self.after if x not in self.before and len(row := list(self.row(x))) >= self.least]

    def guess_all(self) -> None:
        """Guess pairs, of operations on the same numbers first."""
        self.guess()
        self.look = self._look(exactly=False)
        self.guess()

    def forget_short(self) -> None:
        """Forget rows of too few turns, which a pair beyond the end of others leads to: these may be of longer ones."""
        for x in [x for x in self.after if x not in self.before]:
            row = list(self.row(x))
            if len(row) < self.least:
                self.undo(row[:-1])

    def guess_turns(self, outer: bool) -> bool:
        """Guess pairs of operations a turn apart, and what is computed from them; say if there are any."""
        looks = [self.look.get(x) for x in self.nodes]
        for i, j in find_turns([self.kind.get(x, -1) for x in self.nodes], looks, self.least, outer):
            later, earlier = self.nodes[i], self.nodes[j]
            both = (earlier, later), (later, earlier)
            pairs = [(a, b) for a, b in both if a not in self.after and b not in self.before]
            reach = [self.measure(*pair) for pair in pairs]
            if any(reach):
                self.follow(*pairs[reach.index(max(reach))])
        if self.after:
            self.climb()
        return bool(self.after)

    def climb(self) -> None:
        """Pair what is computed from pairs, as what all turns add to a sum, in which each looks like the one before."""
        users: dict[Node, list[Node]] = {}
        for node in self.kind:
            for x in node.inputs:
                if type(x) is Node:
                    users.setdefault(x, []).append(node)
        for node in self.nodes:
            if node in self.kind and node not in self.before:
                below = (self.before.get(x) for x in node.inputs if type(x) is Node)
                above = (y for x in below if x is not None for y in users.get(x, ()))
                y = next((y for y in above if y is not node and y not in self.after and self.may_pair(y, node)), None)
                if y is not None:
                    self.after[y], self.before[node] = node, y

    def may_pair(self, a: Node, b: Node) -> bool:
        """Say whether two operations are alike, and their operands the same, pairs, or both none."""
        return self.kind[a] == self.kind[b] and all(
            p is q
            or (type(p) is not Node and type(q) is not Node)
            or self.before.get(q) is p
            or (p not in self.after and q not in self.before and self.kind.get(p) == self.kind.get(q))
            for p, q in zip(a.inputs, b.inputs, strict=True)
        )

    def guess(self) -> None:
        """Guess pairs from the outputs on down."""
        count = Counter(self.look.values())
        failures = Counter[int]()
        for node in reversed(self.nodes):
            look = self.look.get(node)
            if look is None or count[look] < self.least or node in self.before or node in self.after:
                continue
            if failures[look] < FAILURES and not self.link(node):
                failures[look] += 1

    def earlier(self, node: Node) -> Iterator[Node]:
        """Give those on the way to a Node's inputs that look the same, the nearest first."""
        seen: set[Node] = set()
        waiting: deque[Any] = deque(node.inputs)
        found = 0
        while waiting and len(seen) < NEAR and found < TRIES:
            x = waiting.popleft()
            if type(x) is not Node or x in seen or x not in self.kind:
                continue
            seen.add(x)
            if self.look[x] == self.look[node]:
                found += 1
                yield x
            waiting.extend(x.inputs)

    def extend(self) -> None:
        """Pair operations at the ends of rows with those of further turns: the first term of a sum has no sum yet."""
        known = {_write_key(x, x.inputs): x for x in self.kind}
        for there, back, nodes in ((self.before, self.after, self.nodes), (self.after, self.before, self.nodes)):
            for node in nodes:
                x: Node | None = node if node in back and node not in there else None
                while x is not None:
                    inputs = tuple([there.get(p, p) if type(p) is Node else p for p in x.inputs])
                    moved = any(p is not q for p, q in zip(inputs, x.inputs, strict=True))
                    y = known.get(_write_key(x, inputs)) if moved else None
                    free = y is not None and y not in back and y not in there and self.kind[y] == self.kind[x]
                    if y is not None and free:
                        there[x], back[y] = y, x
                    x = y if free else None

    def link(self, node: Node) -> bool:
        """Pair a Node with the one of an earlier turn that leads furthest, if any leads through enough turns.

        Of four stages of a turn that sum up alike, each leads to the next, but only the whole turn to all there is.
        """
        most = 0
        pairs: list[tuple[Node, Node]] = []
        reach: list[int] = []
        chosen = -1
        for pair in (pair for x in self.earlier(node) for pair in ((x, node), (node, x))):
            most = most or self.count_behind(node)
            pairs.append(pair)
            reach.append(self.measure(*pair))
            if furthest := max(reach):
                chosen = next(i for i, n in enumerate(reach) if n >= NEARLY * furthest)
                if reach[chosen] >= NEARLY * most:  # whatever the others reach, this one is taken
                    break
        if chosen >= 0:
            self.follow(*pairs[chosen])
        return chosen >= 0

    def count_behind(self, node: Node) -> int:
        """Count the operations that a Node is computed from, and itself: no pair with it leads to more pairs."""
        seen: set[Node] = set()
        stack = [node]
        while stack:
            x = stack.pop()
            if x not in seen and x in self.kind and not (x in self.after and x in self.before):
                seen.add(x)
                stack += [y for y in x.inputs if type(y) is Node and y not in seen]
        return len(seen)

    def measure(self, a: Node, b: Node) -> int:
        """Count the pairs that one leads to, less what their operands are no pairs; none if these are too few turns."""
        made = self.follow(a, b)
        enough = made and self.count_around(a) >= self.least
        self.undo(made)
        return max(1, len(made) - self.misfit * self.misfits) if enough else 0

    def undo(self, made: Sequence[Node]) -> None:
        """Forget pairs."""
        for x in made:
            del self.before[self.after.pop(x)]

    def follow(self, a: Node, b: Node) -> list[Node]:
        """Pair two operations, and what they are computed from; give the first of each new pair, none if they clash."""
        made: list[Node] = []
        self.misfits = 0
        stack = [(a, b)]
        while stack:
            x, y = stack.pop()
            if self.after.get(x) is y:
                continue
            if x in self.after or y in self.before or self.after.get(y) is x:
                if made and self.after.get(y) is not x:
                    continue
                self.undo(made)
                return []
            self.after[x], self.before[y] = y, x
            made.append(x)
            for p, q in zip(x.inputs, y.inputs, strict=True):
                if p is not q and type(p) is Node and type(q) is Node and not self.ends_sum(x, y, p, q):
                    kind = self.kind.get(p)
                    if kind is not None and kind == self.kind.get(q):
                        stack.append((p, q))
                    elif p.op is not None or q.op is not None:
                        self.misfits += 1
        return made

    def ends_sum(self, x: Node, y: Node, p: Any, q: Any) -> bool:
        """Say whether a sum, which p or q is of, goes on with terms of another kind there, another loop's for instance.

        One that stands alone is what a first or last turn adds.
        """
        if x.op != add or not self.kind.get(p) == self.kind.get(q) == self.kind[x]:
            return False
        later, earlier = (y, x) if self.place[x] < self.place[y] else (x, y)
        sides: list[list[Any]] = [[], []]
        steps: tuple[Callable[[Node], Node | None], ...] = (self.further.get, self.find_sum)
        for side, node, step in zip(sides, (later, earlier), steps, strict=True):
            z: Node | None = node
            while z is not None and len(side) < ENDS:
                side.append(self.look_of_terms(z))
                z = step(z)
        usual = [max(side, key=side.count) for side in sides]
        return usual[0] != usual[1] and all(side.count(x) >= ENDS - 1 for side, x in zip(sides, usual, strict=True))

    def find_sum(self, x: Node) -> Node | None:
        """Give the sum that an operation adds to."""
        return next((z for z in x.inputs if type(z) is Node and self.kind.get(z) == self.kind[x]), None)

    def look_of_terms(self, x: Node) -> list[int | None]:
        """Give what that looks like which is added to a sum."""
        return [self.look.get(p) for p in x.inputs if type(p) is Node and self.kind.get(p) != self.kind[x]]

    def count_around(self, x: Node) -> int:
        """Count the operations of a row, from one of them on, up to as many as are enough."""
        n = 1
        for step in (self.after, self.before):
            y = step.get(x)
            while y is not None and y is not x and n < self.least:
                n, y = n + 1, step.get(y)
        return n

    def row(self, x: Node | None) -> Iterator[Node]:
        """Give an operation and all that follow it."""
        while x is not None:
            yield x
            x = self.after.get(x)


def _write_key(node: Node, inputs: Sequence[Any]) -> Hashable:
    return node.op, *[id(x) if type(x) is Node else number_key(x) for x in inputs]


def _describe_leaf(x: Any) -> Hashable:
    return (x.shape, x.dtype, x.weak, x.op) if type(x) is Node else type(x)  # type: ignore[return-value]
