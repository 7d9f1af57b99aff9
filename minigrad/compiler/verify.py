"""Verification: some calls are made by the function itself as well, and what the code does is compared with that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import Any

import numpy as np

from minigrad.compiler.record import Record, flatten_leaves
from minigrad.compiler.trace.outside import asks_for_types
from minigrad.compiler.trace.sources import Draw, State
from minigrad.engine.tensor import Tensor

# How far results may be apart: the order of operations differs, and sums of many terms add up what that makes.
TOLERANCE = {"f2": 2e-2, "f4": 1e-4, "f8": 1e-8, "c8": 1e-4}

ROUGH = 1e-3  # what no rounding makes


class DifferenceError(AssertionError):
    """The code of a compiled function has computed something else than the function."""


class Schedule:
    """Which calls are verified: the ``first`` ones, and every so many after those."""

    def __init__(self, first: int, every: int | None) -> None:
        if index(first) < 0 or (every is not None and index(every) < 1):
            raise ValueError(f"compile: verify must be 0 or more and verify_every 1 or more, not {first} and {every}")
        self.first, self.every, self.calls = int(first), every, 0

    @property
    def is_over(self) -> bool:
        """Whether no later call will be verified."""
        return self.every is None and self.calls >= self.first

    def is_due(self) -> bool:
        """Count a call, and say whether it is to be verified."""
        self.calls += 1
        return self.calls <= self.first or (self.every is not None and self.calls % self.every == 0)


class Asking:
    """Whether a function asks what type something has, as isinstance does: of what is traced that is another."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.known = f, False
        self.looked = False

    def __call__(self, args: tuple[Any, ...]) -> bool:
        """Say so, from the code of the function and of those that it calls."""
        if not self.looked:
            self.known, self.looked = asks_for_types(self.f, args), True
        return self.known


class _State:
    """What a call may change: arrays of Tensors and of update rules, gradients, generators."""

    def __init__(self, record: Record, arguments: Sequence[Any]) -> None:
        tensors = [*(t for t, _ in record.leaves), *(x for x in arguments if isinstance(x, Tensor))]
        self.tensors = [(t.name or f"tensor {i}", t) for i, t in enumerate(tensors)]
        updated = [record.inputs[node] for node, _ in record.updates]
        states = [source for source in updated if isinstance(source, State)]
        self.states = [(f"{s.name} of {s.owner or 'a parameter'}", s.state, s.name) for s in states]
        self.rngs = [source.rng for source in record.inputs.values() if isinstance(source, Draw)]
        self.used_up = {id(arguments[t] if isinstance(t, int) else t) for t, g in record.grads if g is None}
        self.arrays = [(t, t.array, np.copy(t.array), t.stored_grad) for _, t in self.tensors]
        self.grads = [None if g is None else np.copy(g.array) for _, _, _, g in self.arrays]
        self.values = [np.copy(state[name]) for _, state, name in self.states]
        self.drawn = [rng.bit_generator.state for rng in self.rngs]

    def take(self) -> dict[str, Any]:
        """Give all of it as it is now, by what it is called."""
        found: dict[str, Any] = {f"{name} after the call": np.copy(t.array) for name, t in self.tensors}
        for name, t in self.tensors:
            if id(t) not in self.used_up:
                found[f"the gradient of {name}"] = None if t.stored_grad is None else np.copy(t.stored_grad.array)
        return found | {called: np.copy(state[name]) for called, state, name in self.states}

    def put_back(self) -> None:
        """Make it what it was."""
        for (t, array, content, grad), g in zip(self.arrays, self.grads, strict=True):
            if isinstance(array, np.ndarray) and array.flags.writeable:
                array[...] = content
            if t.array is not array:
                t.array = array
            t.stored_grad = grad
            if grad is not None and isinstance(grad.array, np.ndarray):
                grad.array[...] = g
        for (_, state, name), content in zip(self.states, self.values, strict=True):
            state[name][...] = content
        for rng, drawn in zip(self.rngs, self.drawn, strict=True):
            rng.bit_generator.state = drawn


