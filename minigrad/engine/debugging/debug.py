"""A debugger for gradients: what each operation makes is looked at, in the line that makes it.

Within ``debug()`` every operation is handed to a ``Debugger``, by the door that traces functions; elsewhere nothing of
this is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.engine.backward import apply_rule, flows_to, latest_first, pullback, unbroadcast
from minigrad.engine.debugging.lines import find_line, note_line
from minigrad.engine.debugging.nonfinite import explain_slope, find_birth, is_finite
from minigrad.engine.messages.arguments import shown
from minigrad.engine.messages.errors import describe, find_user, write_line
from minigrad.engine.reach import Reach
from minigrad.engine.recording import announce_switch, compilation, is_paused, traced_by
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.watch import check_unchanged, note_changes, seal_array
from minigrad.ops.base import Op
from minigrad.ops.common.libraries import bring

_unwatched = traced_by(None)
_open: ContextVar[tuple[Any, ...]] = ContextVar("open", default=())  # the blocks of with debug: that are entered


@contextmanager
def _debugging(*, at_once: bool = True) -> Iterator[Debugger]:
    """Watch all operations within the block."""
    watching = Debugger(at_once)
    if compilation() is not None:  # a function that is compiled has no values yet
        yield watching
        return
    announce_switch(known=True)
    with traced_by(watching):
        yield watching


class Debugging:
    """Say where a gradient goes wrong, of what is computed and differentiated within this block.

    The first NaN or infinity raises ``NonFiniteError``, a ``FloatingPointError``, with the operation, the line, the
    element and the operands' values there; ``minigrad.draw(error.subgraph)`` draws it. With ``at_once=False`` it does
    so in ``backward()``, and only if it gets into E or a gradient: what ``np.where`` does not choose may be NaN.

    All arrays that operations read are watched, your own too: ``backward()`` names one that has been changed in place
    since, its operation, and between which lines it changed. ``print(report)`` shows the operations with their lines
    and shapes, for ``with minigrad.debug() as report``. A compiled function and a checkpoint run as they are written;
    what is computed of arrays alone, without a tensor, a gradient or lanes, is NumPy's own and not looked at.
    ``with debug():`` and ``with debug:`` are one, and so are ``@debug()`` and ``@debug``.

    >>> with debug():
    ...     np.log(Tensor([1.0, 0.0], name="x"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    minigrad.engine.debugging.nonfinite.NonFiniteError: log: the first -inf arose at ..., in element [1] ...
    """

    __slots__ = ()
    __name__ = "debug"

    def __call__(self, f: Any = None, *, at_once: bool = True) -> Any:
        """Give a block, or a function that is watched."""
        if f is not None and not callable(f):
            raise TypeError(f"debug: wanted a function to watch, or nothing, not {shown(f)}. Write with debug(): …")
        block = _debugging(at_once=at_once)
        return block if f is None else block(f)

    def __enter__(self) -> Debugger:
        block = self()
        _open.set((*_open.get(), block))
        watching: Debugger = block.__enter__()
        return watching

    def __exit__(self, *error: Any) -> Any:
        *outer, block = _open.get()
        _open.set(tuple(outer))
        return block.__exit__(*error)

    def __reduce__(self) -> str:
        """Be found by name, as a function is."""
        return "debug"

    def __repr__(self) -> str:
        return "minigrad.debug"


debug = Debugging()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its line, its name, its operands with their shapes, and the shape and dtype of its result."""

    place: str
    operation: str
    operands: str
    result: str


class Debugger:
    """Computes every operation that it is handed, and looks at what comes of it; ``steps`` are those so far."""

    computes, follows = True, False

    def __init__(self, at_once: bool) -> None:
        self.at_once, self.steps, self.latest = at_once, list[Step](), "the beginning of debug()"

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Tensor:
        """Compute an operation.

        Raises ``NonFiniteError`` if NaN or infinity arises.
        """
        user = find_user()
        place = write_line(user) if user is not None else ""
        names = _name_operands(inputs, user.f_locals if user is not None else {})
        note_changes(self.latest, place)
        self.latest = place
        operand = next(x for x in inputs if isinstance(x, Tensor))
        with _unwatched, np.errstate(all="ignore"):
            result = operand.apply(op, inputs)
            values = tuple(x.array if isinstance(x, Tensor) else x for x in inputs)
            self.steps.append(_describe_step(place, op, names, values, result))
            if not is_paused() and any(isinstance(x, Tensor) and x.serial > 0 for x in inputs):
                note_line(result, place, op.name, names)
            if result.serial > 0:
                for x in values:
                    seal_array(x)
            error = find_birth(op, inputs, values, result.array, names, place) if self.at_once else None
        if error is not None:
            try:
                raise error
            finally:
                del error  # whose traceback has this frame: as a circle they would keep the arrays
        return result

    def check_walk(self, output: Any, gradient: Any, since: int) -> None:
        """Look at a walk back from ``output`` before it is done, for arrays that have changed, NaN and infinity."""
        if not isinstance(output.array, np.ndarray | np.generic):
            return  # lanes of a vmap, whose own operations are looked at
        user = find_user()
        note_changes(self.latest, write_line(user) if user is not None else "")
        with _unwatched, np.errstate(all="ignore"):
            walked = [y for y in latest_first(output, since) if y.op is not None]
            for y in walked:
                check_unchanged(y)
            if not is_finite(bring(output.array)):
                _raise_birth(walked)
            _raise_slope(output, getattr(gradient, "array", gradient), since, walked)

    def touch(self, t: Tensor) -> None:
        """Let a gradient be read."""

    def forget(self, t: Tensor) -> None:
        """Let a gradient be forgotten."""
        t.stored_grad = None

    def step(self, optimizer: Any) -> None:
        """Let an optimizer make its step."""
        with _unwatched:
            optimizer.step()

    def __str__(self) -> str:
        """Write the operations as a table."""
        rows = [("line", "operation", "operands", "result")]
        rows += [(step.place, step.operation, step.operands, step.result) for step in self.steps]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


class _Everything:
    """What holds anything: for a walk that is to keep every gradient."""

    def __contains__(self, x: Any) -> bool:
        return True


def find_gradients(output: Any, gradient: Any, since: int = 1) -> dict[Any, Any]:
    """Give the gradient of everything that ``output`` was computed from, intermediate results included."""
    return pullback(output, gradient, since=since, keep=_Everything())


def _raise_birth(walked: list[Any]) -> None:
    """Raise of what a result that is not finite was computed from the oldest that made it so."""
    for y in reversed(walked):
        line = find_line(y)
        names = line.names if line else tuple(map(describe, y.inputs))
        error = find_birth(y.op, y.inputs, y.values, y.array, names, line.place if line else None)
        if error is not None:
            try:
                raise error
            finally:
                del error  # as in ``apply``


def _raise_slope(output: Any, gradient: Any, since: int, walked: list[Any]) -> None:
    """Raise if a gradient is not finite, naming the operation whose rule was the first to make it so."""
    gradients = find_gradients(output, gradient, since)
    if all(is_finite(bring(g)) for g in gradients.values()):
        return
    for reach in (Reach(output, since, unbroadcast), None):  # 0 · ∞ behind a choice is no fault, if anything else is
        for y in walked:
            g = gradients.get(y)
            if g is None or y.op.splits or not is_finite(bring(g)):
                continue
            for i, x in enumerate(y.inputs):
                if not flows_to(x, output, since) or not y.op.vjps[i] or is_finite(bring(gradients[x])):
                    continue
                c = apply_rule(y, i, g, create_graph=False, reach=reach)
                if not is_finite(bring(c)):
                    line = find_line(y)
                    names = line.names if line else tuple(map(describe, y.inputs))
                    raise explain_slope(y, i, c, g, names, line.place if line else None)


def _name_operands(inputs: tuple[Any, ...], variables: Any) -> tuple[str, ...]:
    """Give what each operand is called: by its own name, by a variable's of the user, or by how it was computed."""
    called = {id(x): name for name, x in variables.items() if isinstance(x, Tensor | np.ndarray)}
    return tuple(
        getattr(x, "name", None) or called.get(id(x)) or describe(x) if not isinstance(x, int | float) else repr(x)
        for x in inputs
    )


def _describe_step(place: str, op: Op, names: tuple[str, ...], values: tuple[Any, ...], result: Tensor) -> Step:
    operands = ", ".join(f"{name} {np.shape(x)}" if np.ndim(x) else name for name, x in zip(names, values, strict=True))
    return Step(place, op.name, operands, f"{result.shape} {result.dtype}")
