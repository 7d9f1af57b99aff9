"""Lines that a call which has begun them always finishes, and code as a module of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.engine.node import Node

Lines = list[str]


@dataclass
class Code:
    """The source of ``make(…)``, which allocates and gives ``step(…)``; and what both have to be called with."""

    source: str
    bound: list[Node]  # the inputs that make takes: arrays that stay where they are
    passed: list[Node]  # the inputs that step takes: what a call brings
    constants: dict[str, Any] = field(default_factory=dict)


@dataclass
class Turns:
    """A loop over one table, or two at once: what a turn takes of them, as a tuple of names, and its lines.

    The ``first`` lines write nothing that outlives a turn. ``turn`` names how many are over, ``left`` those that
    have to be taken after an exception, ``reached`` how far each of them had come.
    """

    given: str
    tables: list[str]
    first: Lines
    lines: Lines
    turn: str
    left: str
    reached: str


def write_module(code: Code, name: str) -> str:
    """Write the code as a module of its own."""
    constants = []
    for constant, value in code.constants.items():
        if not isinstance(value, np.ndarray):
            raise ValueError(f"export: {constant} is computed by a function of its own, not by NumPy")
        constants.append(f"{constant} = np.array({value.tolist()!r}, np.{value.dtype.name}).reshape({value.shape})")
    doc = (
        f'"""{name}, as code.\n\nstep = make(…) takes the arrays that step(…) computes with and updates in place.\n"""'
    )
    head, _, rest = code.source.partition("\n\n\n")
    return "\n".join([doc, "", head, "", *constants, "", "", rest.lstrip("\n")])


def find_assigned(lines: Lines) -> Lines:
    """Give the names that lines give a value to."""
    return list(dict.fromkeys(m[1] for line in lines if (m := re.match(r" *(\w+) = ", line))))


def write_resumable(lines: Lines, names: Lines, loops: Sequence[Turns] = ()) -> tuple[Lines, tuple[Lines, Lines]]:
    """Give the lines with a note after each of how far they came, and a function that does the rest of them.

    A call runs to its end before an exception can come up: Ctrl-C is looked at when a call has returned, and an error
    that floating point raises says what has already been written. So line k + 1 has run wherever k is noted; but what
    it was to give a value to may be without it, and then the line runs again, on what it was computed from.

    ``loops`` follow. What a turn computes before it writes anything needs no notes: it can be computed again.
    """
    written = [*lines, *(line for loop in loops for line in (*loop.first, *loop.lines))]
    assigned = find_assigned(written)
    words = {word for line in written for word in re.findall(r"\w+", line)} | {x for loop in loops for x in loop.tables}
    needed = [name for name in dict.fromkeys([*names, *assigned]) if name in words]
    finish = ["def finish(done, known):", *(f'    {name} = known.get("{name}")' for name in needed)]
    body, rest, number = _note(lines, 0, "done")
    body, finish = ["done = 0", *body], [*finish, *(f"    {line}" for line in rest)]
    for loop in loops:
        turns, left, number = _note_loop(loop, number)
        body, finish = [*body, *turns], [*finish, *(f"    {line}" for line in left)]
    call = ["finish(done, locals())"]
    if loops:  # what has not been reached yet may overflow, too: that is no reason to leave the parameters in between
        call = ['with np.errstate(all="ignore"):', "    finish(done, locals())"]
    handler = ["except BaseException:", "    if done >= 0:", *(f"        {line}" for line in call), "    raise"]
    return finish, (body, handler)


def _note(lines: Lines, number: int, done: str) -> tuple[Lines, Lines, int]:
    """Give lines with notes, of numbers from one on, what does the rest of the ``done`` ones, and the last number."""
    noted: Lines = []
    rest: Lines = []
    for statement in _part_statements(lines):
        number += 1
        again = re.match(r"\w+(\[.*?\])? = |if |for ", statement[0]) is not None
        noted += [*statement, f"done = {number}"]
        rest += [f"if {done} < {number if again else number - 1}:", *(f"    {line}" for line in statement)]
    return noted, rest, number


def _note_loop(loop: Turns, before: int) -> tuple[Lines, Lines, int]:
    """Give a loop with notes, the loop that does the rest of it, and the last number.

    That a turn has ended and that the next one has not begun is noted at once.
    """
    noted, rest, number = _note(loop.lines, before + 1, loop.reached)
    tables = ", ".join(loop.tables)
    turn = [*loop.first, f"done = {before + 1}", *noted[:-1], f"{loop.turn}, done = {loop.turn} + 1, {before}"]
    body = [
        f"{loop.turn} = 0",
        f"for {loop.given} in {f'zip({tables})' if len(loop.tables) > 1 else tables}:",
        *(f"    {line}" for line in turn),
        f"done = {number}",
    ]
    begun = [f"if {loop.reached} <= {before}:", *(f"    {line}" for line in loop.first)] if loop.first else []
    left = [
        f"{loop.given} = {', '.join(f'{table}[{loop.left}]' for table in loop.tables)}",
        f"{loop.reached} = done if {loop.left} == {loop.turn} else {before}",
        *begun,
        *rest,
    ]
    finish = [
        f'{loop.turn} = known.get("{loop.turn}", 0)',
        f"for {loop.left} in range({loop.turn}, len({loop.tables[0]})):",
        *(f"    {line}" for line in left),
    ]
    return body, finish, number


def _part_statements(lines: Lines) -> list[Lines]:
    """Part lines into statements: one with the indented lines behind it, if there are any."""
    parted: list[Lines] = []
    for line in lines:
        if line.startswith(" "):
            parted[-1].append(line)
        else:
            parted.append([line])
    return parted
