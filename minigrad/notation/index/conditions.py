"""Elements by cases: where which of them comes from, conditions of indices, and how both are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from minigrad.notation.index.position import AxisIndex, Lookup, Position, position_of
from minigrad.notation.term import CASES, Term, add_terms, number_term, same_terms, symbol_term
from minigrad.ops.arithmetic import multiply, subtract

Labels = tuple[AxisIndex, ...]  # the index of each axis; None where an axis of length 1 has none


class Condition(NamedTuple):
    """``least`` ≤ position < ``end``, either of which may be None; with ``step``, position mod step = least."""

    position: Position
    least: int | None
    end: int | None
    step: int = 1
    on_axis: bool = False  # whether that is to say that the index of what is taken is one of its axis


class Case(NamedTuple):
    """What an element is where all of some conditions hold: that of a Node at some labels, or a number."""

    conditions: tuple[Condition, ...]
    node: Any
    labels: Labels = ()


def decide_cases(cases: Iterable[Case]) -> list[Case]:
    """Leave out what is known of where the letters run: conditions that always hold, cases that never come."""
    decided = []
    for case in cases:
        kept = [_shortened(condition) for condition in case.conditions]
        if any(condition is None for condition in kept):
            continue
        conditions = tuple(x for x in kept if x is not None and (x.least is not None or x.end is not None))
        decided.append(case._replace(conditions=conditions))
        if not conditions:
            break
    return decided


def _shortened(condition: Condition) -> Condition | None:
    """Drop the sides of a condition that always hold; give None for one that never does."""
    if condition.step > 1:
        return condition
    low, high = condition.position.reach()
    least = low if condition.least is None else max(condition.least, low)
    end = high if condition.end is None else min(condition.end, high)
    if end <= least:
        return None
    if end - least == 1 < high - low:
        return condition._replace(least=least, end=end)
    return condition._replace(least=None if least == low else least, end=None if end == high else end)


def cases_term(cases: list[Case], values: list[Term], inside: bool) -> Term:
    """Write an element by cases; one alone, which always holds, as it is.

    The kind is ``inside`` where the only question is whether an index that is seen is on its axis, else ``cases``.
    """
    if len(cases) == 1:
        return values[0]
    parts: dict[str, Term] = {}
    known: list[Term] = []
    for i, (case, value) in enumerate(zip(cases, values, strict=True)):
        for condition in known:
            value = _suppose(value, condition, "x1")
        if case.conditions:
            known.append(_both([condition_term(x) for x in case.conditions]))
            parts[f"c{i}"] = known[-1]
            value = _suppose(value, known[-1], "x0")
        parts[f"x{i}"] = value
    inside &= len(cases) == 2
    inner = parts["x0"]
    if inside and inner.kind == "inside" and same_terms(inner.parts["x1"], parts["x1"]):
        parts = {"x0": inner.parts["x0"], "c0": _both([inner.parts["c0"], parts["c0"]]), "x1": parts["x1"]}
    return Term("", parts, kind="inside" if inside else "cases")


def _suppose(term: Term, condition: Term, left: str) -> Term:
    """Write what is left of two cases that the same condition decides, where it is known to hold, or not to."""
    done: dict[int, Term] = {}
    stack = [term]
    while stack:
        x = stack[-1]
        missing = [part for part in x.parts.values() if id(part) not in done]
        if missing:
            stack += missing
            continue
        stack.pop()
        parts = {letter: done[id(part)] for letter, part in x.parts.items()}
        decided = x.kind in CASES and parts.keys() == {"x0", "c0", "x1"} and same_terms(x.parts["c0"], condition)
        same = all(parts[letter] is part for letter, part in x.parts.items())
        done[id(x)] = parts[left] if decided else x if same else replace(x, parts=parts)
    return done[id(term)]


def _both(conditions: list[Term]) -> Term:
    """Write conditions that hold together."""
    if len(conditions) == 1:
        return conditions[0]
    parts = {f"c{k}": x for k, x in enumerate(conditions)}
    return Term(", ".join(f"{{{letter}}}" for letter in parts), parts, 0, "both")


def condition_term(condition: Condition) -> Term:
    """Write a condition: 2 ≤ i < 4, i = 1, i ≥ j, i mod 2 = 0."""
    if condition.step > 1:
        numbers = {"k": number_term(str(condition.step)), "b": number_term(str(condition.least))}
        x = position_term(condition.position)
        inside = "({x})" if x.kind in ("add", "subtract") else "{x}"
        return Term(inside + " mod {k} = {b}", {"x": x, **numbers}, 0, "congruent")
    steps, offset = condition.position.steps, condition.position.offset
    least = None if condition.least is None else condition.least - offset
    end = None if condition.end is None else condition.end - offset
    if all(step.times < 0 for step in steps):  # −i ≥ −2 is i < 3
        least, end = (None if bound is None else 1 - bound for bound in (end, least))
        steps = tuple(step._replace(times=-step.times) for step in steps)
    left = position_term(Position(tuple(step for step in steps if step.times > 0)))
    right = Position(tuple(step._replace(times=-step.times) for step in steps if step.times < 0))
    a, b = (None if bound is None else position_term(right.moved(bound)) for bound in (least, end))
    if a is None or b is None:
        return Term("{x} < {b}", {"x": left, "b": b}, 0, "below") if b else _from(left, a)
    if least is not None and end == least + 1:
        return Term("{x} = {a}", {"x": left, "a": a}, 0, "at")
    return Term("{a} ≤ {x} < {b}", {"a": a, "x": left, "b": b}, 0, "between")


def _from(x: Term, a: Term | None) -> Term:
    assert a is not None
    return Term("{x} ≥ {a}", {"x": x, "a": a}, 0, "from")


def _lookup_term(place: Lookup) -> Term:
    """Write the place that a table has, π(i)."""
    at = [position_term(position_of(label, 0)) for label in place.at if label is not None]
    parts = dict(zip("abcdefgh", at, strict=False))
    return Term(f"{place.name}({', '.join(f'{{{letter}}}' for letter in parts)})", parts, kind="looked_up")


def position_term(position: Position) -> Term:
    """Write a position as an expression of its letters."""
    terms = []
    for step in position.steps:
        inner = step.letter
        if isinstance(inner, Lookup):
            letter = _lookup_term(inner)
        else:
            letter = position_term(inner) if isinstance(inner, Position) else symbol_term(inner)
        if step.per > 1:
            letter = Term("⌊{x} / {k}⌋", {"x": letter, "k": number_term(str(step.per))}, kind="floored")
        if step.times != 1:
            letter = Term(
                "{a} {b}",
                {"a": number_term(str(step.times).replace("-", "−")), "b": letter},
                multiply.binds,
                "multiply",
            )
        terms.append(letter)
    if position.offset > 0 or not terms:
        terms.append(number_term(str(position.offset).replace("-", "−")))
    total = add_terms(terms)
    if position.offset < 0 and position.steps:
        number = number_term(str(-position.offset))
        return Term(subtract.text, {"a": total, "b": number}, subtract.binds, "subtract")
    return total


def depends_on_index(term: Term, letter: str) -> bool:
    """Say whether what an element is depends on an index itself, as in {1 if j = n; 0 otherwise}."""
    stack = [(term, False)]
    while stack:
        x, within = stack.pop()
        if within and x.kind == "symbol" and x.name == letter:
            return True
        stack += [(part, within or (x.kind in CASES and of[0] == "c")) for of, part in x.parts.items()]
    return False
