"""Smaller programs, for as long as what is wrong stays wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fuzz.programs import Line, Program


def smaller(given: Program) -> Any:
    """Give programs that are a little smaller."""
    for end in given.ends:
        if len(given.ends) > 1:
            yield cleaned(replace(given, ends=tuple(x for x in given.ends if x is not end)))
    if given.rule is not None:
        yield replace(given, rule=None)
        if given.rule:
            yield replace(given, rule=0)
    if given.alias is not None:
        yield replace(given, alias=None)
    for line in given.lines:  # its first input in its place
        for x in line.inputs:
            yield from _replaced(given, line, x)
    for leaf in given.leaves:
        if leaf.layout != "plain":
            yield from _replaced(given, leaf, replace(leaf, layout="plain"))
        if leaf.kind != "parameter":
            yield from _replaced(given, leaf, replace(leaf, kind="parameter", layout="plain"))


def _replaced(given: Program, old: Any, new: Any) -> Any:
    """Give the program with one value in the place of another, unless that leaves no end."""
    becomes: dict[Any, Any] = {old: new}
    leaves = tuple(new if x is old else x for x in given.leaves)
    lines = []
    for line in given.lines:
        if line is old:
            continue
        if any(x in becomes for x in line.inputs):
            becomes[line] = replace(line, inputs=tuple(becomes.get(x, x) for x in line.inputs))
        lines.append(becomes.get(line, line))
    ends = tuple(dict.fromkeys(x for x in (becomes.get(e, e) for e in given.ends) if isinstance(x, Line)))
    if ends:
        yield cleaned(replace(given, leaves=leaves, lines=tuple(lines), ends=ends))


def cleaned(given: Program) -> Program:
    """Leave out what no end needs."""
    needed: set[Any] = set()
    stack: list[Any] = list(given.ends)
    while stack:
        x = stack.pop()
        if x not in needed:
            needed.add(x)
            stack += x.inputs if isinstance(x, Line) else ()
    kept = [x for x in given.leaves if x in needed]
    alias = None
    if given.alias is not None and all(given.leaves[i] in needed for i in given.alias):
        alias = tuple(kept.index(given.leaves[i]) for i in given.alias)
    return replace(given, leaves=tuple(kept), lines=tuple(x for x in given.lines if x in needed), alias=alias)
