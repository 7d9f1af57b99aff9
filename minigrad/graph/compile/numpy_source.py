"""A plan -> straight-line NumPy: every array allocated once, every operation one call that writes into it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from minigrad.graph.compile.cells import Item
from minigrad.graph.compile.lower import Spread
from minigrad.graph.compile.plan import Plan, is_array, is_ufunc
from minigrad.graph.compile.sources import Argument, Draw, Gradient, Setting, Source
from minigrad.graph.node import Node
from minigrad.graph.notation import text
from minigrad.op import Elementwise, Op
from minigrad.ops import arithmetic, linalg, reduction, shaping

Lines = list[str]

SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


@dataclass
class Code:
    """The source of ``make(…)``, which allocates and gives ``step(…)``; and what both have to be called with."""

    source: str
    bound: list[Node]  # the inputs that make takes: arrays that stay where they are
    passed: list[Node]  # the inputs that step takes: what a call brings
    constants: dict[str, Any] = field(default_factory=dict)


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
        for node, hint in hints.items():
            self.names[node] = self.fresh(hint)
        self.bound = [x for x, source in inputs.items() if not isinstance(source, Argument | Setting | Gradient)]
        self.passed = [x for x, source in inputs.items() if isinstance(source, Argument | Setting | Gradient)]
        self.static.update(x for x in self.bound if not isinstance(inputs[x], Draw))

    def fresh(self, hint: str) -> str:
        """Give a name that is not taken, as close to the hint as Python allows."""
        name = re.sub(r"\W", "_", hint.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))) or "v"
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
            return repr(x) if np.isfinite(x) else f"np.{'nan' if np.isnan(x) else 'inf' if x > 0 else '-inf'}"
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
                self.made.append(f"{self.names[x]} = np.{x.dtype.name}({x.value.item()!r})")
        return self.names[x]

    # arrays

    def write(self, node: Node) -> None:
        """Write the line, or lines, that compute one Node."""
        if node in self.plan.in_place:
            out = self.names[self.plan.in_place[node]]
            self.names[node] = out
            self.lines.append(self.ufunc(node, out) + self.comment(node))
            self.static.add(node)
        elif not is_array(node):
            self.names[node] = self.fresh("v")
            scalar = self.scalar(node)
            self.lines.append(f"{self.names[node]} = {scalar}{self.comment(node)}")
            if isinstance(node.op, linalg.LogLikelihood):
                a, b = (self.value(x) for x in node.inputs)
                self.lines.append(f"if {self.names[node]} != {self.names[node]}:  # 0 ln 0 = 0")
                self.lines.append(f"    {self.names[node]} = np.vdot({a}, np.where({a} == 0, 0, {b}))")
        elif node in self.plan.memory or node in self.plan.fresh:
            self.array(node)
        else:
            self.view(node)

    def view(self, node: Node) -> None:
        """Look at another array's memory; for what stays where it is, once and for all."""
        (x,) = node.inputs
        source = self.value(x)
        expression = _seen(node.op, source, self)
        self.names[node] = self.fresh(f"{source}_T" if isinstance(node.op, shaping.Transpose) else "v")
        if x in self.static and self.contiguous(x, node):
            self.static.add(node)
            self.made.append(f"{self.names[node]} = {expression}")
        else:
            self.lines.append(f"{self.names[node]} = {expression}")

    def contiguous(self, x: Node, node: Node) -> bool:
        """Say whether a view can be had without a copy: a reshape needs elements in order."""
        if not isinstance(node.op, shaping.Reshape) or x in self.plan.memory:
            return True
        return [n for n in x.shape if n != 1] == [n for n in node.shape if n != 1]

    def array(self, node: Node) -> None:
        """Compute an array into memory of the plan's own or, if it is returned, into a new one."""
        name = self.names[node] = self.fresh("r" if node in self.plan.fresh else "v")
        allocate = f"np.empty({node.shape}, np.{node.dtype.name})"
        if node in self.plan.fresh:
            self.lines.append(f"{name} = {allocate}")
        else:
            memory = self.plan.memory[node]
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
        if op.name in SIGNS and len(values) == 2:
            return f"{values[0]} {SIGNS[op.name]} {values[1]}"
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
        self.taken_over = {x: self.names[x] for x in self.bound}  # what make calls its parameters
        for node in self.bound:
            self.opened(node)
        for node in self.plan.first:
            self.write(node)
        first, self.lines = self.lines, []
        for node in self.plan.second:
            self.write(node)
        for state, value in self.plan.copies:
            self.lines.append(f"{self.taken_over[state]}[...] = {self.value(value)}")
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
            self.prelude.append(f"{self.names[node]} = {given}[()]")

    def assembled(self, first: Lines, second: Lines, results: list[str]) -> Code:
        """Put make and step together."""
        bound = list(self.taken_over.values())
        passed = [self.names[x] for x in self.passed]
        body = list(first)
        functions = sorted(name for name in self.used if hasattr(np, name))
        finish: Lines = []
        if second:
            finish, (writes, handler) = _resumable(second, [*passed, *_assigned(first)])
            body = ["done = -1", "try:", *(f"    {line}" for line in (*first, *writes)), *handler]
        body.append(f"return {', '.join(results)}" + ("," if len(results) == 1 else "") if results else "return ()")
        lines = ["import numpy as np"]
        if functions:
            lines.append(f"from numpy import {', '.join(functions)}")
        lines += ["", "", f"def make({', '.join(bound)}):"]
        lines += [f"    {line}" for line in self.made]
        if finish:
            lines += ["", *(f"    {line}" for line in finish)]
        lines += [
            "",
            f"    def step({', '.join(passed)}):",
            *(f"        {line}" for line in body),
            "",
            "    return step",
            "",
        ]
        return Code("\n".join(lines), self.bound, self.passed, self.constants)


