"""Python's garbage collector rests while a function is compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the garbage collector rest, if it is not off already.

    All of a trace is kept until its code is written. To look through it for garbage, each time that there is a quarter
    more of it, is in vain, and took a quarter of the time for 10⁴ operations. So it is to look through it as through
    what is young, thrice, afterwards: it counts as old, and is looked through when all is.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # else it would unfreeze what the user has frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()