def verify_call(
    f: Callable[..., Any],
    code: Callable[..., Any],
    record: Record,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    roughly: bool = False,
) -> Any:
    """Call the function, undo what that changed, call its code, and give the result of that.

    Raises ``DifferenceError``, with all as it was before, at the first value in which the two differ; ``roughly``, if
    only what is finite counts, and not by what rounding makes.
    """
    arguments: list[Any] = []
    flatten_leaves((args, kwargs), arguments)
    state = _State(record, arguments)
    try:
        expected = f(*args, **kwargs)
        results = [
            (name, np.copy(x.array) if isinstance(x, Tensor) else x) for name, x in _parts("the result", expected)
        ]
        changed = state.take()
    finally:
        state.put_back()
    found = code(*args, **kwargs)
    of_results = max((_largest(x) for _, x in results), default=0.0) if roughly else 0.0
    pairs = [(*pair, of_results) for pair in zip(results, _parts("the result", found), strict=False)]
    largest = max(map(_largest, changed.values()), default=of_results)
    pairs += [((name, changed[name]), (name, value), largest) for name, value in state.take().items()]
    for (name, a), (_, b), scale in pairs:
        difference = _difference(a, b, scale, roughly)
        if difference:
            state.put_back()
            called = getattr(f, "__name__", type(f).__name__)
            raise DifferenceError(
                f"compile: the code of {called} differs from the function itself: {name} {difference}. It may depend "
                f"on something that is not watched (see compile's docstring): pass that as an argument. Or it asks for "
                f"the type of a value, which is another while it is traced: decide by what is no array or float."
            )
    return found


def _parts(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    """Give what is in nested tuples, lists and dicts, by where it is."""
    if isinstance(x, tuple | list):
        for i, part in enumerate(x):
            yield from _parts(f"{name}[{i}]", part)
    elif isinstance(x, dict):
        for key, part in x.items():
            yield from _parts(f"{name}[{key!r}]", part)
    else:
        yield name, x


def _largest(x: Any) -> float:
    """Give the largest finite size of an element, 0 of what is no array of floating point."""
    x = np.asarray(x.array if isinstance(x, Tensor) else x)
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x))) if x.dtype.kind in "fc" else 0.0


def _difference(a: Any, b: Any, scale: float, roughly: bool) -> str:
    """Say how the code's value b differs from the function's a; nothing if it does not.

    What is 0 but for the rounding of values of a ``scale``, as the gradient of a bias before a normalization is, may be
    any of that rounding.
    """
    if a is None or b is None:
        return "" if a is b else f"is {_shown(a)}, and the code gives {_shown(b)}"
    a, b = (np.asarray(x.array if isinstance(x, Tensor) else x) for x in (a, b))
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return f"is {a.dtype} {a.shape}, and the code gives {b.dtype} {b.shape}"
    if a.dtype.kind not in "fc":
        return "" if np.array_equal(a, b) else f"is {_shown(a)}, and the code gives {_shown(b)}"
    tolerance = ROUGH if roughly else TOLERANCE.get(a.dtype.str[1:], 1e-8)
    noise = (ROUGH**2 if roughly else 8 * np.finfo(a.dtype).eps) * scale
    wrong = ~np.isclose(b, a, rtol=tolerance, atol=max(tolerance * _largest(a), noise), equal_nan=True)
    wrong &= np.isfinite(a) if roughly else True
    if not wrong.any():
        return ""
    where = tuple(int(i[0]) for i in np.nonzero(wrong)) if a.ndim else ()
    at = f" at {list(where)}" if where else ""
    return f"is {a[where]}{at}, and the code gives {b[where]}"


def _shown(x: Any) -> str:
    return "None" if x is None else np.array2string(np.asarray(x), threshold=10)
