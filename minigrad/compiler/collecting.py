"""Python's garbage collector rests while a function is compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the garbage collector rest, if it is not off already.

    All of a trace is kept until its code is written. To look through it for garbage, each time that there is a quarter
    more of it, is in vain, and took a quarter of the time for 10⁴ operations.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
