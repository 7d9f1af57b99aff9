"""What everything in straight-line NumPy is called: arrays and numbers by the names that the lines give them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.common.alphabet import plain_identifier

Lines = list[str]


def write_number(x: complex) -> str:
    """Write a number: Python has no word for ∞ and NaN, NumPy has."""
    if isinstance(x, complex):
        return f"complex({write_number(x.real)}, {write_number(x.imag)})"
    if isinstance(x, int):  # which may be larger than any float
        return repr(x)
    return repr(x) if np.isfinite(x) else "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"


def write_plain(node: Node, written: str) -> str:
    """Write what NumPy computes as a Python number, where a Node is one: a float, or a complex number of two."""
    return f"{type(node.dtype.type().item()).__name__}({written})" if node.weak else written


def write_cast(node: Node, written: str) -> str:
    """Write a number as one of a Node's dtype, or as Python's if it is to be that."""
    return write_plain(node, written) if node.weak else f"np.{node.dtype.name}({written})"


def _as_floating(x: complex) -> complex:
    return x if isinstance(x, complex) else float(x)


class Names:
    """The names of one step. ``made`` are the lines of make, ``prelude`` and ``lines`` those of step.

    ``names`` holds the name of every Node that has one, ``static`` what is the same array in every call: memory of the
    plan, and views of it; ``fresh_arrays`` what each call computes in arrays of its own; ``turned`` the names of arrays
    that lie in another order in memory, and how they are seen in that.
    """

    def __init__(self, hints: Mapping[Node, str], fresh_arrays: set[Node]) -> None:
        self.fresh_arrays = fresh_arrays
        self.made: Lines = []
        self.prelude: Lines = []
        self.lines: Lines = []
        self.names: dict[Node, str] = {}
        self.static: set[Node] = set()
        self.taken: set[str] = set(keyword.kwlist) | {"np", "make", "step", "finish", "done", "known", *np.__all__}
        self.numbered: dict[str, int] = {}
        self.constants: dict[str, Any] = {}
        self.zeros: dict[tuple[Any, str], str] = {}
        self.used: set[str] = set()
        self.blas: set[str] = set()
        self.turned: dict[str, str] = {}
        for node, hint in hints.items():
            self.names[node] = self.fresh(hint)

    def fresh(self, hint: str) -> str:
        """Give a name that is not taken, as close to the hint as Python allows."""
        name = plain_identifier(hint) or "v"
        name = name if name.isidentifier() else f"v{name}"
        unique, number = name, self.numbered.get(name, 1)
        while unique in self.taken:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        self.numbered[name] = number  # where to look on from, for the next of thousands
        return unique

    def call(self, function: str, *arguments: str) -> str:
        """Write a call of a NumPy function, by its bare name where make binds one."""
        self.used.add(function.partition(".")[0])
        return f"{function}({', '.join(arguments)})"

    def flatten(self, array: str, lines: Lines) -> str:
        """Give the name of a view of an array as a vector, which a line makes the first time."""
        key = (array, "flat")
        if key not in self.zeros:
            self.zeros[key] = self.fresh(f"{array}_flat")
            lines.append(f"{self.zeros[key]} = {self.in_order(array)}.reshape(-1)")
        return self.zeros[key]

    def in_order(self, array: str) -> str:
        """Write an array as its elements lie in memory."""
        return self.turned.get(array, array)

    def single(self, array: str) -> str:
        """Give the name of a view without axes of an array of one element, which is read and written 20 ns sooner."""
        key = (array, "single")
        if key not in self.zeros:
            self.zeros[key] = self.fresh(f"{array}_0")
            self.made.append(f"{self.zeros[key]} = {array}.reshape(())")
        return self.zeros[key]

    def constant(self, value: Any, hint: str = "c") -> str:
        """Give the name of a constant that the source does not spell out."""
        name = self.fresh(hint)
        self.constants[name] = value
        return name

    def number(self, x: Any, dtype: np.dtype[Any]) -> str:
        """Give a number as an array of 0 dimensions: NumPy would convert a Python number anew in every call."""
        key = (x if isinstance(x, Node) else repr(_as_floating(x)), dtype.str)  # 0.0 and −0.0 are two, and NaN is one
        if key not in self.zeros:
            hint = self.names[x] if isinstance(x, Node) else "k" + re.sub(r"\W", "_", f"{x:g}".replace("-", "m"))
            self.zeros[key] = self.fresh(f"{hint}_{dtype.char}{dtype.itemsize}" if isinstance(x, Node) else hint)
            if isinstance(x, Node):
                self.made.append(f"{self.zeros[key]} = np.empty((), np.{dtype.name})")
                self.prelude.append(f"{self.zeros[key]}[...] = {self.names[x]}")
            else:
                self.made.append(f"{self.zeros[key]} = np.array({write_number(_as_floating(x))}, np.{dtype.name})")
        return self.zeros[key]

    def value(self, x: Any, like: np.dtype[Any] | None = None) -> str:
        """Write an operand; ``like`` is the dtype of the arrays that a number meets."""
        floating = like is not None and like.kind in ("c" if isinstance(x, complex) else "fc")
        if not isinstance(x, Node):
            if floating and like is not None:
                return self.number(x, like)
            return write_number(x)
        if x.weak and x.op is None and floating and like is not None:
            return self.number(x, like)
        if x not in self.names:
            if x.value is None:
                raise AssertionError(f"{x!r} is no input")
            if x.shape:
                self.names[x] = self.constant(x.value)
                self.static.add(x)
            else:
                self.names[x] = self.fresh("k")
                self.made.append(f"{self.names[x]} = np.{x.dtype.name}({write_number(x.value.item())})")
        return self.names[x]
