"""What a traced function writes outside itself: compiled code would not, so it is an error, and undone."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from weakref import WeakSet

import numpy as np

from minigrad.compiler.trace.contents import Elements
from minigrad.compiler.trace.foreign import OURS, is_foreign_name
from minigrad.compiler.trace.links import Link, is_same
from minigrad.compiler.trace.sources import Captured, Source, find_memory
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.engine.tensor import Tensor

_WRITING = (
    "compile: {} writes into an array from outside, which the compiled code would not do. Compute a new array, and "
    "return it; or write before or after the call."
)


@contextmanager
def kept_from_writing(links: Sequence[Link]) -> Iterator[None]:
    """Lock the arrays that a function names: a write that changes nothing this time would be lost in later calls."""
    named = [x for link in links for x in (link.seen if isinstance(link.seen, list | tuple) else (link.seen,))]
    asked = {id(link.owner) for link in links if link.name == "flags.num"}  # whether it may write there: not now, else
    writeable = [x for x in _arrays(link.seen for link in links) if x.flags.writeable and id(x) not in asked]
    arrays = list(filter(_may_be_unlocked, writeable))
    asked |= {id(x) for x in writeable} - {id(x) for x in arrays}  # these are compared with what they were
    kept = [(t, t.array, np.copy(t.array)) for t in _tensors(named)]
    named_arrays = _arrays(x for link in links for x in (link.owner, link.seen))
    left = [(x, np.copy(x)) for x in named_arrays if id(x) in asked]
    try:
        for x in arrays:
            x.flags.writeable = False
        yield
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise TraceError(_WRITING.format(f"at {_find_line(error.__traceback__)} the function")) from error
    finally:
        for x in sorted(arrays, key=_count_bases):  # a view can be written when its base can
            x.flags.writeable = True
        written = [t for t, array, content in kept if _was_written(t, array, content)]
        changed = [x for x, content in left if _was_changed(x, content)]
    if changed:
        raise TraceError(_WRITING.format("the function"))
    if written:
        raise TraceError(
            f"compile: the function writes into the array of {written[0].name or 'a tensor'} itself, or gives it "
            f"another, which the compiled code would not do. Let an optimizer update it, or return the new value."
        )


def _count_bases(x: Any) -> int:
    """Say how many arrays there are between one and that which owns its memory."""
    count = 0
    while isinstance(x := x.base, np.ndarray):
        count += 1
    return count


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    """Give the Tensors among some values, and those of the models and optimizers among them."""
    found: dict[int, Tensor] = {}
    for value in values:
        parts = [value]
        if str(type(value).__module__).partition(".")[0] == OURS and not isinstance(value, Tensor | type):
            parameters = getattr(value, "parameters", None)
            parts = [*(getattr(value, "params", None) or ()), *(parameters() if callable(parameters) else ())]
        found |= {id(x): x for x in parts if isinstance(x, Tensor)}
    return list(found.values())


def _was_written(t: Tensor, array: Any, content: Any) -> bool:
    """Say whether a Tensor has other data than before, and give it back what it had."""
    changed = _was_changed(array, content)
    if t.array is array and not changed:
        return False
    t.array = array
    return True


def _was_changed(array: Any, content: Any) -> bool:
    """Say whether an array holds something else than before, and give it back what it held."""
    same = np.array_equal(array, content, equal_nan=content.dtype.kind in "fc")
    if not same:
        array[...] = content
    return not same


def link_elements(links: Sequence[Link], inputs: Iterable[Source]) -> list[Link]:
    """Give links to the elements of arrays that the code does not read itself: NumPy has, while it was traced."""
    read = {find_memory(source.array) for source in inputs if isinstance(source, Captured)}
    arrays = [x for x in _arrays(link.seen for link in links) if find_memory(x) not in read and not x.dtype.hasobject]
    return [Elements(x, "", "the elements of an array") for x in arrays]


def _find_line(traceback: TracebackType | None) -> str:
    """Give the user's own line that an error came from."""
    line = "a line of it"
    while traceback is not None:
        frame = traceback.tb_frame
        if not is_foreign_name(frame.f_globals.get("__name__", "").partition(".")[0]):
            line = f"{os.path.basename(frame.f_code.co_filename)}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return line


def _arrays(values: Iterable[Any]) -> list[Any]:
    found: dict[int, Any] = {}
    for value in values:
        for x in value if isinstance(value, list | tuple) else (value,):
            if isinstance(x, np.ndarray):
                found[id(x)] = x
    return list(found.values())


def _may_be_unlocked(x: Any) -> bool:
    """Say whether NumPy lets an array be written again that was locked: one that was unpickled, of ``bytes``, never."""
    below = x.base
    while isinstance(below, np.ndarray):
        if below.flags.writeable or below.flags.owndata:
            return bool(below.flags.writeable)
        below = below.base
    if below is None:
        return True
    try:
        return not memoryview(below).readonly
    except TypeError:
        return False


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


def look_for_leaks(values: WeakSet[Traced]) -> None:
    """Raise if a traced value is still held by something outside the function."""
    if len(values):
        gc.collect()
    alive = list(values)
    behind = {id(x) for kept in alive for x in kept.inputs}  # what others are made of
    behind |= {id(getattr(kept, "stored_grad", None)) for kept in alive}
    for kept in [x for x in alive if id(x) not in behind]:
        raise TraceError(
            f"compile: a value made at {kept.made} is kept outside the function after it has returned, where it "
            f"would stay what it was at the first call. Return it instead."
        )
