"""Random programs over the whole table of operations, that can be run, shrunk and printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad import Tensor, optim
from tests.samples import SAMPLES

KINDS = ("argument", "tensor", "parameter")
LAYOUTS = ("plain", "fortran", "strided", "reversed", "read-only")
JOINS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("{0} + {1}", lambda a, b: a + b),
    ("{0} - {1}", lambda a, b: a - b),
    ("{0} * {1}", lambda a, b: a * b),
    ("{0} / ({1} * {1} + 1)", lambda a, b: a / (b * b + 1)),
    ("-{0}", lambda a, b: -a),
    ("{0} * {0} * {1}", lambda a, b: a * a * b),
    ("1 - {0}", lambda a, b: 1 - a),
    ("({0} - {1}) * ({0} + {1})", lambda a, b: (a - b) * (a + b)),
    ("{0} + {0}", lambda a, b: a + a),
    ("2.0 * {0}", lambda a, b: 2.0 * a),
    ("{0} / 4", lambda a, b: a / 4),
    ("np.where({0} > {1}, {0}, {1})", lambda a, b: np.where(a > b, a, b)),
    ("{0}.T.T.reshape({0}.shape)", lambda a, b: a.T.T.reshape(a.shape)),
    ("np.stack(({0}, {1}))[0]", lambda a, b: np.stack((a, b))[0]),
    ("np.concatenate(({0}.ravel(), {1}.ravel())).sum()", lambda a, b: np.concatenate((a.ravel(), b.ravel())).sum()),
)
POSITIVE = ("{0} * {0} * 0.1 + 0.5", lambda a: a * a * 0.1 + 0.5)
RULES: tuple[Callable[[Any], Any], ...] = (
    lambda params: optim.SGD(params, lr=0.05),
    lambda params: optim.Momentum(params, lr=0.05),
    lambda params: optim.Adam(params, lr=0.05),
)


@dataclass(frozen=True, eq=False)
class Leaf:
    """A value that is given: by an array, a Tensor among the arguments, or a parameter that the function captures."""

    array: Any
    kind: str
    layout: str = "plain"


@dataclass(frozen=True, eq=False)
class Line:
    """A value that is computed from leaves and earlier lines."""

    call: Callable[..., Any]
    inputs: tuple[Leaf | Line, ...]
    text: str


@dataclass(frozen=True, eq=False)
class Program:
    """Leaves and lines, in order; the loss adds up the ``ends``; ``rule`` is the optimizer's, if there is one.

    ``alias`` makes the argument of one number a view of the parameter of another.
    """

    leaves: tuple[Leaf, ...]
    lines: tuple[Line, ...]
    ends: tuple[Line, ...]
    rule: int | None = None
    dtype: Any = np.float64
    alias: tuple[int, int] | None = None

    def __str__(self) -> str:
        """Write the program as code that can be read."""
        names: dict[Any, str] = {}
        rows = []
        for i, leaf in enumerate(self.leaves):
            names[leaf] = f"{leaf.kind[0]}{i}"
            array = np.array2string(leaf.array, separator=", ", threshold=30).replace("\n", "")
            rows.append(f"{names[leaf]} = {leaf.kind} {leaf.array.dtype} {leaf.array.shape} {leaf.layout}: {array}")
        for i, line in enumerate(self.lines):
            names[line] = f"v{i}"
            rows.append(f"v{i} = " + line.text.format(*(names[x] for x in line.inputs)))
        rows.append("loss = " + " + ".join(f"({names[x]} * {names[x]}).sum() / 2" for x in self.ends))
        if self.rule is not None:
            rows.append(f"loss.backward(); {type(RULES[self.rule]([Tensor(1.0, requires_grad=True)])).__name__}.step()")
        if self.alias is not None:
            rows.append("leaf {} is a view of leaf {}".format(*self.alias))
        return "\n".join(rows)


class Instance:
    """A program with Tensors of its own: ``f(*arguments)`` is what is run as it is and as code."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.values: dict[Leaf, Any] = {}
        self.arguments: list[Any] = []
        self.params: list[Tensor] = []
        self.watched: list[Tensor] = []
        for leaf in program.leaves:
            array = laid_out(leaf.array, leaf.layout)
            if leaf.kind == "argument":
                self.values[leaf] = array
                self.arguments.append(array)
                continue
            t = self.values[leaf] = Tensor(array, requires_grad=True)
            self.watched.append(t)
            if leaf.kind == "parameter":
                self.params.append(t)
            else:
                self.arguments.append(t)
        if program.alias is not None:
            self.aliased(*program.alias)
        trained = [p for p in self.params if p.dtype.kind == "f"]
        self.optimizer = RULES[program.rule](trained) if program.rule is not None and trained else None
        self.slots = [leaf for leaf in program.leaves if leaf.kind != "parameter"]

    def aliased(self, argument: int, parameter: int) -> None:
        """Let an argument look at a parameter's memory."""
        leaves = self.program.leaves
        view = self.values[leaves[parameter]].data.T if leaves[argument].array.ndim > 1 else None
        array = (
            self.values[leaves[parameter]].data if view is None or view.shape != leaves[argument].array.shape else view
        )
        position = [leaf for leaf in leaves if leaf.kind != "parameter"].index(leaves[argument])
        self.arguments[position] = array

    def f(self, *arguments: Any) -> Any:
        """Compute the loss, its gradients and, with a rule, the new parameters."""
        known: dict[Any, Any] = {leaf: self.values[leaf] for leaf in self.program.leaves if leaf.kind == "parameter"}
        known.update(zip(self.slots, arguments, strict=True))
        for p in self.params:
            p.grad = None
        for line in self.program.lines:
            known[line] = line.call(*(known[x] for x in line.inputs))
        loss: Any = 0.0
        for end in self.program.ends:
            loss = loss + (known[end] * known[end]).sum() * 0.5
        loss.backward()
        grads = [p.grad for p in self.params]
        last = known[self.program.ends[-1]]
        if self.optimizer is not None:
            last = last * 1.0  # it may look at a parameter's memory, which the step changes
        if self.optimizer is not None:
            self.optimizer.step()
        return loss, last, *grads

    def outcome(self, call: Callable[..., Any]) -> list[Any]:
        """Run a function, ``f`` or its code, twice, with other arguments the second time; give all that it leaves."""
        found = []
        for turn in range(2):
            if turn:
                self.arguments = [turned(x) for x in self.arguments]
                for t in self.watched:
                    t.grad = None
            found += [_plain(x) for x in call(*self.arguments)]
            found += [_plain(x.grad) for x in self.arguments if isinstance(x, Tensor)]
            found += [p.data.copy() for p in self.params]
        return found


