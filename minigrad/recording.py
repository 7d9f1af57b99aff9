"""Whether operations are recorded: always, but for the threads inside ``no_grad``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Thread(threading.local):
    """What one thread has asked for."""

    paused = False


class _Pauses:
    """How many threads are inside ``no_grad``: while there are none, nobody has to look up its own answer."""

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
