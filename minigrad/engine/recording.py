"""Whether operations are recorded: always, but for the threads inside ``no_grad``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Thread(threading.local):
    """What one thread has asked for, and who writes its operations down instead of computing them, if anyone does."""

    paused = False
    tracer: Any = None


class _Pauses:
    """How many threads are out of the ordinary: while there are none, nobody has to look up its own answer."""

    __slots__ = ("count", "lock", "thread")

    def __init__(self) -> None:
        self.count, self.lock, self.thread = 0, threading.Lock(), _Thread()


pauses = _Pauses()


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording, in this thread: results require no gradient.

    >>> from minigrad import Tensor
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     (w * w).requires_grad
    False
    """
    before, pauses.thread.paused = pauses.thread.paused, True
    with pauses.lock:
        pauses.count += 1
    try:
        yield
    finally:
        pauses.thread.paused = before
        with pauses.lock:
            pauses.count -= 1


@contextmanager
def recorded() -> Iterator[None]:
    """Record, in this thread, also inside ``no_grad``: what a gradient transform needs within its own function."""
    before, pauses.thread.paused = pauses.thread.paused, False
    try:
        yield
    finally:
        pauses.thread.paused = before


@contextmanager
def traced_by(tracer: Any) -> Iterator[None]:
    """Hand every operation on a Tensor, in this thread, to ``tracer.apply`` instead of computing it."""
    before, pauses.thread.tracer = pauses.thread.tracer, tracer
    with pauses.lock:
        pauses.count += 1
    try:
        yield
    finally:
        pauses.thread.tracer = before
        with pauses.lock:
            pauses.count -= 1


def tracer() -> Any:
    """Give what traces this thread, or None."""
    return pauses.thread.tracer if pauses.count else None


def is_paused() -> bool:
    """Say whether this thread is inside ``no_grad``."""
    return bool(pauses.count) and pauses.thread.paused


def random(rng: Any, shape: tuple[int, ...]) -> Any:
    """Draw numbers uniform in [0, 1) from a NumPy Generator; a function that is compiled draws anew in every call."""
    tracing = tracer()
    return rng.random(shape) if tracing is None else tracing.random(rng, shape)


def setting(owner: Any, name: str) -> Any:
    """Read an attribute that steers a computation; a compiled function is traced again where its value has changed."""
    tracing = tracer()
    if tracing is not None:
        tracing.depend(owner, name)
    return getattr(owner, name)