def _plain(x: Any) -> Any:
    return None if x is None else np.array(x.data if isinstance(x, Tensor) else x)


def turned(x: Any) -> Any:
    """Give an argument with its elements in another order, still in its domain."""
    if isinstance(x, Tensor):
        return Tensor(np.roll(x.data, 1).copy(), requires_grad=True)
    return np.roll(x, 1)


def laid_out(array: Any, layout: str) -> Any:
    """Give a copy of an array that lies in memory in some way."""
    if layout == "fortran":
        return np.array(array, order="F", copy=True)
    if layout == "strided" and array.ndim:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if layout == "reversed" and array.ndim:
        return array[::-1].copy()[::-1]
    copy = array.copy()
    copy.flags.writeable = layout != "read-only"
    return copy


def program(seed: int, deep: int = 5) -> Program | None:
    """Draw a program; None if nothing in it has a gradient."""
    rng = np.random.default_rng(seed)
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    odd = rng.random() < 0.15
    pool: dict[tuple[int, ...], list[Any]] = {}
    leaves: list[Leaf] = []
    lines: list[Line] = []
    shapes: dict[Any, tuple[int, ...]] = {}

    def leaf(array: Any) -> Leaf:
        kind = KINDS[rng.choice(3, p=(0.25, 0.15, 0.6))]
        layout = LAYOUTS[rng.integers(len(LAYOUTS))] if kind != "parameter" and rng.random() < 0.4 else "plain"
        if odd and array.size and rng.random() < 0.5:
            array = array.copy()
            array.flat[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 800.0])
        leaves.append(Leaf(array, kind, layout))
        return leaves[-1]

    def keep(line: Line, values: dict[Any, Any]) -> None:
        value = line.call(*(values[x] for x in line.inputs))
        values[line] = value
        lines.append(line)
        if value.dtype.kind == "f":
            shapes[line] = value.shape
            pool.setdefault(value.shape, []).append(line)

    values: dict[Any, Any] = {}
    with np.errstate(all="ignore"):
        for _ in range(rng.integers(1, deep)):
            sample = SAMPLES[rng.integers(len(SAMPLES))]
            inputs: list[Any] = []
            for array in sample.arrays(dtype):
                known = pool.get(array.shape, [])
                if known and rng.random() < 0.7:
                    x = known[rng.integers(len(known))]
                    if sample.low > 0:
                        keep(Line(POSITIVE[1], (x,), POSITIVE[0]), values)
                        x = lines[-1]
                else:
                    x = leaf(array)
                    values[x] = Tensor(x.array, requires_grad=x.kind != "argument")
                    shapes[x] = array.shape
                    pool.setdefault(array.shape, []).append(x)
                inputs.append(x)
            text = f"[{sample}](" + ", ".join(f"{{{i}}}" for i in range(len(inputs))) + ")"
            keep(Line(sample.call, tuple(inputs), text.replace("{{", "{").replace("}}", "}")), values)
            for _ in range(rng.integers(0, 4)):
                shape = list(pool)[rng.integers(len(pool))]
                a, b = (pool[shape][i] for i in rng.integers(len(pool[shape]), size=2))
                text, join = JOINS[rng.integers(len(JOINS))]
                keep(Line(join, (a, b), text), values)
    ends = tuple(x for x in lines if values[x].dtype.kind == "f" and values[x].requires_grad)
    if not ends:
        return None
    rule = int(rng.integers(len(RULES))) if rng.random() < 0.5 else None
    made = Program(tuple(leaves), tuple(lines), ends, rule, dtype, _alias(leaves, rng))
    return replace(made, ends=tuple(x for x in ends if rng.random() < 0.7) or ends[-1:])


def _alias(leaves: list[Leaf], rng: Any) -> tuple[int, int] | None:
    """Let some argument look at some parameter of its shape, or of the transposed one."""
    pairs = [
        (i, j)
        for i, a in enumerate(leaves)
        for j, b in enumerate(leaves)
        if (a.kind, b.kind) == ("argument", "parameter")
        and a.array.shape in (b.array.shape, b.array.shape[::-1])
        and a.array.dtype == b.array.dtype
        and a.array.size
        and np.isfinite(b.array).all()
        and (a.array > 0).all() == (b.array > 0).all()
    ]
    return pairs[rng.integers(len(pairs))] if pairs and rng.random() < 0.5 else None


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
