"""Index notation: an expression as what it is for each element, ``Σₙ yₙⱼ δₙₖ``, from the operations' axes alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import Along, Looked, Moved, NoIndexForm, Table
from minigrad.notation.index.axes import follow_axes, shows_axis
from minigrad.notation.index.build import OUTSIDE, TIES, add_over, build_element
from minigrad.notation.index.choices import find_cases, uniform_value
from minigrad.notation.index.conditions import Case, Condition, Labels, cases_term, decide_cases
from minigrad.notation.index.fourier import transform_term, transformed_axes, transformed_input
from minigrad.notation.index.position import (
    AxisIndex,
    Lookup,
    Position,
    Step,
    add_positions,
    label_of,
    letters_of,
    position_of,
)
from minigrad.notation.index.written import find_table_cases
from minigrad.notation.matrix import term_of_number
from minigrad.notation.term import Term, number_term
from minigrad.ops.arithmetic import add, divide, subtract
from minigrad.ops.common.alphabet import to_superscript
from minigrad.ops.fft import Fourier, RealFourier
from minigrad.ops.indexing import Scatter, ScatterAt
from minigrad.ops.linalg import matmul
from minigrad.ops.networks.normalization import Standardize
from minigrad.ops.networks.pooling import Collect, ShareOut
from minigrad.ops.reduction import LogSoftmax, Softmax, normalize_axis

Name = Callable[[Node, Labels], "Term | None"]  # a Node and its indices -> the symbol it has, if it has one
Bound = Callable[[Node | str | Table, int, frozenset[str]], AxisIndex]
"""A Node and its axis to sum over, or the letters and the size of what is no axis, and those in use -> its index.

