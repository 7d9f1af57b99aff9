"""Lines that a call which has begun them always finishes, and code as a module of its own."""

from __future__ import annotations

import re
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


def write_resumable(lines: Lines, names: Lines) -> tuple[Lines, tuple[Lines, Lines]]:
    """Give the lines with a note after each of how far they came, and a function that does the rest of them.

    A call runs to its end before an exception can come up: Ctrl-C is looked at when a call has returned, and an error
    that floating point raises says what has already been written. So line k + 1 has run wherever k is noted; but what
    it was to give a value to may be without it, and then the line runs again, on what it was computed from.
    """
    body: Lines = ["done = 0"]
    assigned = find_assigned(lines)
    words = {word for line in lines for word in re.findall(r"\w+", line)}
    needed = [name for name in dict.fromkeys([*names, *assigned]) if name in words]
    finish = ["def finish(done, known):", *(f'    {name} = known.get("{name}")' for name in needed)]
    for number, statement in enumerate(_part_statements(lines), 1):
        again = re.match(r"\w+(\[.*?\])? = |if |for ", statement[0]) is not None
        body += [*statement, f"done = {number}"]
        finish += [f"    if done < {number if again else number - 1}:", *(f"        {line}" for line in statement)]
    handler = ["except BaseException:", "    if done >= 0:", "        finish(done, locals())", "    raise"]
    return finish, (body, handler)


def _part_statements(lines: Lines) -> list[Lines]:
    """Part lines into statements: one with the indented lines behind it, if there are any."""
    parted: list[Lines] = []
    for line in lines:
        if line.startswith(" "):
            parted[-1].append(line)
        else:
            parted.append([line])
    return parted
