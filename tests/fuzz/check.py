"""A program run eagerly, as NumPy code, as native code, and against finite differences, and what differs.

Values, shapes and dtypes must agree. In a program in which something is NaN, infinite, or so large that its cube is,
values may differ, since the simplifier cancels singularities, gives the limit there, and gathers factors; as ``exact``
NumPy code, which such programs are run by, they must agree all the same. A difference counts only if it is larger than
what the eager result itself does when its inputs change in the last place, so that a comparison of two equal numbers,
or a cancellation, is no finding. ``interpreted`` is the native source run by Python; it takes no time to compile, so
every program goes through it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from minigrad import Tensor, compile
from minigrad.compiler.record import Record
from minigrad.compiler.varying import Varying
from tests.fuzz.draw import program
from tests.fuzz.programs import STEPS, Instance, Program
from tests.fuzz.shrink import smaller
from tests.interpreted import interpreted

TOLERANCE = {"float64": 1e-9, "float32": 2e-4}
BACKENDS = ("numpy", "interpreted", "exact", "native")
NEAR = 8  # programs near by with which another result than the eager one is compared
STEP = 1e-6  # of a finite difference


class Traced(Varying):
    """What a function does, as another trace of it has found: the code for one more backend needs no trace."""

    def __init__(self, known: Record) -> None:
        super().__init__()
        self.known: Record | None = known

    def record(self, *call: Any, **options: Any) -> Record:
        """Give the record, for one call; the next is traced."""
        known, self.known = self.known, None
        return super().record(*call, **options) if known is None else known


class Runs:
    """Runs of a program, eagerly or on a backend: all that are compiled go by one trace, as long as that holds."""

    def __init__(self, given: Program) -> None:
        self.instance, self.record = Instance(given), None

    def run(self, backend: str) -> list[Any]:
        """Run the program on a backend."""
        self.instance.restart()
        asked: Any = "native" if backend == "native" else "numpy"
        if backend == "interpreted":
            asked = import_module("minigrad.compiler.native.backend").NativeBackend(interpreted)
        step = compile(self.instance.f, backend=asked, exact=backend == "exact")
        if self.record is not None:
            step._varying = Traced(self.record)
        elif len(self.instance.program.lines) % 3 == 0:  # as if it asked for types: its first call looks at the trace
            step._asks.looked = step._asks.known = True
        found = self.instance.outcome(step)
        if self.record is None and step.cache_info().misses == 1:
            self.record = step._last.record
        refused = step.report().refused
        if step.backend == "native" or refused:
            NATIVE["; ".join(str(refusal) for _, refusal in refused) or "native"] += 1
        return found


NATIVE = Counter[str]()  # why steps were not written as native code


def results(given: Program, backend: str | None, runs: Runs | None = None) -> list[Any]:
    """Run a program, eagerly or on a backend."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if backend is not None:
            return (runs or Runs(given)).run(backend)
        instance = Instance(given)
        return instance.outcome(instance.f)


def moved(given: Program, seed: int = 0) -> Program:
    """Give the program with every number in its leaves, and every gradient, changed in its last places."""
    rng = np.random.default_rng(seed)
    becomes: dict[Any, Any] = {}
    for leaf in given.leaves:
        step = STEPS.get(leaf.array.dtype.name, 0) * rng.uniform(-2, 2, leaf.array.shape)
        array = (leaf.array * (1 + step) + step).astype(leaf.array.dtype)
        becomes[leaf] = replace(leaf, array=np.where(np.isfinite(leaf.array), array, leaf.array))
    for line in given.lines:
        becomes[line] = replace(line, inputs=tuple(becomes[x] for x in line.inputs))
    return replace(
        given, leaves=tuple(becomes[x] for x in given.leaves), lines=tuple(becomes[x] for x in given.lines),
        ends=tuple(becomes[x] for x in given.ends), rough=1 + seed,
    )  # fmt: skip


def is_regular(given: Program, results: list[Any]) -> bool:
    """Say whether the cubes of all results are finite, and those of all that they are computed from.

    And whether no angle hangs on the sign of a 0, which algebra may change.
    """
    instance = Instance(given)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = instance.compute_lines(instance.arguments)
    for line in given.lines:
        if "arctan2" in line.text:
            y, x = (known[part] for part in line.inputs[:2])
            if np.any((y == 0) & (x <= 0)):
                return False
    values = [*results, *(x.data if isinstance(x, Tensor) else x for x in known.values())]
    return all((np.abs(x) < _largest(x)).all() for x in values if x is not None)


def _largest(x: Any) -> float:
    """Give what no value of a regular program may reach, ∞ for whole numbers."""
    dtype = np.asarray(x).dtype
    return float(np.finfo(dtype).max) ** (1 / 3) if dtype.kind in "fc" else np.inf