def exported(code: Code, name: str) -> str:
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


def _assigned(lines: Lines) -> Lines:
    """Give the names that lines give a value to."""
    return list(dict.fromkeys(m[1] for line in lines if (m := re.match(r" *(\w+) = ", line))))


def _resumable(lines: Lines, names: Lines) -> tuple[Lines, tuple[Lines, Lines]]:
    """Give the lines with a note after each of how far they came, and a function that does the rest of them.

    A call runs to its end before an exception can come up: Ctrl-C is looked at when a call has returned, and an error
    that floating point raises says what has already been written. So line k + 1 has run wherever k is noted.
    """
    body: Lines = ["done = 0"]
    needed = [name for name in names if any(re.search(rf"\b{name}\b", line) for line in lines)]
    finish = [f"def finish({', '.join(['done', *needed])}):"]
    number = 0
    for line in lines:
        pure = re.match(r"\w+ = ", line) is not None
        if pure or line.startswith(" ") or line.startswith("if "):
            body.append(line)
            finish.append(f"    {line}")
            continue
        number += 1
        body += [line, f"done = {number}"]
        finish += [f"    if done < {number - 1}:", f"        {line}"]
    handler = ["except BaseException:", "    if done >= 0:"]
    handler.append(f"        finish({', '.join(['done', *needed])})")
    handler.append("    raise")
    return finish, (body, handler)


# How an operation is written that is no ufunc: as an array, or as a number.


def _matmul(w: Writer, node: Node, out: str) -> Lines:
    a, b = node.inputs
    plain = a.ndim == b.ndim == 2 and a.dtype == b.dtype == node.dtype and node.dtype.kind == "f"
    if plain:  # the method spares np.dot's look at who should handle the call
        return [f"{w.value(a)}.dot({w.value(b)}, {out})"]
    return [w.call("matmul", w.value(a), w.value(b), out)]


def _sum(w: Writer, node: Node, out: str) -> Lines:
    (x,), op = node.inputs, node.op
    assert isinstance(op, reduction.Sum)
    axes = reduction.normalize_axis(op.axis, x.ndim)
    if x.ndim == 2 and len(axes) == 1 and x.dtype.kind == "f" and x.dtype == node.dtype and x.size:
        n = x.shape[axes[0]]
        key = (n, f"ones {x.dtype.str}")
        if key not in w.zeros:
            w.zeros[key] = w.fresh(f"ones_{n}")
            w.made.append(f"{w.zeros[key]} = np.ones({n}, np.{x.dtype.name})")
        ones, target = w.zeros[key], out
        if op.keepdims:
            target = w.fresh(f"{out}_flat")
            (w.lines if node in w.plan.fresh else w.made).append(f"{target} = {out}.reshape(-1)")
        return [f"{ones}.dot({w.value(x)}, {target})" if axes == (0,) else f"{w.value(x)}.dot({ones}, {target})"]
    return [w.call("add.reduce", w.value(x), repr(op.axis), "None", out, repr(op.keepdims))]


def _extreme(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, reduction.Max)
    function = "minimum" if isinstance(op, reduction.Min) else "maximum"
    return [w.call(f"{function}.reduce", w.value(node.inputs[0]), repr(op.axis), "None", out, repr(op.keepdims))]


def _where(w: Writer, node: Node, out: str) -> Lines:
    c, a, b = (w.value(x) for x in node.inputs)
    return [f"np.copyto({out}, {b}, 'unsafe')", f"np.copyto({out}, {a}, 'unsafe', where={c})"]


def _copied(w: Writer, node: Node, out: str) -> Lines:
    return [f"np.copyto({out}, {w.value(node.inputs[0])}, 'unsafe')"]


