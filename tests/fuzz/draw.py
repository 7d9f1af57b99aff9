"""From a seed to a program, over the whole table of operations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from hashlib import md5
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.ops.matrices import inverses
from tests.composed_samples import COMPOSED_SAMPLES
from tests.fuzz.kinds import add_kinds
from tests.fuzz.programs import RULES, Leaf, Line, Program
from tests.samples import SAMPLES, Sample

ROWS = tuple(row for row in (*SAMPLES, *COMPOSED_SAMPLES) if not row.counts)
CALLED = tuple(str(row).encode() for row in ROWS)
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


def _is_of_lapack(sample: Sample) -> bool:
    """Say whether LAPACK computes what a row calls, or pocketfft."""
    op = sample.op if isinstance(sample.op, type) else type(sample.op)
    where = str(getattr(sample.op, "__module__", ""))
    return issubclass(op, inverses.OfMatrices) or "linalg" in where or "fft" in where + op.__module__


def _shapes_of(sample: Sample, inputs: list[Any]) -> Any:
    """Give the shapes that a row's results have; None if it refuses the values."""
    try:
        result = sample.call(*inputs)
    except ValueError:
        return None
    return [np.shape(x) for x in (result if isinstance(result, tuple | list) else [result])]


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
        if isinstance(value, tuple | list):
            return  # several results, which no line goes on from
        values[line] = value
        lines.append(line)
        if value.dtype.kind == "f":
            shapes[line] = value.shape
            pool.setdefault(value.shape, []).append(line)

    values: dict[Any, Any] = {}
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        for _ in range(rng.integers(1, deep)):
            sample = _pick(rng)
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
            if _is_of_lapack(sample) and not all(np.isfinite(values[x].array).all() for x in inputs):
                continue  # LAPACK's singular values never come then, and what is ∞ or NaN in an FFT hangs on its layout
            if _shapes_of(sample, [values[x] for x in inputs]) != _shapes_of(sample, sample.arrays(dtype)):
                continue  # NaN has no eigenvalues, and code keeps zeros that np.polymul leaves out
            text = f"[{sample}](" + ", ".join(f"{{{i}}}" for i in range(len(inputs))) + ")"
            keep(Line(sample.call, tuple(inputs), text.replace("{{", "{").replace("}}", "}")), values)
            for _ in range(rng.integers(0, 4)):
                shape = list(pool)[rng.integers(len(pool))]
                a, b = (pool[shape][i] for i in rng.integers(len(pool[shape]), size=2))
                text, join = JOINS[rng.integers(len(JOINS))]
                keep(Line(join, (a, b), text), values)
        kinds = np.random.default_rng((seed, 1))
        if lines and kinds.random() < 0.4:
            add_kinds(kinds, leaves, values, dict(shapes), keep)
    ends = tuple(x for x in lines if isinstance(values[x], Tensor) and values[x].requires_grad)
    if not ends:
        return None
    rule = int(rng.integers(len(RULES))) if rng.random() < 0.5 else None
    made = Program(tuple(leaves), tuple(lines), ends, rule, dtype, _alias(leaves, rng))
    return replace(made, ends=tuple(x for x in ends if rng.random() < 0.7) or ends[-1:])


def _pick(rng: Any) -> Sample:
    """Draw a row of the table: for most seeds the same one also when the table has got others (rendezvous hashing)."""
    drawn = rng.bytes(8)
    scores = [md5(drawn + called).digest() for called in CALLED]
    return ROWS[scores.index(max(scores))]


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
