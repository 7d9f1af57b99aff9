"""Verification: some calls are made by the function itself as well, and what the code does is compared with that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.calls.leaves import flatten_leaves, list_objects
from minigrad.compiler.calls.puts import find_part, keep_contents
from minigrad.compiler.calls.results import Made, Output
from minigrad.compiler.record import Record
from minigrad.compiler.reference import Reference
from minigrad.compiler.trace.containers import Place
from minigrad.compiler.trace.links import SCALARS
from minigrad.compiler.trace.outside import asks_for_types
from minigrad.compiler.trace.sources import Data, Draw, State
from minigrad.engine.messages.arguments import check_count
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.trees import is_leaf, list_parts
from minigrad.ops.common.libraries import bring, is_other

Part = tuple[str, Any]  # something, and before it what it is called
THE_RESULT = "the result"

# How far results may be apart: the order of operations differs, and sums of many terms add up what that makes.
TOLERANCE = {"f2": 2e-2, "f4": 1e-4, "f8": 1e-8, "c8": 1e-4}


class DifferenceError(AssertionError):
    """The code of a compiled function has computed something else than the function."""


class Schedule:
    """Which calls are verified: the ``first`` ones, and every so many after those."""

    def __init__(self, first: int, every: int | None) -> None:
        self.first = check_count("compile", "verify", int(first) if isinstance(first, bool) else first, least=0)
        self.every = None if every is None else check_count("compile", "verify_every", every)
        self.calls = 0

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

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Say so, from the code of the function and of those that it calls."""
        if not self.looked:
            self.known, self.looked = asks_for_types(self.f, args, list_objects((args, kwargs))), True
        return self.known


class _State:
    """What a call may change: arrays of Tensors and of update rules, gradients, generators."""

    def __init__(self, record: Record, arguments: Sequence[Any]) -> None:
        self.record, self.arguments = record, arguments
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
        self.written = [(arguments[i], np.copy(arguments[i])) for i in record.written]
        self.drawn = [rng.bit_generator.state for rng in self.rngs]

    def take(self) -> list[Part]:
        """Give all of it as it is now, with what it is called."""
        found: list[Part] = [(f"{name} after the call", np.copy(t.array)) for name, t in self.tensors]
        kept = [(name, t.stored_grad) for name, t in self.tensors if id(t) not in self.used_up]
        found += [(f"the gradient of {name}", None if g is None else np.copy(g.array)) for name, g in kept]
        found += [(called, np.copy(state[name])) for called, state, name in self.states]
        return found + [(f"argument {i} after the call", np.copy(self.arguments[i])) for i in self.record.written]

    def number(self) -> list[int | None]:
        """Say which of what the record computes each of it becomes; None for what a call leaves as it is."""
        record, first = self.record, len(self.record.returned)
        numbers: dict[Any, int] = {record.inputs[node].key: first + i for i, (node, _) in enumerate(record.updates)}
        first += len(record.updates)
        with_gradient = [self.arguments[t] if isinstance(t, int) else t for t, g in record.grads if g is not None]
        numbers |= {id(t): first + i for i, t in enumerate(with_gradient)}
        found = [numbers.get(Data(t).key) for _, t in self.tensors]
        found += [numbers.get(id(t)) for _, t in self.tensors if id(t) not in self.used_up]
        found += [numbers.get(State(state, name, None).key) for _, state, name in self.states]
        last = len(record.returned)
        return [*found, *range(last - len(record.written), last)]

    def call(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[list[Part]]:
        """Call a function; give what it returns and puts into containers, and all of this, and undo it."""
        put_back = keep_contents((args, kwargs))
        try:
            result = f(*args, **kwargs)
            found = [*_parts(THE_RESULT, result), *_list_puts(self.record, args, kwargs)]
            # What is returned is copied: it may be one of the arguments, which are put back.
            kept = [
                (name, np.copy(getattr(x, "array", x)) if isinstance(x, Tensor | np.ndarray) else x)
                for name, x in found
            ]
            return [kept, self.take()]
        finally:
            put_back()
            self.put_back()

    def put_back(self) -> None:
        """Make it what it was."""
        for (t, array, content, grad), g in zip(self.arrays, self.grads, strict=True):
            if is_other(array) or (isinstance(array, np.ndarray) and array.flags.writeable):
                array[...] = content
            if t.array is not array:
                t.array = array
            t.stored_grad = grad
            if grad is not None and (is_other(grad.array) or isinstance(grad.array, np.ndarray)):
                grad.array[...] = g
        for (_, state, name), content in zip(self.states, self.values, strict=True):
            state[name][...] = content
        for array, content in self.written:
            array[...] = content
        for rng, drawn in zip(self.rngs, self.drawn, strict=True):
            rng.bit_generator.state = drawn


def verify_call(
    f: Callable[..., Any], code: Callable[..., Any], record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call the function, undo what that changed, call its code, and give the result of that.

    Raises ``DifferenceError``, with all as it was before, at the first value in which the two differ.
    """
    state = _make_state(record, args, kwargs)
    results, changed = state.call(f, args, kwargs)
    put_back = keep_contents((args, kwargs))
    found = code(*args, **kwargs)
    largest = max((_largest(x) for _, x in changed), default=0.0)
    try:
        computed = [*_parts(THE_RESULT, found), *_list_puts(record, args, kwargs)]
        _compare(f, results, computed, lambda a, b: _difference(a, b, 0.0))
        _compare(f, changed, state.take(), lambda a, b: _difference(a, b, largest))
    except DifferenceError:
        state.put_back()
        put_back()
        raise
    return found


def verify_trace(f: Callable[..., Any], record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Call the function, undo what that changed, and compare it with what its trace computes, without any algebra.

    Raises ``DifferenceError`` at the first value in which the two differ by more than rounding makes.
    """
    state = _make_state(record, args, kwargs)
    before = state.take()
    try:
        traced = Reference(record, {node: source.read(list(state.arguments)) for node, source in record.inputs.items()})
    finally:
        state.put_back()
    results, changed = state.call(f, args, kwargs)

    def compare(a: Any, b: Any) -> str:
        b = b.value if isinstance(b, Made) else b
        if not isinstance(b, Output):
            return _difference(a, b, 0.0) if b is None or isinstance(b, SCALARS) or isinstance(a, np.ndarray) else ""
        value, wrong = traced.values[b.position], traced.find_wrong(b.position, a)
        return (_difference(a, value, 0.0) if a is None else _say_difference(a, value, wrong)) if wrong.any() else ""

    given = list(_list_traced(record))
    own = tuple(name for name, x in given if isinstance(x, Place))  # what is in the arguments' own is compared there
    results = [(name, x) for name, x in results if not name.startswith(own)]
    _compare(f, results, [(name, x) for name, x in given if not isinstance(x, Place)], compare)
    pairs = zip(before, state.number(), strict=True)
    _compare(f, changed, [(name, x if i is None else Output(i, True, False)) for (name, x), i in pairs], compare)


def _make_state(record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _State:
    arguments: list[Any] = []
    flatten_leaves((args, kwargs), arguments)
    return _State(record, arguments)


def _compare(f: Callable[..., Any], a: list[Part], b: list[Part], compare: Callable[[Any, Any], str]) -> None:
    """Raise if something differs; ``compare`` says how."""
    names = [[name for name, _ in parts] for parts in (a, b)]
    said = "" if names[0] == names[1] else f"the result has {len(a)} parts, and that of the code {len(b)}"
    for (name, x), (_, y) in zip(a, b, strict=False):
        difference = "" if said else compare(x, y)
        said = said or (difference and f"{name} {difference}")
    if said:
        called = getattr(f, "__name__", type(f).__name__)
        raise DifferenceError(
            f"compile: the code of {called} differs from the function itself: {said}. It may depend "
            f"on something that is not watched (see compile's docstring): pass that as an argument. Or it asks for "
            f"the type of a value, its text or an error, or which of equal things it is, which are others while it is "
            f"traced: decide by what is no array or float, or by shapes."
        )


def _parts(name: str, x: Any) -> Iterator[Part]:
    """Give what is in nested tuples, lists, dicts and dataclasses, by where it is."""
    if is_leaf(x) or x is None or isinstance(x, Output | Place | Made):
        yield name, x
    else:
        for step, _, part in list_parts(x):
            yield from _parts(name + step, part)


def _list_puts(record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Part]:
    """Give what is in the containers where the function puts something."""
    for put in record.puts:
        yield from _parts(f"{put.path} after the call", find_part([*args, *kwargs.values()], (*put.route, put.key)))


def _list_traced(record: Record) -> Iterator[Part]:
    """Give what the trace returns and puts into containers."""
    result, parts = record.result if record.puts else (record.result, ())
    yield from _parts(THE_RESULT, result)
    for put, part in zip(record.puts, parts, strict=True):
        yield from _parts(f"{put.path} after the call", part)


def _largest(x: Any) -> float:
    """Give the largest finite size of an element, 0 of what is no array of floating point."""
    x = bring(x.array if isinstance(x, Tensor) else x)
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x))) if x.dtype.kind in "fc" else 0.0


