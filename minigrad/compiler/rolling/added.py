"""What all turns of a loop add to one array, each at an index that goes on evenly, is added at once: ∂E/∂X of X[t]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.rolling.keys import EvenKey, part_key, split_windows
from minigrad.compiler.rolling.stacking import find_place
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.arithmetic import add
from minigrad.ops.indexing import Index, Scatter, gives_view
from minigrad.ops.shaping import Transpose

LEAST = 8  # turns that are worth it


class Term(NamedTuple):
    """What is added at an index: element ``i`` of ``whole``, or ``x``, which is none."""

    key: Any
    x: Node
    whole: Node | None
    i: int


def merge_added(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, up to rounding, in which what many elements of one array are added to is added to once."""
    nodes = order_nodes(outputs)
    if sum(isinstance(x.op, AddAt | Scatter) for x in nodes) < LEAST:
        return list(outputs)
    users = count_uses(nodes, outputs)
    inner = {x for node in nodes if _is_sum(node) for x in node.inputs if _is_part(x, node, users)}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = _merge(node, users, becomes) if _is_sum(node) and node not in inner else None
        new = new if new is not None else rebuild_node(node, becomes)
        if new is not node:
            becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _is_sum(x: Node) -> bool:
    return isinstance(x.op, AddAt) or (x.op == add and bool(x.shape))


def _is_part(x: Any, root: Node, users: Counter[Node]) -> bool:
    """Say whether an operand is a sum for another's sake alone."""
    return isinstance(x, Node) and _is_sum(x) and users[x] == 1 and (x.shape, x.dtype) == (root.shape, root.dtype)


def _merge(root: Node, users: Counter[Node], becomes: dict[Node, Any]) -> Any:
    """Give a sum with fewer terms; None if there are none to merge."""
    terms: list[Term] = []
    rest: list[Any] = []
    stack: list[Any] = [root]
    while stack:
        x = stack.pop()
        if x is root or _is_part(x, root, users):
            if isinstance(x.op, AddAt):
                terms.append(_read_term(x.op.key, x.inputs[1], becomes))
                stack.append(x.inputs[0])
            else:
                stack += x.inputs
        elif _is_scattered(x, root, users):
            terms.append(_read_term(x.op.key, x.inputs[0], becomes))
        else:
            rest.append(becomes.get(x, x) if isinstance(x, Node) else x)
    merged = list(_merge_terms(terms, root.shape))
    if len(merged) == len(terms):
        return None
    total: Any = None
    for x in reversed(rest):
        total = x if total is None else add(total, x)
    for key, x in merged:
        within = total is not None and x.shape and gives_view(key)
        put = AddAt(key)(total, x) if within else Scatter(key, root.shape)(x)
        total = put if within or total is None else add(total, put)
    return total


def _is_scattered(x: Any, root: Node, users: Counter[Node]) -> bool:
    alike = isinstance(x, Node) and isinstance(x.op, Scatter) and (x.shape, x.dtype) == (root.shape, root.dtype)
    return alike and users[x] == 1 and gives_view(x.op.key)


def _read_term(key: Any, x: Node, becomes: dict[Node, Any]) -> Term:
    """See whether what is added is an element of an array."""
    x = becomes.get(x, x)
    place = x.op.key if type(x.op) is Index else None
    place = place[0] if isinstance(place, tuple) and len(place) == 1 else place
    return Term(key, x, x.inputs[0], place) if type(place) is int and place >= 0 else Term(key, x, None, 0)


def _merge_terms(terms: Sequence[Term], shape: tuple[int, ...]) -> Iterator[tuple[Any, Node]]:
    """Give what is to be added, and at which index, in the order of the terms."""
    groups: dict[Any, list[Term]] = {}
    for n, term in enumerate(terms):
        name = n if term.whole is None else (term.whole, part_key(term.key)[0])
        groups.setdefault(name, []).append(term)
    for group in groups.values():
        alone: list[Term] = []
        for run in _find_runs(group):
            made = _add_at_once(run, shape) if len(run) >= LEAST else None
            yield from made if made is not None else ()
            alone += [] if made is not None else run
        picked = _add_in_any_order(alone) if len(alone) >= LEAST and alone[0].whole is not None else None
        yield from ((term.key, term.x) for term in alone) if picked is None else [picked]


def _add_in_any_order(terms: Sequence[Term]) -> tuple[Any, Node] | None:
    """Give an index with arrays in the place of whole numbers, and what goes there; None where a slice parts these."""
    whole, key = terms[0].whole, terms[0].key if isinstance(terms[0].key, tuple) else (terms[0].key,)
    (fixed, first), numbers = part_key(terms[0].key), [part_key(term.key)[1] for term in terms]
    places = [i for i, part in enumerate(fixed) if part is None]
    if len(places) < len(first) or not places or min(map(min, numbers)) < 0:  # a slice that moves
        return None
    found = find_place(EvenKey(fixed, first, first), 0)
    if found is None or (places != [*range(len(places))] and len(places) > 1):
        return None
    order = [term.i for term in terms]
    even = order == [*range(order[0], order[0] + len(order))]
    x = Index((slice(order[0], order[-1] + 1) if even else np.array(order),))(whole)
    arrays = dict(zip(places, np.array(numbers).T, strict=True))
    behind = found[1]
    x = Transpose((*range(1, behind + 1), 0, *range(behind + 1, x.ndim)))(x) if behind else x
    return tuple(arrays.get(i, part) for i, part in enumerate(key)), x


def _find_runs(group: list[Term]) -> Iterator[list[Term]]:
    """Part terms into those whose elements and whose indices go on evenly."""
    group = sorted(group, key=lambda term: term.i)
    numbers = [(term.i, *part_key(term.key)[1]) for term in group]
    start = 0
    while start < len(group):
        end, step = start + 1, None
        while end < len(group):
            new = tuple(b - a for a, b in zip(numbers[end - 1], numbers[end], strict=True))
            if new[0] == 0 or (step is not None and new != step):
                break
            end, step = end + 1, new
        yield group[start:end]
        start = end


def _add_at_once(run: list[Term], shape: tuple[int, ...]) -> list[tuple[Any, Node]] | None:
    """Give indices with a slice in the place of a number, and what goes there; None where none of these is one."""
    parts, first = part_key(run[0].key)
    step = tuple(b - a for a, b in zip(first, part_key(run[1].key)[1], strict=True))
    key = EvenKey(parts, first, step)
    last = [n + s * (len(run) - 1) for n, s in zip(first, step, strict=True)]
    if any((a < 0) != (b < 0) for a, b in zip(first, last, strict=True)):
        return None
    whole, ahead = run[0].whole, run[1].i - run[0].i
    assert whole is not None
    stack = Index((slice(run[0].i, run[-1].i + 1, ahead),))(whole)
    made: list[tuple[Any, Node]] = []
    for even, place in split_windows(key):
        found = find_place(even, moving[0]) if len(moving := _find_moving(even)) == 1 else None
        if found is None:
            return None
        axis, behind = found
        seen = stack if place is None else Index((slice(None),) * (behind + 1) + (place,))(stack)
        start, ahead = even.first[moving[0]] % shape[axis], even.step[moving[0]]
        stop = start + ahead * len(run)
        numbers: list[Any] = list(even.first)
        numbers[moving[0]] = slice(start, stop if stop >= 0 else None, ahead)
        order = (*range(1, behind + 1), 0, *range(behind + 1, seen.ndim))
        made.append((even.fill(numbers), Transpose(order)(seen) if behind else seen))
    return made or None


def _find_moving(key: EvenKey) -> list[int]:
    return [i for i, step in enumerate(key.step) if step]
