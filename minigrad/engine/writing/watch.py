"""What a user's hands may change between forward and backward: an array that ``.data`` gave out is watched.

The engine writes into no array that a record holds, so only what the user has got hold of can change. ``.data`` keeps
what an array holds at that moment, and the walk back compares. It costs nothing to those who never ask.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from sys import getrefcount
from types import FrameType
from typing import Any
from weakref import WeakValueDictionary, ref

import numpy as np

from minigrad.engine.messages.errors import describe, place
from minigrad.engine.recording import latest_serial
from minigrad.ops.common.late import Late

lines = Late("minigrad.engine.debugging.lines")

WHOLE = 1 << 20  # bytes: larger arrays are compared by a sample
SAMPLE = 1024
COUNTS = bool(getattr(sys, "_is_gil_enabled", lambda: True)())  # free-threaded Python defers and splits its counts


def _count_variable() -> int:
    variable = np.empty(1)
    return getrefcount(variable)


# Up to Python 3.13 whoever is handed a variable has a reference of its own; from 3.14 on the variable is lent, and
# neither what counts nor a function in between adds one. What is read from an attribute is a reference in all of them,
# and so is a variable that an inner function knows of.
COUNTED = _count_variable() - 1  # what counting the references to a variable adds
LENT = 1 - COUNTED  # by how much less a variable counts each time that it is handed on


class _Fresh:
    """Counts, where a Tensor's constructor would, the references to an array that nobody else has."""

    def __init__(self, data: Any, *, requires_grad: bool) -> None:
        self.array = data
        self.count = getrefcount(data)


FRESH = _Fresh(np.empty(1), requires_grad=True).count - COUNTED  # which differs between versions of Python


class _Probe:
    """Counts, where augmented assignment to a tensor would, the references to something that has one name."""

    def __iadd__(self, other: Any) -> int:
        return getrefcount(self)


def _count_alone() -> int:
    probe: Any = _Probe()
    probe += 1
    return int(probe)


ALONE = _count_alone()  # which differs between versions of Python


class Seal:
    """What an array held when it was given out, and since which serial; records before ``broken`` saw another value.

    ``between`` says which lines it changed, where a debugger has seen that.
    """

    __slots__ = ("array", "between", "broken", "content", "place", "serial")

    def __init__(self, array: ref[Any], content: bytes, serial: int, place: str | None) -> None:
        self.array, self.content, self.serial, self.place = array, content, serial, place
        self.broken, self.between = 0, ""


TIED = -2  # what ``born`` is of a leaf whose array is another leaf's too, on purpose: both are written where they lie
VARIABLE = -3  # of a variable in the place of a constant argument: a gradient that ends there is lost to nobody
ties: set[int] = set()  # the leaves that ever were so, by id: while there are none, nobody has to look
leaves: WeakValueDictionary[int, Any] = WeakValueDictionary()  # by id: a set would compare tensors, that is elements


class _Newest:
    """The serial of when an array was last taken in hand, and how many times one has been."""

    serial = count = 0


seals: dict[int, list[Seal]] = {}  # by the array that owns the memory: while there are none, nobody has to look
newest = _Newest()


def is_held(array: Any, ours: int) -> bool:
    """Say whether anybody may hold an array besides the ``ours`` references that the caller knows of.

    It is read from an attribute as it is handed over; for a variable, ``LENT`` is to be taken off. A view, an array of
    another library or of a subclass: nobody knows, so it may be.
    """
    others = getrefcount(array) - COUNTED - 1
    return not COUNTS or type(array) is not np.ndarray or array.base is not None or others > ours


def is_fresh(array: Any) -> bool:
    """Say whether nobody but a Tensor's constructor, which asks, and its tensor has an array.

    A variable that was lent to the constructor counts as much as a value that nobody has; its caller's frame tells.
    """
    if is_held(array, FRESH + 1 - 2 * LENT):
        return False
    return not LENT or not _is_variable(array, sys._getframe(2))


def _is_variable(array: Any, frame: FrameType) -> bool:
    return any(value is array for value in frame.f_locals.values())


def note_leaf(t: Any, held: bool) -> None:
    """Remember a leaf with its array, and whether others are to see what is written into it.

    They are if it is a view of what has another name, of a file say, or another leaf lies in the same memory.
    """
    leaves[id(t)] = t
    array = t.array
    base = getattr(array, "base", None)
    # A base that somebody holds besides the view, and the variable here.
    if base is not None and (not isinstance(base, np.ndarray) or getrefcount(base) > 2 + COUNTED):
        _tie(t)
    if held or t.born == TIED:
        for other in [x for x in leaves.values() if x is not t and owner_of(x.array) is owner_of(array)]:
            _tie(t, other)