Of a table, the letter that stands for it.
"""
_Key = tuple[int, Labels, frozenset[str]]


def index_term(expression: Any, labels: Labels, name: Name, bound: Bound) -> Term:
    """Give the Term of one element of an expression, that at ``labels``. Raises ``NoIndexForm``."""
    done: dict[_Key, Term] = {}
    start = (expression, labels, frozenset("".join(map(letters_of, labels))))
    stack = [start]
    while stack:  # operands first, without recursion
        node, at, used = stack[-1]
        key = (id(node), at, used)
        if key in done:
            stack.pop()
            continue
        simple = _simple(node, at, name)
        if simple is not None:
            done[key] = simple
            stack.pop()
            continue
        needed, build = _operands(node, at, used, name, bound)
        missing = [part for part in needed if (id(part[0]), part[1], part[2]) not in done]
        if missing:
            stack.extend(missing)
        else:
            done[key] = build([done[id(x), its, scope] for x, its, scope in needed])
            stack.pop()
    return done[id(expression), start[1], start[2]]


def _simple(node: Any, at: Labels, name: Name) -> Term | None:
    """Give a number or a symbol; None for what has operands of its own."""
    if not isinstance(node, Node):
        return term_of_number(node)
    symbol = name(node, at)
    if symbol is not None:
        return symbol
    if node.op is None:
        number = uniform_value(node)
        if number is None:
            raise NoIndexForm(repr(node))
        return term_of_number(number)
    return None


_Needed = list[tuple[Any, Labels, frozenset[str]]]


def _operands(
    node: Node, at: Labels, used: frozenset[str], name: Name, bound: Bound
) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    """Say which elements of which operands a Node needs for its element, and how its Term is built from theirs."""
    cases = find_cases(node, at)
    if cases is None:
        cases = find_table_cases(node, at, lambda table: str(bound(table, 0, used)), name)
    if cases is not None:
        return _chosen(decide_cases(cases), used, name)
    op, follows = node.op, follow_axes(node)
    if op is not None and op.definition is not None and (follows is None or isinstance(op, Standardize)):
        return [(op.definition(*node.inputs), at, used)], lambda parts: parts[0]
    if op is None or follows is None:
        raise NoIndexForm(repr(node))
    if isinstance(op, Softmax):
        return _softmax(node, at, used, bound)
    if isinstance(op, Fourier | RealFourier):
        return _transform(node, at, used, bound)
    given: dict[Any, Any] = {i: position_of(x, n) for i, (x, n) in enumerate(zip(at, node.shape, strict=True))}
    scope, letters = used, ""
    for label in follows.bound:
        size, index = _summed(node, follows, label, scope, bound)
        given[label] = position_of(index, size)
        letters += letters_of(index)
        scope |= set(letters_of(index))
    needed: _Needed = []
    note = ""
    given |= {table: bound(table, 0, scope) for table in _tables(follows)}
    only = [_condition(_resolve(one, given), other, given) for one, other in follows.where]
    for x, labels in zip(node.inputs, follows.inputs, strict=True):
        if labels is None:
            continue
        places = [_resolve(label, given) for label in labels]
        for axis, n in enumerate(np.shape(x)):
            if not _leaves(labels[axis], places[axis], n):
                continue
            if shows_axis(x, axis, name):
                note = OUTSIDE
            else:
                only.append(f"0≤{places[axis]}<{n}" if n != 1 else f"{places[axis]}=0")
                places[axis] = places[axis].inside(n)
        own = (None if n == 1 else label_of(place, n) for place, n in zip(places, np.shape(x), strict=True))
        needed.append((x, tuple(own), scope))

    def build(parts: list[Term]) -> Term:
        if isinstance(op, Scatter | ScatterAt) and not letters:
            return _alone(parts[0], follows, given)
        term = build_element(op, _vector_first(node, parts), letters, ", ".join(only))
        notes = [*filter(None, [note, TIES if isinstance(op, ShareOut | Collect) else ""])]
        return replace(term, note="; ".join(notes)) if notes else term

    return needed, build


def _chosen(cases: list[Case], used: frozenset[str], name: Name) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    inside = all(
        condition.on_axis and any(shows_axis(case.node, axis, name) for axis in _axes_of(case, condition))
        for case in cases[:-1]
        for condition in case.conditions
    )
    return [(case.node, case.labels, used) for case in cases], lambda parts: cases_term(cases, parts, inside)


def _axes_of(case: Case, condition: Condition) -> list[int]:
    """Give the axes that move with the letters of a condition."""
    letters = set(condition.position.letters)
    return [axis for axis, label in enumerate(case.labels) if letters & set(letters_of(label))]


def _tables(follows: Along) -> list[Table]:
    """Give the tables in the labels."""
    stack = [label for labels in follows.inputs for label in labels or ()] + [one for one, _ in follows.where]
    found = []
    while stack:
        label = stack.pop(0)
        if isinstance(label, Looked):
            found.append(label.table)
            stack += label.labels
    return found


def _alone(x: Term, follows: Along, given: dict[Any, Any]) -> Term:
    """Write an element that comes to one place: {x if π(i) = j; 0 otherwise}."""
    pairs = [(_resolve(one, given), _resolve(other, given)) for one, other in follows.where]
    conditions = tuple(Condition(add_positions([a, b.times(-1)]), 0, 1) for a, b in pairs)
    cases = decide_cases([Case(conditions, None), Case((), 0.0)])
    values = {None: x, 0.0: number_term("0")}
    return cases_term(cases, [values[case.node] for case in cases], False)


def _resolve(label: Any, given: dict[Any, Any]) -> Position:
    """Give the position that an axis's label stands for."""
    if label is None:
        return Position()
    if isinstance(label, Looked):
        sizes = label.table.shape
        at = (label_of(_resolve(one, given), n) for one, n in zip(label.labels, sizes, strict=True))
        own = tuple(None if one is None else place for one, place in zip(label.labels, at, strict=True))
        undone = _undo(label.table, own)
        if undone is not None:
            return undone
        return Position((Step(1, Lookup(given[label.table], own, label.table), label.n),), 0, (0, label.n))
    if not isinstance(label, Moved):
        return given[label]
    parts = [(_resolve(other, given).divided(per), times) for times, other, per in label.parts]
    ends = [sorted((times * place.reach()[0], times * (place.reach()[1] - 1))) for place, times in parts]
    total = add_positions(place.times(times) for place, times in parts).moved(label.offset)
    low, high = total.reach()
    least, end = (label.offset + sum(end[i] for end in ends) + i for i in (0, 1))
    tighter = least > low or end < high
    return total._replace(within=(max(least, low), min(end, high))) if tighter else total


