"""Random functions with loops, eagerly and as code whose loops are rolled: values, gradients and gradients of these.

``python -m tests.fuzz.loops --seconds 60 --seed 0`` stops at the first seed at which two ways disagree. A loop carries
one to three values, vectors or numbers; its body takes them, parameters, rows of an array that go up, down or in any
order, what stands at places that arrays name, and constants, through random operations; some of what it makes is kept
in a list, summed up, dropped, or assigned to a part of an array that later turns read; there are masks, turns that go
on from elsewhere, lists of states, loops in loops, and loops after loops. It is taken 0, 1, 2 or many times; of some,
which are taken often, few turns are traced.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np

import minigrad
from minigrad import Tensor
from minigrad.compiler.rolling import planning
from tests.interpreted import interpreted

SIZE = 3
COUNTS = (0, 1, 2, 3, 8, 9, 12, 20)
LONG = 96  # turns more, of a loop of which few are traced
Function = Callable[[Any, Any, Any], Any]

MEETINGS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (1.5 + b * b),
    np.maximum, lambda a, b: np.where(a > b, a, 0.5 * b),
)  # fmt: skip
CHANGES: tuple[Callable[[Any], Any], ...] = (
    np.tanh, np.sin, np.cos, lambda a: np.exp(-a * a), lambda a: 0.3 * a, lambda a: 1 - a, lambda a: a**2,
    lambda a: minigrad.sigmoid(a), lambda a: np.where(a > 0, a, 0.1 * a),
)  # fmt: skip


NUMBERS = np.arange(max(COUNTS) + SIZE + LONG) * 7 % 5 % SIZE


def write_in(row: Any, W: Any, t: int) -> Any:
    """Give a row of which two elements are written anew, at places that are listed."""
    y = row + 0 * W[0]
    y[[0, 2]] = W[0, :2] * row[1:]
    return y


# What is read, or written, at places that are known when the code runs, or that no slice is.
PICKED: tuple[Callable[[Any, Any, int], Any], ...] = (
    lambda row, W, t: W[:, Tensor(NUMBERS)[t]], lambda row, W, t: W[Tensor(NUMBERS)[t]],
    lambda row, W, t: W[1:, Tensor(NUMBERS)[t]].sum() * row,
    lambda row, W, t: (row + 0 * W[0])[Tensor(NUMBERS)[t : t + SIZE]],
    lambda row, W, t: W[:, np.argmax(row)], write_in,
)  # fmt: skip


class Drawn:
    """A body of a loop: lines, each of which is computed from what there is."""

    def __init__(self, rng: np.random.Generator, depth: int = 0) -> None:
        self.count = int(rng.choice(COUNTS if depth == 0 else COUNTS[:5]))
        self.carried = int(rng.integers(1, 4))
        self.numbers = bool(rng.integers(4) == 0)
        self.lines = [rng.integers(1 << 30, size=4) for _ in range(int(rng.integers(2, 7)))]
        self.new = rng.integers(1 << 30, size=self.carried)
        self.keeps, self.sums = bool(rng.integers(2)), bool(rng.integers(2))
        self.down, self.lag = bool(rng.integers(2)), bool(rng.integers(4) == 0)
        self.masked, self.varying = bool(rng.integers(4) == 0), bool(rng.integers(5) == 0)
        self.inner = Drawn(rng, depth + 1) if depth == 0 and rng.integers(4) == 0 else None
        self.turns: Callable[[int], Any] = range
        self.counted, self.picks = False, 0
        self.cut, self.way = (), 0
        self.fills, self.order, self.passes, self.mask = "", list[int](), 0, list[bool]()

    def break_off(self, rng: np.random.Generator) -> None:
        """Go on from somewhere else in some turns: every few, or any."""
        every = int(rng.integers(2, 8))
        turns = range(self.count) if rng.integers(2) else np.flatnonzero(rng.integers(3, size=self.count)) * every
        self.cut, self.way = tuple(int(t) for t in turns if t % every == 0), int(rng.integers(4))

    def lengthen(self, rng: np.random.Generator) -> None:
        """Be taken so often that few turns are traced, unless something is kept of each."""
        self.count, self.turns = self.count + LONG if self.count > 3 else self.count, minigrad.steps
        if rng.integers(4):
            self.keeps = self.varying = False

    def fill(self, rng: np.random.Generator) -> None:
        """Keep something of each turn in an array, take rows in another order, or hand a list of states on."""
        self.fills = str(rng.choice(["", "rows", "columns", "parts", "sums", "twice"]))
        if rng.integers(3) == 0:
            few = list(range(self.count))
            self.order = [*(rng.permutation(few) if rng.integers(2) else few[::-1])]
        self.passes = int(rng.choice([0, 0, 0, 2, 8]))
        self.mask = [*(rng.random(self.count) > 0.4)] if rng.integers(4) == 0 else []

    def write(self, H: Any, t: int, value: Any) -> None:
        """Assign to the part of an array that the next turn reads."""
        if self.fills == "columns":
            H[:, t + 1] = value
        elif self.fills == "parts":
            H[t + 1, 0] = value[1]
            H[t + 1, 1:] = value[:2] * H[t + 1, 0]
        elif self.fills == "sums":
            H[t + 1] += value
        else:
            H[t + 1] = value
        if self.fills == "twice":
            H[t + 1] = H[t + 1] + H[t]

    def pass_on(self, states: list[Any], W: Any) -> list[Any]:
        """Compute a list of states anew, as often as it is to be."""
        for _ in range(self.passes):
            states = [np.tanh(x @ W + 0.1 * y) for x, y in zip(states, states[1:] + states[:1], strict=True)]
        return states

    def run(self, state: list[Any], X: Any, W: Any, b: Any) -> tuple[list[Any], list[Any]]:
        """Run the loop from a state on; give the state after it, and what else came of it."""
        kept, total, before = [], None, state[0]
        H: Any = 0 * (X.T + b[:, None] if self.fills == "columns" else X + b) if self.fills else None
        for t in self.turns(self.count):
            at = self.order[t] if self.order else t
            row = X[len(X) - 1 - at] if self.down else X[at]
            known = [*state, row, b] + ([before] if self.lag else []) + ([0.1 * t] if self.varying else [])
            known += [t + 1, -1 / (t + 1)] if self.counted else []
            if t in self.cut:
                known = [self.other(known[0], row, b), *known[1:]]
            known += [PICKED[self.picks - 1](row, W, t)] if self.picks else []
            known += [H[:, t] if self.fills == "columns" else H[t]] if self.fills else []
            if self.numbers:
                known = [x.sum() if np.ndim(x) else x for x in known]
            for line in self.lines:
                known.append(self.line(line, known, W))
            if self.inner is not None:
                begin = [known[-1 - i] + 0 * row for i in range(self.inner.carried)]
                inner, more = self.inner.run(begin, X, W, b)
                known += [*inner, *(x for x in more if np.shape(x) == (SIZE,))]
            before = state[0]
            new = [np.tanh(known[-1 - int(n) % len(self.lines)]) for n in self.new]
            if self.masked:
                new = [np.where(row > 0, x, 0.9 * y) for x, y in zip(new, state, strict=True)]
            if self.mask:
                new = [np.where(self.mask[t], x, y) for x, y in zip(new, state, strict=True)]
            state = new
            if self.fills:
                self.write(H, t, known[-1] + 0 * row)
            kept += [known[-1]] if self.keeps else []
            total = known[-2] if total is None else total + known[-2]
        kept = self.pass_on(kept, W) if self.passes and all(np.shape(x) == (SIZE,) for x in kept) else kept
        return state, [*kept, *([H] if self.fills else []), *([total] if self.sums and total is not None else [])]

    def other(self, x: Any, row: Any, b: Any) -> Any:
        """Give what a turn takes in the place of what it is handed: no gradient, a row, a beginning, or a bit of it."""
        if self.way == 0:
            return x.detach() if hasattr(x, "detach") else x
        return (row, 0.5 * b, 0.5 * x)[self.way - 1]

    def line(self, line: Sequence[int], known: Sequence[Any], W: Any) -> Any:
        """Compute one line."""
        kind, i, j, k = map(int, line)
        a, b = known[i % len(known)], known[j % len(known)]
        if kind % 4 == 0 and np.shape(a) == (SIZE,):
            return a @ W
        return MEETINGS[k % len(MEETINGS)](a, b) if kind % 4 < 3 else CHANGES[k % len(CHANGES)](a + 0 * b)


def draw_function(seed: int) -> tuple[Function, list[Any]]:
    """Give a function of X, W and b, which gives a number, and arguments."""
    rng = np.random.default_rng(seed)
    loops = [Drawn(rng) for _ in range(int(rng.integers(1, 3)))]
    dtype = np.float32 if rng.integers(4) == 0 else np.float64
    long = seed >= 20_000_000 and np.random.default_rng((seed, 2)).integers(8) == 0
    for loop in loops if long else ():
        loop.lengthen(rng)
    for loop in loops if seed >= 31_000_000 else ():  # each turn has numbers of its own, whole ones among them
        loop.counted = bool(np.random.default_rng((seed, 3)).integers(2))
    for loop in loops if seed >= 33_000_000 else ():  # some turns go on from somewhere else
        loop.break_off(np.random.default_rng((seed, 5)))
    for loop in loops if seed >= 34_000_000 else ():  # places that are known when the code runs
        loop.picks = int(np.random.default_rng((seed, 6)).integers(len(PICKED) + 1))
    again = seed >= 32_000_000 and np.random.default_rng((seed, 4)).integers(3) == 0  # the same, of another array
    loops = [loops[0]] * 2 if again else loops
    for i, loop in enumerate(loops if seed >= 40_000_000 and not long else ()):
        loop.fill(np.random.default_rng((seed, 4, i)))
    shapes = ((max(COUNTS) + 1 + LONG * long, SIZE), (SIZE, SIZE), (SIZE,))
    apart = np.random.default_rng((seed, 1))
    dtypes = apart.choice([np.float32, np.float64], 3) if apart.integers(4) == 0 else [dtype] * 3
    arguments = [(rng.standard_normal(shape) * 0.5).astype(kind) for shape, kind in zip(shapes, dtypes, strict=True)]

    other = arguments[0][::-1].copy()

    def f(X: Any, W: Any, b: Any) -> Any:
        state, ends = [b * 0.5, b + X[0], X[1] * b], []
        for i, loop in enumerate(loops):
            state, more = loop.run(state[: loop.carried], other if again and i else X, W, b)
            state = [*state, b, b][:3]
            ends += more
        return sum((np.sum(x * x) for x in [*state, *ends]), 0 * b[0])

    return f, arguments


def differentiate(f: Function, order: int) -> Function:
    """Give the value and its gradients by all arguments, or those of the first gradient's square."""
    if order == 1:
        return minigrad.value_and_grad(f, (0, 1, 2))

    def squared(*args: Any) -> Any:
        return sum((np.sum(g * g) for g in minigrad.grad(f, (0, 1, 2))(*args)), 0.0)

    return minigrad.value_and_grad(squared, (0, 1, 2))