def _tie(*tied: Any) -> None:
    for t in tied:
        t.born = TIED
        ties.add(id(t))


def seal_array(array: Any) -> None:
    """Keep what an array holds now, to compare it before a gradient is computed from it.

    Of one that is read-only, too: it may be a view of memory that is written to elsewhere, or be so no longer.
    """
    if not isinstance(array, np.ndarray):
        return
    owner, now = id(owner_of(array)), latest_serial()
    newest.serial = now
    newest.count += 1
    known = next((s for s in seals.get(owner, ()) if s.array() is array), None)
    if known is None:
        seal = Seal(ref(array, _forget(owner)), _fingerprint(array), now, place())
        seals.setdefault(owner, []).append(seal)
    elif known.serial != now:  # something has been recorded since
        _renew_seal(known, array)
        known.place = place()


def _renew_seal(seal: Seal, array: Any) -> bool:
    """Keep what an array holds now, and say whether that is something else than before."""
    content, now = _fingerprint(array), latest_serial()
    changed = content != seal.content
    if changed:
        seal.broken, seal.content = seal.serial, content
    seal.serial = now
    return changed


def note_changes(before: str, now: str) -> None:
    """Look at all arrays that are watched: one that is not what it was has changed between two lines."""
    for array, seal in [(seal.array(), seal) for group in seals.values() for seal in group]:
        if array is not None and _renew_seal(seal, array):
            seal.between = f"{before} and {now}" if before != now else f"one time in {now} and the next"
    newest.serial = latest_serial()
    newest.count += 1


def forget_unheld(arrays: Iterable[Any], ours: int) -> None:
    """Watch those arrays no longer that nobody holds but the ``ours`` references to each that the caller knows of.

    Whoever was given the array has let go of it, and what nobody has in hand nobody changes.
    """
    for array in arrays:
        if id(array) in seals and not is_held(array, ours + 1 - LENT):
            del seals[id(array)]


def check_unchanged(t: Any) -> None:
    """Raise ``RuntimeError`` if an array that t's gradient is computed from is not what it was.

    It names the tensor, the operation and the line in which the array was taken.
    """
    op = t.op
    if op is None or not op.reads_values:
        return
    for i, (x, value) in enumerate((*zip(t.inputs, t.values, strict=True), (t, t.array))):
        seal = _find_broken(value, t.serial)
        if seal is not None:
            line = lines.find_line(t)
            name = line.names[i] if line is not None and x is not t else describe(x)
            how = f"changed between {seal.between}" if seal.between else f"given out or written at {seal.place}"
            raise RuntimeError(
                f"backward: the array of {name} has been changed in place since {describe(t)} was computed"
                f"{lines.write_place(t)}, and the gradient of {op.name} needs the values of then; it was {how}. "
                f"Assign a new array, as in w.data = w.data - 1, change a .data.copy(), or call backward() before."
            )


def _find_broken(array: Any, serial: int) -> Seal | None:
    for seal in seals.get(id(owner_of(array)), ()) if isinstance(array, np.ndarray) else ():
        sealed = seal.array()
        if sealed is None or serial >= seal.serial or not np.may_share_memory(sealed, array):
            continue
        if serial < seal.broken or _fingerprint(sealed) != seal.content:
            return seal
    return None


def owner_of(array: Any) -> Any:
    """Give the array that owns the memory; between a window and that NumPy has something with a ``base``, too."""
    while True:
        base = getattr(array, "base", None)
        if not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)
        if not isinstance(base, np.ndarray):
            return array
        array = base


def _fingerprint(array: Any) -> bytes:
    """Give all bytes, of a large array those of some elements throughout."""
    if array.nbytes <= WHOLE:
        return bytes(array.tobytes())
    return bytes(array.flat[:: max(1, array.size // SAMPLE)].tobytes())


def _forget(owner: int) -> Callable[[Any], None]:
    def gone(dead: Any) -> None:
        if seals is None:  # when Python ends, which takes the module's names away first
            return
        left = [s for s in seals.get(owner, ()) if s.array is not dead]
        if left:
            seals[owner] = left
        else:
            seals.pop(owner, None)

    return gone