def _difference(a: Any, b: Any, scale: float) -> str:
    """Say how the code's value b differs from the function's a; nothing if it does not.

    What is 0 but for the rounding of values of a ``scale``, as the gradient of a bias before a normalization is, may be
    any of that rounding.
    """
    if a is None or b is None:
        return "" if a is b else f"is {_shown(a)}, and the code gives {_shown(b)}"
    a, b = (bring(x.array if isinstance(x, Tensor) else x) for x in (a, b))
    if (a.shape, a.dtype) != (b.shape, b.dtype) or a.dtype.kind not in "fc":
        return "" if a.dtype == b.dtype and np.array_equal(a, b) else _say_difference(a, b, a != a)
    tolerance = TOLERANCE.get(a.dtype.str[1:], 1e-8)
    noise = 8 * np.finfo(a.dtype).eps * scale
    close = np.isclose(b, a, rtol=tolerance, atol=max(tolerance * _largest(a), noise), equal_nan=True)
    return "" if close.all() else _say_difference(a, b, ~close)


def _say_difference(a: Any, b: Any, wrong: Any) -> str:
    """Say how b differs from a, at the first element that is wrong where there is one."""
    a, b = bring(a), bring(b)
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return f"is {a.dtype} {a.shape}, and the code gives {b.dtype} {b.shape}"
    if a.dtype.kind not in "fc":
        return f"is {_shown(a)}, and the code gives {_shown(b)}"
    where = tuple(int(i[0]) for i in np.nonzero(wrong)) if a.ndim else ()
    at = f" at {list(where)}" if where else ""
    return f"is {a[where]}{at}, and the code gives {b[where]}"


def _shown(x: Any) -> str:
    return "None" if x is None else np.array2string(bring(x), threshold=10)