def difference(eager: list[Any], near: list[Any], other: list[Any], exact: bool = False) -> str | None:
    """Say where the results of two runs differ, if they do; ``near`` are those of inputs a little off.

    NaN and infinities are compared with NaN and infinities if they are to be ``exact``.
    """
    for number, (a, n, b) in enumerate(zip(eager, near, other, strict=True)):
        if a is None or b is None:
            if a is not b:
                return f"result {number}: {a} and {b}"
            continue
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"result {number}: {a.dtype} {a.shape} and {b.dtype} {b.shape}"
        if a.dtype.kind != "f":
            if ((a != b) & (a == n)).any():  # bit for bit, unless a comparison of floats decides
                return f"result {number}: {a} and {b}"
            continue
        finite = np.isfinite(a)
        with np.errstate(all="ignore"):
            scale = 1 + np.abs(np.where(finite, a, 0)).max(initial=0.0)
            unsteady = np.where(np.isfinite(n), np.abs(n - a), np.inf)
            coarse = max(TOLERANCE.get(x.dtype.name, 0) for x in (a, *(y for y in eager if y is not None)))
            allowed = coarse * scale + 1000 * unsteady
            wrong = finite & ~(np.abs(b - a) <= allowed)
            if exact:
                wrong |= ~finite & _same(a, n) & ~_same(a, b)
        if wrong.any():
            return f"result {number}: {a} and {b}"
    return None


def _same(a: Any, b: Any) -> Any:
    return (a == b) | (np.isnan(a) & np.isnan(b))


def slope(given: Program) -> str | None:
    """Compare the eager gradient with finite differences along one direction, where these agree with each other."""
    given = replace(given, rule=None, alias=None)
    if given.dtype != np.float64 or any(not np.isfinite(x.array).all() for x in given.leaves):
        return None
    instance = Instance(given)
    moving = [t for t in instance.watched if t.dtype == np.float64]
    if not moving:
        return None
    rng = np.random.default_rng(1)
    start = [t.data.copy() for t in moving]
    directions = [rng.standard_normal(t.shape) for t in moving]

    def loss(step: float) -> float:
        for t, x, d in zip(moving, start, directions, strict=True):
            t.data = x + step * d
        return float(instance.f(*instance.arguments)[0].data)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for t in instance.watched:
            t.grad = None
        instance.f(*instance.arguments)
        found = sum(
            float((t.grad.data * d).sum()) for t, d in zip(moving, directions, strict=True) if t.grad is not None
        )
        here = loss(0.0)
        estimates = [(loss(h) - here) / h for h in (-2 * STEP, -STEP, STEP, 2 * STEP)]
    one, size = sum(estimates) / 4, abs(here)
    if not np.isfinite([*estimates, found, size]).all() or np.ptp(estimates) > 1e-3 * (abs(one) + size + 1):
        return None  # a kink, or too steep
    return None if abs(found - one) <= 2e-3 * (abs(one) + size + 1) else f"slope: {found}, finite difference {one}"


def wrong(given: Program, backends: tuple[str, ...]) -> str | None:
    """Say what is wrong with a program, if anything."""
    try:
        eager, near = results(given, None), results(moved(given), None)
    except Exception:  # a smaller program that makes no sense
        return None
    if found := slope(given):
        return found
    regular, runs = is_regular(given, eager), Runs(given)
    for backend in backends:
        if backend == "exact" and regular:
            continue
        try:
            other = results(given, backend, runs)
        except Exception as error:
            return f"{backend}: {type(error).__name__}: {error}"
        if not regular and backend != "exact":
            continue
        found = difference(eager, near, other, not regular)
        for seed in range(1, NEAR) if found else ():  # a number that hits 0 is so by chance near by, too
            found = found and difference(eager, results(moved(given, seed), None), other, not regular)
        if found:
            return f"{backend}: {found}"
    return None


def smallest(given: Program, fails: Callable[[Program], bool]) -> Program:
    """Make a program smaller for as long as it fails."""
    while True:
        for candidate in smaller(given):
            if fails(candidate):
                given = candidate
                break
        else:
            return given


def check(seed: int, backends: tuple[str, ...]) -> str | None:
    """Say what is wrong with the program of a seed: its smallest form, and the difference."""
    given = program(seed)
    if given is None:
        return None
    found = wrong(given, backends)
    if found is None:
        return None
    alone = tuple(b for b in backends if found.startswith(f"{b}:"))
    backend = alone if wrong(given, alone) is not None else backends
    small = smallest(given, lambda p: wrong(p, backend) is not None)
    return f"seed {seed}\n{small}\n{wrong(small, backend)}"