def _scatter(w: Writer, node: Node, out: str) -> Lines:
    op, (x, *indices) = node.op, node.inputs
    if isinstance(op, shaping.ScatterAt):
        key = _filled(op, [w.value(i) for i in indices], w)
    else:
        key = _key(op.key, w)  # type: ignore[union-attr]
        if shaping.is_basic(op.key):  # type: ignore[union-attr]
            return [f"{out}.fill(0)", f"{out}[{key}] = {w.value(x)}"]
    return [f"{out}.fill(0)", f"np.add.at({out}, ({key}), {w.value(x)})"]


def _gathered(w: Writer, node: Node, out: str) -> Lines:
    op, (x, *indices) = node.op, node.inputs
    assert isinstance(op, shaping.Gather)
    return [f"{out}[...] = {w.value(x)}[{_filled(op, [w.value(i) for i in indices], w)}]"]


def _joined(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, shaping.Concatenate)
    function = "stack" if isinstance(op, shaping.Stack) else "concatenate"
    return [f"np.{function}(({', '.join(w.value(x) for x in node.inputs)},), {op.axis}, {out}, casting='unsafe')"]


def _power(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, arithmetic.Power)
    return [f"{out}[...] = {w.value(node.inputs[0])} ** {op.exponent!r}"]


ARRAYS: tuple[tuple[type[Op], Callable[[Writer, Node, str], Lines]], ...] = (
    (linalg.MatMul, _matmul),
    (reduction.Sum, _sum),
    (reduction.Max, _extreme),
    (arithmetic.Where, _where),
    (Spread, lambda w, node, out: [f"{out}[...] = {w.value(node.inputs[0])}"]),
    (shaping.Cast, _copied),
    (shaping.Reshape, _copied),
    (shaping.Scatter, _scatter),
    (shaping.ScatterAt, _scatter),
    (shaping.Gather, _gathered),
    (shaping.Index, lambda w, node, out: [f"{out}[...] = {_seen(node.op, w.value(node.inputs[0]), w)}"]),
    (shaping.Concatenate, _joined),
    (arithmetic.Power, _power),
)


def _total(w: Writer, node: Node) -> str:
    (x,) = node.inputs
    function = {"sum": "add", "max": "maximum", "min": "minimum"}[node.op.name]  # type: ignore[union-attr]
    return w.call(f"{function}.reduce", w.value(x), "None" if x.shape else "()")


SCALARS: tuple[tuple[type[Op], Callable[[Writer, Node], str]], ...] = (
    (Item, lambda w, node: f"{w.value(node.inputs[0])}.item()"),
    (linalg.MatMul, lambda w, node: w.call("dot", *(w.value(x) for x in node.inputs))),
    (linalg.Inner, lambda w, node: w.call("vdot", *(w.value(x) for x in node.inputs))),
    (reduction.Sum, _total),
    (reduction.Max, _total),
    (shaping.Cast, lambda w, node: f"np.{node.dtype.name}({w.value(node.inputs[0])})"),
    (shaping.Reshape, lambda w, node: f"{w.value(node.inputs[0])}[{', '.join('0' * node.inputs[0].ndim)}]"),
    (shaping.Transpose, lambda w, node: w.value(node.inputs[0])),
    (shaping.BroadcastTo, lambda w, node: w.value(node.inputs[0])),
    (shaping.Index, lambda w, node: f"{_seen(node.op, w.value(node.inputs[0]), w)}[()]"),
    (arithmetic.Power, lambda w, node: f"{w.value(node.inputs[0])} ** {node.op.exponent!r}"),  # type: ignore[union-attr]
    (arithmetic.Where, lambda w, node: f"np.where({', '.join(w.value(x) for x in node.inputs)})[()]"),
)


def _seen(op: Any, x: str, w: Writer) -> str:
    """Write a view of x."""
    if isinstance(op, shaping.Transpose):
        return f"{x}.T" if op.axes is None else f"{x}.transpose({op.axes})"
    if isinstance(op, shaping.Reshape):
        return f"{x}.reshape({op.to})"
    if isinstance(op, shaping.BroadcastTo):
        return f"np.broadcast_to({x}, {op.to})"
    return f"{x}[{_key(op.key, w)}]"


def _key(key: Any, w: Writer) -> str:
    """Write an index."""
    if isinstance(key, tuple):
        return ", ".join(_key(part, w) for part in key) + ("," if len(key) == 1 else "") if key else "()"
    if isinstance(key, slice):
        return f"slice({key.start}, {key.stop}, {key.step})"
    if isinstance(key, np.ndarray | list):
        return w.constant(np.asarray(key), "index")
    return (
        "..."
        if key is Ellipsis
        else "None"
        if key is None
        else repr(key.item() if isinstance(key, np.generic) else key)
    )


def _filled(op: shaping.Gather, indices: list[str], w: Writer) -> str:
    """Write an index of which some parts are operands."""
    left = iter(indices)
    return ", ".join(next(left) if part is None else _key(part[0], w) for part in op.template) + ","
