"""Sums of many terms that differ in an index alone, written once: Σᵢⱼ x[:, i:i+4, j:j+4] ⊙ k[i, j]."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import Any, TypeGuard

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add
from minigrad.ops.base import Op
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.indexing import Index, is_basic
from minigrad.ops.reduction import Sum

_FEWEST, _LARGEST = 4, 200  # terms that are worth it, and Nodes of one term that are looked at
_LETTERS = "ijlm"


@dataclass(frozen=True)
class Running:
    """A place that moves from term to term, i, 2i or i+4."""

    letter: str
    step: int
    offset: int

    def __str__(self) -> str:
        many = f"{abs(self.step) if abs(self.step) != 1 else ''}{self.letter}"
        if self.step < 0:
            return f"{self.offset or ''}−{many}".replace("-", "−")
        moved = f"{self.offset:+d}".replace("-", "−") if self.offset else ""
        return f"{many}{moved}"


class RunningSum(Op):
    """Σ of what its operand is at each place of some indices; there to be written."""

    name, binds = "sum", Sum.binds

    def __init__(self, letters: str) -> None:
        self.text = f"Σ{to_subscript(letters)} {{x}}"


def fold_sums(expression: Any, names: Container[Node], expand: Node | None = None) -> Any:
    """Put a ``RunningSum`` in the place of terms that are alike but for whole numbers in their indices.

    These run over a grid: each distinct sequence of them, from its least and by its step, is an index. A Node in
    ``names`` is a symbol, unless it is the one to ``expand``.
    """
    parts: dict[Node, Sequence[Any]] = {}  # each Node, after what it is written from: its operands, or a sum's terms
    stack = [(expression, False)]
    while stack:
        node, ready = stack.pop()
        if not isinstance(node, Node) or node in parts:
            continue
        if ready:
            parts[node] = _terms(node, names)
        elif node.op is None or (node in names and node is not expand):
            parts[node] = ()
        else:
            stack.append((node, True))
            stack += [(x, False) for x in _terms(node, names)]
    if not any(len(terms) >= _FEWEST for node, terms in parts.items() if node.op == add):
        return expression
    alike = _Alike(parts)
    becomes: dict[Node, Any] = {}
    for node, own in parts.items():
        new = [becomes.get(x, x) if isinstance(x, Node) else x for x in own]
        if node.op == add and own:
            folded = alike.folded(own, new)
            becomes[node] = node if all(x is y for x, y in zip(folded, own, strict=False)) else _added(folded, node)
        else:
            same = all(x is y for x, y in zip(new, own, strict=True))
            becomes[node] = node if same else Node(node.op, tuple(new), shape=node.shape, dtype=node.dtype)
    return becomes.get(expression, expression) if isinstance(expression, Node) else expression


def run_index(expression: Any, other: Any, letter: str, t: int) -> Any:
    """Give an expression that takes X[3] at ``t``, where ``other`` takes X[2] at t − 1, for all t: X[t−1]."""
    if not (isinstance(expression, Node) and isinstance(other, Node) and _indexes(expression.op)):
        return expression
    here, before = _ints(expression.op.key), _ints(getattr(other.op, "key", ()))
    if here == before or len(here) != len(before):
        return expression
    steps = [a - b for a, b in zip(here, before, strict=True)]
    places = [Running(letter, step, n - step * t) if step else n for n, step in zip(here, steps, strict=True)]
    op = _at(expression.op, iter(places))
    return Node(op, expression.inputs, shape=expression.shape, dtype=expression.dtype)


def _terms(node: Node, names: Container[Node]) -> list[Any]:
    """Give the terms of a sum, of sums in it too; of another operation the operands."""
    found: list[Any] = []
    stack = list(node.inputs)[::-1]
    while stack:
        x = stack.pop()
        if node.op == add and isinstance(x, Node) and x.op == add and x not in names:
            stack += x.inputs[::-1]
        else:
            found.append(x)
    return found


def _added(terms: Sequence[Any], like: Node) -> Any:
    total = terms[0]
    for x in terms[1:]:
        total = Node(add, (total, x), shape=like.shape, dtype=like.dtype)
    return total


class _Alike:
    """Which of some Nodes are equal but for whole numbers in their indices."""

    def __init__(self, parts: dict[Node, Sequence[Any]]) -> None:
        self.parts = parts
        kinds: dict[Any, int] = {}
        self.kind: dict[Node, int] = {}
        for node, own in parts.items():
            op = (type(node.op), _pattern(node.op.key)) if _indexes(node.op) else node.op
            inside = tuple(self.kind[x] if isinstance(x, Node) else ("number", x) for x in own)
            self.kind[node] = kinds.setdefault((op, *inside) if own else node, len(kinds))

    def folded(self, terms: Sequence[Any], written: Sequence[Any]) -> list[Any]:
        """Give the terms as they are ``written``, with one for all that are alike."""
        groups: dict[Any, list[int]] = {}
        for i, x in enumerate(terms):
            groups.setdefault(self.kind[x] if isinstance(x, Node) else None, []).append(i)
        result: dict[int, Any] = dict(enumerate(written))
        for kind, group in groups.items():
            sum_of_all = self._sum([terms[i] for i in group]) if kind is not None and len(group) >= _FEWEST else None
            if sum_of_all is not None:
                result = {i: sum_of_all if i == group[0] else x for i, x in result.items() if i not in group[1:]}
        return list(result.values())

    def _sum(self, terms: Sequence[Node]) -> Node | None:
        """Write terms of one kind as a sum over indices, if their numbers run over a grid."""
        rows = [self._numbers(x) for x in terms]
        if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
            return None
        columns: list[Running | int] = []
        letters: dict[tuple[int, ...], str] = {}
        for column in zip(*rows, strict=True):
            least, step = min(column), gcd(*(n - min(column) for n in column))
            places = tuple((n - least) // step for n in column) if step else ()
            letter = letters.setdefault(places, _LETTERS[len(letters) % len(_LETTERS)]) if step else ""
            columns.append(Running(letter, step, least) if step else least)
        runs = list(letters)
        grid = set(product(*(range(max(places) + 1) for places in runs)))
        if not 0 < len(runs) <= len(_LETTERS) or prod(max(places) + 1 for places in runs) != len(terms):
            return None
        if set(zip(*runs, strict=True)) != grid:
            return None
        inside = self._with(terms[0], iter(columns))
        return Node(RunningSum("".join(letters.values())), (inside,), shape=terms[0].shape, dtype=terms[0].dtype)

    def _walk(self, term: Node) -> list[Node]:
        """Give the Nodes of a term, the outermost first, each as often as it is written; nothing of a large one."""
        found: list[Node] = []
        stack = [term]
        while stack and len(found) <= _LARGEST:
            node = stack.pop()
            found.append(node)
            stack += [x for x in self.parts[node] if isinstance(x, Node)][::-1]
        return [] if stack else found

    def _numbers(self, term: Node) -> list[int]:
        return [n for node in self._walk(term) if _indexes(node.op) and self.parts[node] for n in _ints(node.op.key)]

    def _with(self, term: Node, places: Any) -> Node:
        """Give a term with other places in its indices, in the order of the walk."""
        walk = self._walk(term)
        ops = [_at(x.op, places) if _indexes(x.op) and self.parts[x] else x.op for x in walk]
        made: list[Node] = []  # in reverse, so that the operands of each, which stand behind it, are the last made
        for node, op in zip(walk[::-1], ops[::-1], strict=True):
            own = self.parts[node]
            inputs = tuple(made.pop() if isinstance(x, Node) else x for x in own)
            made.append(Node(op, inputs, shape=node.shape, dtype=node.dtype) if own else node)
        return made[0]


def _indexes(op: Any) -> TypeGuard[Index]:
    return isinstance(op, Index) and is_basic(op.key)


def _pattern(key: Any) -> Any:
    """Give an index without its numbers."""
    if isinstance(key, tuple):
        return tuple(map(_pattern, key))
    if isinstance(key, slice):
        return ("slice", *(end if end is None else "#" for end in (key.start, key.stop)), key.step)
    return "#" if isinstance(key, int) and not isinstance(key, bool) else repr(key)


def _ints(key: Any) -> list[int]:
    """Give the numbers of an index, those of its slices among them."""
    if isinstance(key, tuple):
        return [n for part in key for n in _ints(part)]
    ends = (key.start, key.stop) if isinstance(key, slice) else (key,)
    return [n for n in ends if isinstance(n, int) and not isinstance(n, bool)]


def _at(op: Any, places: Any) -> Op:
    """Give an indexing operation with the next places in its index, to be written."""

    def moved(key: Any) -> Any:
        if isinstance(key, tuple):
            return tuple(map(moved, key))
        if isinstance(key, slice):
            start, stop = (end if end is None else next(places) for end in (key.start, key.stop))
            return slice(start, stop, key.step)
        return next(places) if isinstance(key, int) and not isinstance(key, bool) else key

    return type(op)(moved(op.key), *(getattr(op, field) for field in op.fields if field != "key"))
