"""A plan -> straight-line NumPy: every array allocated once, every operation one call that writes into it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import ARRAYS, SCALARS, gemm, seen, stored
from minigrad.compiler.numpy.memory import find_begun_arrays, plan_arrays
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.passes.plan import Plan, is_array, is_ufunc
from minigrad.compiler.resume import Code, assigned, resumable
from minigrad.compiler.trace.sources import Argument, Draw, Gradient, Setting, Source
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.signs import INFIX
from minigrad.ops import linalg, shaping
from minigrad.ops.alphabet import plain_digits
from minigrad.ops.base import Elementwise

Lines = list[str]



class Writer:
    """Writes one plan. ``names`` holds the name of every Node; ``made`` the lines of make, ``lines`` those of step."""

    def __init__(
        self, plan: Plan, returned: Sequence[Any], inputs: Mapping[Node, Source], hints: Mapping[Node, str]
    ) -> None:
        self.plan, self.returned, self.inputs = plan, returned, inputs
        self.made: Lines = []
        self.prelude: Lines = []
        self.lines: Lines = []
        self.names: dict[Node, str] = {}
        self.static: set[Node] = set()  # what is the same array in every call: memory of the plan, and views of it
        self.taken: set[str] = set(keyword.kwlist) | {"np", "make", "step", "finish", "done", *np.__all__}
        self.constants: dict[str, Any] = {}
        self.zeros: dict[tuple[Any, str], str] = {}
        self.used: set[str] = set()
        self.blas: set[str] = set()
        for node, hint in hints.items():
            self.names[node] = self.fresh(hint)
        self.begun = find_begun_arrays(plan, returned)
        self.memory = plan_arrays(plan, returned, self.begun)
        self.fresh_arrays = plan.fresh | self.begun
        self.bound = [x for x, source in inputs.items() if not isinstance(source, Argument | Setting | Gradient)]
        self.passed = [x for x, source in inputs.items() if isinstance(source, Argument | Setting | Gradient)]
        self.static.update(x for x in self.bound if not isinstance(inputs[x], Draw))

    def fresh(self, hint: str) -> str:
        """Give a name that is not taken, as close to the hint as Python allows."""
        name = re.sub(r"\W", "_", plain_digits(hint)) or "v"
        name = f"v{name}" if name[0].isdigit() else name
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        return unique

    def call(self, function: str, *arguments: str) -> str:
        """Write a call of a NumPy function, by its bare name where make binds one."""
        self.used.add(function.partition(".")[0])
        return f"{function}({', '.join(arguments)})"

    # values

    def constant(self, value: Any, hint: str = "c") -> str:
        """Give the name of a constant that the source does not spell out."""
        name = self.fresh(hint)
        self.constants[name] = value
        return name

    def number(self, x: Any, dtype: np.dtype[Any]) -> str:
        """Give a number as an array of 0 dimensions: NumPy would convert a Python number anew in every call."""
        key = (x if isinstance(x, Node) else float(x), dtype.str)
        if key not in self.zeros:
            hint = self.names[x] if isinstance(x, Node) else "k" + re.sub(r"\W", "_", f"{x:g}".replace("-", "m"))
            self.zeros[key] = self.fresh(f"{hint}_{dtype.char}{dtype.itemsize}" if isinstance(x, Node) else hint)
            if isinstance(x, Node):
                self.made.append(f"{self.zeros[key]} = np.empty((), np.{dtype.name})")
                self.prelude.append(f"{self.zeros[key]}[...] = {self.names[x]}")
            else:
                self.made.append(f"{self.zeros[key]} = np.array({float(x)!r}, np.{dtype.name})")
        return self.zeros[key]

    def value(self, x: Any, like: np.dtype[Any] | None = None) -> str:
        """Write an operand; ``like`` is the dtype of the arrays that a number meets."""
        floating = like is not None and like.kind == "f"
        if not isinstance(x, Node):
            if floating and like is not None:
                return self.number(x, like)
            return repr(x) if np.isfinite(x) else "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"
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
                number = x.value.item()
                written = repr(number) if np.isfinite(number) else f"'{number}'"
                self.made.append(f"{self.names[x]} = np.{x.dtype.name}({written})")
        return self.names[x]

    # arrays

    def write(self, node: Node) -> None:
        """Write the line, or lines, that compute one Node."""
        if node in self.plan.drawn_in:
            return
        if node in self.plan.in_place:
            out = self.names[self.plan.in_place[node]]
            self.names[node] = out
            drawn = [x for x in node.inputs if isinstance(x, Node) and x in self.plan.drawn_in]
            self.lines.append(gemm(self, node, drawn[0]) if drawn else self.ufunc(node, out) + self.comment(node))
            self.static.add(node)
        elif not is_array(node):
            self.names[node] = self.fresh("v")
            scalar = self.scalar(node)
            self.lines.append(f"{self.names[node]} = {scalar}{self.comment(node)}")
            if isinstance(node.op, linalg.LogLikelihood):
                a, b = (self.value(x) for x in node.inputs)
                self.lines.append(f"if {self.names[node]} != {self.names[node]}:  # 0 ln 0 = 0")
                self.lines.append(f"    {self.names[node]} = np.vdot({a}, np.where({a} == 0, 0, {b}))")
        elif node in self.memory or node in self.fresh_arrays:
            self.array(node)
        else:
            self.view(node)

    def view(self, node: Node) -> None:
        """Look at another array's memory; for what stays where it is, once and for all."""
        (x,) = node.inputs
        source = self.value(x)
        expression = seen(node.op, source, self)
        self.names[node] = self.fresh(f"{source}_T" if isinstance(node.op, shaping.Transpose) else "v")
        if x in self.static and self.contiguous(x, node):
            self.static.add(node)
            self.made.append(f"{self.names[node]} = {expression}")
        else:
            self.lines.append(f"{self.names[node]} = {expression}")

    def contiguous(self, x: Node, node: Node) -> bool:
        """Say whether a view can be had without a copy: a reshape needs elements in order."""
        if not isinstance(node.op, shaping.Reshape) or x in self.memory:
            return True
        return [n for n in x.shape if n != 1] == [n for n in node.shape if n != 1]

    def array(self, node: Node) -> None:
        """Compute an array into memory of the plan's own or, if it is returned, into a new one."""
        name = self.names[node] = self.fresh("r" if node in self.fresh_arrays else "v")
        allocate = f"np.empty({node.shape}, np.{node.dtype.name})"
        if isinstance(node.op, AddAt) and node.inputs[0] in self.begun:
            name = self.names[node] = self.names[node.inputs[0]]
        elif node in self.fresh_arrays:
            self.lines.append(f"{name} = {allocate}")
        else:
            memory = self.memory[node]
            self.static.add(node)
            owner = memory.users[0]
            if owner is node:
                self.made.append(f"{name} = {allocate if not self.shared(memory) else self.sliced(memory, node)}")
            elif owner.shape == node.shape and owner.dtype == node.dtype:
                name = self.names[node] = self.names[owner]
            else:
                self.made.append(f"{name} = {self.sliced(memory, node)}")
        for line in self.computed(node, name):
            self.lines.append(line)
        self.lines[-1] += self.comment(node)

    def shared(self, memory: Any) -> bool:
        """Say whether results of several shapes or dtypes use a piece of memory in turns."""
        return len({(x.shape, x.dtype) for x in memory.users}) > 1

    def sliced(self, memory: Any, node: Node) -> str:
        """Write the view of a piece of memory as an array of a Node's shape and dtype."""
        key = (id(memory), "memory")
        if key not in self.zeros:
            self.zeros[key] = self.fresh("memory")
            self.made.append(f"{self.zeros[key]} = np.empty({memory.nbytes}, np.uint8)")
        nbytes = prod(node.shape) * node.dtype.itemsize
        return f"{self.zeros[key]}[:{nbytes}].view(np.{node.dtype.name}).reshape({node.shape})"

    def computed(self, node: Node, out: str) -> Lines:
        """Write the calls that leave a Node's value in ``out``."""
        op, inputs = node.op, node.inputs
        for kind, rule in ARRAYS:
            if isinstance(op, kind):
                return rule(self, node, out)
        if is_ufunc(node):
            return [self.ufunc(node, out)]
        values = ", ".join(self.value(x) for x in inputs)
        return [f"{out}[...] = {self.constant(op.forward, op.name)}({values})"]  # type: ignore[union-attr]

    def ufunc(self, node: Node, out: str) -> str:
        """Write one call of a ufunc."""
        assert isinstance(node.op, Elementwise)
        dtypes = [x.dtype for x in node.inputs if isinstance(x, Node) and not x.weak]
        like = np.result_type(*dtypes) if dtypes else node.dtype
        like = like if node.dtype.kind == "b" else node.dtype
        name = node.op.forward.__name__
        out = f"out={out}" if name in ("maximum", "minimum") else out  # which take a third operand one day
        return self.call(name, *(self.value(x, like) for x in node.inputs), out)

    # numbers

    def scalar(self, node: Node) -> str:
        """Write an expression for a number."""
        op = node.op
        assert op is not None
        for kind, rule in SCALARS:
            if isinstance(op, kind):
                return rule(self, node)
        values = [self.value(x) for x in node.inputs]
        if op in INFIX:
            return f"{values[0]} {INFIX[op].sign} {values[1]}"
        if op.name == "negative":
            return f"-{values[0]}"
        if is_ufunc(node):
            written = self.call(op.forward.__name__, *values)
        else:
            written = f"{self.constant(op.forward, op.name)}({', '.join(values)})"
        return f"float({written})" if node.weak else written

    def comment(self, node: Node) -> str:
        """Say which formula a line computes."""
        parts = {x: self.names[x] for x in node.inputs if isinstance(x, Node) and x in self.names}
        formula = text(node, parts, expand=node)
        return f"  # {formula}" if len(formula) < 60 else ""

    # the whole

    def finished(self) -> Code:
        """Write everything: the first part, and the second, which a call that has begun it always finishes."""
        self.called = {x: self.names[x] for x in self.passed}
        self.taken_over = {x: self.names[x] for x in self.bound}  # what make calls its parameters
        for node in self.bound:
            self.opened(node)
        for node in self.plan.exposed:
            if not isinstance(self.inputs[node], Draw):
                self.apart(node)
        for node in self.plan.first:
            self.write(node)
        first, self.lines = self.lines, []
        for node in self.plan.second:
            self.write(node)
        for state, value in self.plan.copies:
            shape = state.shape if np.shape(value) == () else ()
            self.lines.append(stored(self.taken_over[state], shape, self.value(value)))
        second, self.lines = self.lines, []
        results = [self.value(x) for x in self.returned]
        return self.assembled([*self.prelude, *first], second, results)

    def opened(self, node: Node) -> None:
        """Draw random numbers; read an array of 0 dimensions, which may have changed since the last call."""
        given = self.taken_over[node]
        if isinstance(self.inputs[node], Draw):
            self.names[node] = self.fresh("drawn")
            self.static.add(node)
            self.made.append(f"{self.names[node]} = np.empty({node.shape})")
            self.prelude.append(f"{given}.random(out={self.names[node]})")
        elif not node.shape:
            self.names[node] = self.fresh(f"{given}_now")
            self.static.discard(node)
            self.prelude.append(f"{self.names[node]} = {given}[()]")

    def apart(self, node: Node) -> None:
        """Take a copy of an input that lies in the same memory as one which is written to before it has been read."""
        given, self.names[node] = self.names[node], self.fresh(f"{self.names[node]}_now")
        shared = " or ".join(f"np.may_share_memory({given}, {self.taken_over[x]})" for x in self.plan.written)
        self.static.discard(node)
        self.prelude.append(f"{self.names[node]} = {given}.copy() if {shared} else {given}")

    def assembled(self, first: Lines, second: Lines, results: list[str]) -> Code:
        """Put make and step together."""
        bound = list(self.taken_over.values())
        passed = [self.called[x] for x in self.passed]
        body = list(first)
        functions = sorted(name for name in self.used if hasattr(np, name))
        finish: Lines = []
        if second:
            finish, (writes, handler) = resumable(second, [*passed, *assigned(first)])
            body = ["done = -1", "try:", *(f"    {line}" for line in (*first, *writes)), *handler]
        body.append(f"return {', '.join(results)}" + ("," if len(results) == 1 else "") if results else "return ()")
        lines = ["import numpy as np"]
        if functions:
            lines.append(f"from numpy import {', '.join(functions)}")
        if self.blas:
            lines.append(f"from scipy.linalg.blas import {', '.join(sorted(self.blas))}")
        lines += ["", "", f"def make({', '.join(bound)}):"]
        lines += [f"    {line}" for line in self.made]
        if finish:
            lines += ["", *(f"    {line}" for line in finish)]
        lines += ["", f"    def step({', '.join(passed)}):", *(f"        {line}" for line in body)]
        lines += ["", "    return step", ""]
        return Code("\n".join(lines), self.bound, self.passed, self.constants)
