"""Whether operations are recorded: always, but within ``no_grad``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, overload

from minigrad.engine.blocks import Block, Setting, in_force

F = TypeVar("F", bound=Callable[..., Any])

_paused = Setting("paused", False)
_tracer = Setting("tracer", None)
_mapping = Setting("mapping", None)
_drawing = Setting("drawing", None)
_recorded = Block(_paused, False)
_as_it_is = nullcontext()

serials: Any = iter(range(1, _END := 2**62))  # atomic, so that threads may record at the same time
next_serial, records_left = serials.__next__, serials.__length_hint__
_leaves: Any = iter(range(1, _END))  # of those that were given a serial, which no record has
next_leaf, leaves_left = _leaves.__next__, _leaves.__length_hint__


def latest_serial() -> int:
    """Give the serial that the next record will have, without using it up."""
    return int(_END - records_left())


def leaf_serial() -> int:
    """Give a serial to a leaf, which is no record."""
    next_leaf()
    return next_serial()


def note_holder() -> None:
    """Note that an array may be held by somebody without a record: compiled code looks before it writes to one."""
    leaf_serial()


def count_records() -> int:
    """Say how many results have been recorded so far: as many as before, and nobody can hold what was free then."""
    return int(leaves_left() - records_left())


class NoGrad(Block):
    """Compute without recording, within a ``with`` block or a decorated function: results require no gradient.

    ``with no_grad():`` and ``with no_grad:`` are one, and so are ``@no_grad()`` and ``@no_grad``. It holds in this
    thread or task, and in the tasks that are started within; not where a generator is suspended in it.

    >>> from minigrad import Tensor, no_grad
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     (w * w).requires_grad
    False
    """

    __slots__ = ()
    __name__ = "no_grad"

    @overload
    def __call__(self) -> NoGrad: ...
    @overload
    def __call__(self, f: F) -> F: ...
    def __call__(self, f: Any = None) -> Any:
        """Give itself, for a ``with`` block, or a function that records nothing."""
        return self if f is None else super().__call__(f)

    def __reduce__(self) -> str:
        """Be found by name, as a function is."""
        return "no_grad"

    def __repr__(self) -> str:
        return "minigrad.no_grad"


no_grad = NoGrad(_paused, True)


def recorded() -> AbstractContextManager[None]:
    """Record also within ``no_grad``: what a gradient transform needs within its own function."""
    return _recorded if is_paused() else _as_it_is  # a block costs every operation within it a look


on_switch: list[Callable[[], None]] = []


def announce_switch(known: bool) -> None:
    """Tell all who have asked that a tensor takes a gradient now, or none, or is another; unless it is being made."""
    for told in on_switch if known else ():
        told()


def traced_by(tracer: Any) -> Block:
    """Hand every operation on a Tensor within this block to ``tracer.apply`` instead of computing it."""
    return Block(_tracer, tracer)


def tracer() -> Any:
    """Give what traces the code that runs, or None."""
    return _tracer.get() if in_force else None


def compilation() -> Any:
    """Give what traces the code that runs in order to compile it, or None: a debugger computes at once."""
    found = tracer()
    return None if found is None or found.computes else found


def show_result(result: Any) -> None:
    """Show a result to what follows the code that runs, if anything does."""
    following = tracer()
    if following is not None and following.follows:
        following.follow(result)


def announce_walk(output: Any, gradient: Any, since: int) -> None:
    """Tell a debugger, if one watches the code that runs, of a walk back from ``output`` before it is done."""
    watching = tracer()
    if watching is not None and watching.computes:
        watching.check_walk(output, gradient, since)


def mapped_by(mapping: Any) -> Block:
    """Take what a vmap maps over for one lane each within this block: ``mapping`` says which lanes."""
    return Block(_mapping, mapping)


def mapping() -> Any:
    """Give the innermost vmap whose function runs, or None."""
    return _mapping.get() if in_force else None


def is_paused() -> bool:
    """Say whether the code that runs is within ``no_grad``."""
    return bool(in_force) and bool(_paused.get())


def random(rng: Any, shape: tuple[int, ...]) -> Any:
    """Draw numbers uniform in [0, 1) from a NumPy Generator; a function that is compiled draws anew in every call.

    One that is computed again, for its gradient, draws what it drew.
    """
    drawing = _drawing.get() if in_force else None
    tracing = compilation() if drawing is None else drawing
    return rng.random(shape) if tracing is None else tracing.random(rng, shape)


def drawn_by(drawing: Any) -> Block:
    """Take random numbers within this block from ``drawing.random`` instead."""
    return Block(_drawing, drawing)


def drawing() -> Any:
    """Give what draws random numbers in the place of their generators, or None."""
    return _drawing.get() if in_force else None


def is_again() -> bool:
    """Say whether a checkpoint's function is computed again, which has left outside itself what it leaves."""
    return getattr(drawing(), "is_again", False)


def fixed(array: Any) -> Any:
    """Give an array that nobody will write to: code that is compiled may depend on what is in it."""
    tracing = compilation()
    return array if tracing is None else tracing.fix(array)


def setting(owner: Any, name: str) -> Any:
    """Read an attribute that steers a computation; a compiled function is traced again where its value has changed."""
    tracing = compilation()
    if tracing is not None:
        tracing.depend(owner, name)
    return getattr(owner, name)


def read_settings(owner: Any, *names: str) -> list[Any]:
    """Read several attributes so."""
    return [setting(owner, name) for name in names]