def _undo(table: Table, at: Labels) -> Position | None:
    """Give the place that a table has at what another has, if it undoes that one: the rank at a place of an order."""
    for axis, place in enumerate(at):
        if not isinstance(place, Position) or len(place.steps) != 1 or place.offset:
            continue
        (step,) = place.steps
        inner = step.letter
        if not isinstance(inner, Lookup) or (step.times, step.per) != (1, 1) or not table.undoes(inner.table):
            continue
        if (*inner.at[:axis], *inner.at[axis + 1 :]) == (*at[:axis], *at[axis + 1 :]):
            return position_of(inner.at[axis], table.shape[axis])
    return None


def _condition(place: Position, other: Any, given: dict[Any, Any]) -> str:
    """Write that a place equals another, or is in a range from 0 on."""
    if isinstance(other, range):
        return f"0≤{place}<{len(other)}"
    sides = (place, _resolve(other, given))
    return "=".join(map(str, sides if place.letters else sides[::-1]))


def _leaves(label: Any, place: Position, n: int) -> bool:
    """Say whether a place that an operation made may be outside of its axis."""
    if not isinstance(label, Moved) or label.inside:
        return False
    low, high = place.reach()
    return low < 0 or high > n


def _vector_first(node: Node, parts: list[Term]) -> list[Term]:
    """Put the factors of matrix times vector in a book's order: Σᵣ δᵣ wⱼᵣ."""
    turned = node.op == matmul and np.ndim(node.inputs[1]) == 1 < np.ndim(node.inputs[0])
    return parts[::-1] if turned else parts


def _summed(node: Node, follows: Along, label: str, used: frozenset[str], bound: Bound) -> tuple[int, AxisIndex]:
    """Give how many places a label is summed over, and its index, which one place has none of."""
    for other, size, letters in follows.free:
        if other == label:
            return size, None if size == 1 else bound(letters, size, used)
    pairs = [(x, labels) for x, labels in zip(node.inputs, follows.inputs, strict=True) if labels is not None]
    x, axis = next((x, labels.index(label)) for x, labels in pairs if label in labels)
    return x.shape[axis], None if x.shape[axis] == 1 else bound(x, axis, used)


def _softmax(
    node: Node, at: Labels, used: frozenset[str], bound: Bound
) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    """Write softmax by what it is: exp(uₖ) / Σᵣ exp(uᵣ), and its logarithm uₖ − log Σᵣ exp(uᵣ)."""
    op = node.op
    assert isinstance(op, Softmax)
    (axis,) = normalize_axis(op.axis, node.ndim)
    letter = None if node.shape[axis] == 1 else bound(node.inputs[0], axis, used)
    others = (*at[:axis], letter, *at[axis + 1 :])
    scope = used | set(letters_of(letter))
    needed: _Needed = [(node.inputs[0], at, used), (node.inputs[0], others, scope)]

    def build(parts: list[Term]) -> Term:
        one, other = (Term("exp({x})", {"x": part}, kind="exp") for part in parts)
        total = add_over(other, letters_of(letter))
        if isinstance(op, LogSoftmax):
            return Term(
                subtract.text, {"a": parts[0], "b": Term("log({x})", {"x": total}, kind="log")}, add.binds, "subtract"
            )
        return Term(divide.text, {"a": one, "b": total}, divide.binds, "divide")

    return needed, build


def _transform(
    node: Node, at: Labels, used: frozenset[str], bound: Bound
) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    """Write a Fourier transform by what it is, a sum over places with powers of a root of unity."""
    (x, weights), own, scope = transformed_input(node), list(at), used
    over: list[AxisIndex] = []
    for axis in transformed_axes(node):
        index = None if x.shape[axis] == 1 else bound(x, axis, scope)
        scope |= set(letters_of(index))
        over.append(index)
        own[axis] = index
    needed: _Needed = [(x, tuple(own), scope), *([] if weights is None else [(weights, (over[-1],), scope)])]
    return needed, lambda parts: transform_term(node, parts, at, over)


def with_layer(base: str, layer: str) -> str:
    """Give a name with the number of its layer: δ, "2" → δ⁽²⁾."""
    return base + ("⁽" + to_superscript(layer) + "⁾" if layer else "")