def outcome(f: Function, arguments: Sequence[Any]) -> list[Any]:
    """Give all numbers that a function gives."""
    value, gradients = f(*arguments)
    return [np.asarray(x.data if isinstance(x, Tensor) else x) for x in (value, *gradients)]


def find_wrong(seed: int, backends: Sequence[str]) -> str | None:
    """Say where code differs from the function itself, if it does."""
    f, arguments = draw_function(seed)
    for order in (1, 2) if seed % 3 == 0 else (1,):
        g = differentiate(f, order)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = outcome(g, arguments)
            for backend in backends:
                chosen: Any = backend
                if backend == "interpreted":
                    chosen = import_module("minigrad.compiler.native.backend").NativeBackend(interpreted)
                step = minigrad.compile(g, backend=chosen, exact=seed % 5 == 0)
                short = 0 if seed >= 33_000_000 else planning.SHORT  # small steps are looked at as long ones
                with patch.object(planning, "SHORT", short):
                    for _ in range(2):  # what a loop leaves in its memory must not matter to the next call
                        found = outcome(step, arguments)
                for i, (a, b) in enumerate(zip(wanted, found, strict=True)):
                    exact = all(x.dtype == np.float64 for x in arguments)
                    bound = (1e-9 if exact else 1e-3) * (1 + np.abs(a).max(initial=0))
                    if a.dtype != b.dtype or a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=bound):
                        return f"{backend}, order {order}, result {i}: {a} and {b}"
    return None


def main() -> None:
    """Check seeds for some time."""
    parser = argparse.ArgumentParser(description="Compares random loops, run in every way, until two disagree.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backends", default="numpy,interpreted")
    given = parser.parse_args()
    seed, end = given.seed, time.monotonic() + given.seconds
    while time.monotonic() < end:
        found = find_wrong(seed, given.backends.split(","))
        if found is not None:
            raise SystemExit(f"seed {seed}\n{found}")
        seed += 1
    print(f"seeds {given.seed} to {seed - 1} agree")


if __name__ == "__main__":
    main()
