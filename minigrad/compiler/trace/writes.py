"""What a traced function writes outside itself: compiled code would not, so it is an error, and undone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from minigrad.compiler.trace.links import Link, is_same
from minigrad.compiler.trace.outside import FOREIGN
from minigrad.compiler.trace.traced import TraceError


@contextmanager
def kept_from_writing(links: Sequence[Link]) -> Iterator[None]:
    """Lock the arrays that a function names: a write that changes nothing this time would be lost in later calls."""
    arrays = [x for x in _arrays(link.seen for link in links) if x.flags.writeable]
    try:
        for x in arrays:
            x.flags.writeable = False
        yield
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise TraceError(
            f"compile: at {_find_line(error.__traceback__)} the function writes into an array from outside, which the "
            f"compiled code would not do. Compute a new array, and return it; or write before or after the call."
        ) from error
    finally:
        for x in reversed(arrays):
            x.flags.writeable = True


def _find_line(traceback: TracebackType | None) -> str:
    """Give the user's own line that an error came from."""
    line = "a line of it"
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_globals.get("__name__", "").partition(".")[0] not in FOREIGN:
            line = f"{os.path.basename(frame.f_code.co_filename)}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return line


def _arrays(values: Iterable[Any]) -> list[Any]:
    found: dict[int, Any] = {}
    for value in values:
        for x in value if isinstance(value, list | tuple) else (value,):
            if type(x) is np.ndarray:
                found[id(x)] = x
    return list(found.values())


def refuse_changes(links: Sequence[Link], between: Sequence[Any]) -> None:
    """Raise if what links lead to was another after the second trace than after the first."""
    for link, before in zip(links, between, strict=True):
        if not is_same(link.read(), before, contents=True):
            raise TraceError(
                f"compile: the function changes {link.called}, which the compiled code would not do. Change it before "
                f"or after the call, or pass it as an argument and return the new value."
            )


def put_back(links: Sequence[Link]) -> None:
    """Undo what a function that could not be traced has changed."""
    for link in links:
        if not link.holds():
            link.put(link.seen)
