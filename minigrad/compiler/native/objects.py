"""What machine code reads of Python's objects where they lie: an array's elements, what a slot of a Tensor holds.

Python itself takes 15 ns to look at a slot, and numba 60 to unpack an array, whose memory it counts a holder of; read
in place it is 1 ns each, in a step of 500. A call passes ``id(x)``, and holds Python's lock meanwhile, so that nothing
moves. Where objects lie otherwise (a Python without that lock, or for debugging, another NumPy), ``READABLE`` is False
and Python is asked. The fields of an array are those of ``PyArrayObject_fields``, on which every extension of NumPy
that is compiled relies. Needs the extra ``native``.
"""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np

from minigrad.compiler.native.math import PLAIN, numba, pointeri32, pointeri64
from minigrad.engine.recording import leaf_serial, serials
from minigrad.engine.tensor import Tensor

WORD = 8  # bytes
TYPE, DATA, SHAPE, DTYPE = 1, 2, 4, 7  # words from the start of an array's object
KIND = 3  # words from the start of a dtype's object: letter, byte order and number, which equal ones share
CODE = "__code__"
NDIM, FLAGS = 24, 64  # bytes from there, to numbers of 32 bits
ORDERED = 0x0001 | 0x0100  # C-contiguous, and aligned


def read_word(address: int) -> int:
    """Read what lies at an address."""
    return ctypes.c_ssize_t.from_address(address).value


def read_kind(dtype: np.dtype[Any]) -> int:
    """Read what tells a dtype from others: of one there may be several objects, as that of a pickled array."""
    return read_word(id(dtype) + KIND * WORD)


def find_slot(kind: type, name: str) -> int | None:
    """Give how far from an object's start one of its slots is, in bytes; None where that cannot be told."""
    x: Any = object.__new__(kind)
    held = object()
    setattr(x, name, held)
    places = [at for at in range(2 * WORD, kind.__basicsize__, WORD) if read_word(id(x) + at) == id(held)]
    return places[0] if len(places) == 1 else None


def find_code() -> int | None:
    """Give how far from a function's start its code is, in bytes; None where that cannot be told."""
    places = []
    for f in (find_slot, find_code):
        words = range(2 * WORD, FunctionType.__basicsize__, WORD)
        places.append([at for at in words if read_word(id(f) + at) == id(f.__code__)])
    return places[0][0] if len(places[0]) == 1 and places[0] == places[1] else None


def _lies_as_written() -> bool:
    """Say whether an array is found to be what it is."""
    if ctypes.sizeof(ctypes.c_ssize_t) != WORD or object.__basicsize__ != 2 * WORD:
        return False
    for x in (np.zeros((3, 5)), np.zeros((3, 5)).T, np.ones(7, np.float32)[1:]):
        at = id(x)
        shape = read_word(at + SHAPE * WORD)
        read = [read_word(at + field * WORD) for field in (TYPE, DATA, DTYPE)]
        small = [ctypes.c_int32.from_address(at + field).value for field in (NDIM, FLAGS)]
        if read != [id(np.ndarray), x.ctypes.data, id(x.dtype)] or small[0] != x.ndim:
            return False
        if tuple(read_word(shape + i * WORD) for i in range(x.ndim)) != x.shape:
            return False
        if (small[1] & ORDERED == ORDERED) != (x.flags.c_contiguous and x.flags.aligned):
            return False
    double, swapped, copied = np.dtype("f8"), np.dtype("f8").newbyteorder(), copy.copy(np.dtype("f8"))
    kinds = [read_kind(x) for x in (double, swapped, np.dtype("f4"), np.dtype("i8"))]
    return len(set(kinds)) == 4 and read_kind(copied) == kinds[0]


def _find_counter() -> ctypes.c_ssize_t | None:
    """Give the word in memory that another record, and nothing else, changes by one; None if there is none."""
    places = range(id(serials) + 2 * WORD, id(serials) + serials.__sizeof__(), WORD)
    seen = []
    for _ in range(3):
        seen.append([read_word(at) for at in places])
        leaf_serial()
    for at, a, b, c in zip(places, *seen, strict=True):
        if abs(b - a) == 1 and c - b == b - a:
            return ctypes.c_ssize_t.from_address(at)
    return None


READABLE = _lies_as_written()
_slots: dict[str, Any] = {name: find_slot(Tensor, name) if READABLE else None for name in ("array", "stored_grad")}
_slots |= {CODE: find_code() if READABLE else None}
_counter: Any = _find_counter() if READABLE else None
READABLE = _counter is not None and None not in _slots.values()


class Table:
    """Places in memory, and what is to be found there: slots of Tensors, functions' code, and the number of records.

    With an array's slot goes its shape, which ``w.data.shape = …`` sets in place. ``words`` are the number of places,
    then each place and its content, as ``still_hold`` reads them. The number of records is not the right one before
    ``note_records``.
    """

    def __init__(self, slots: Sequence[tuple[Any, str, Any]], counting: bool) -> None:
        self.held = slots  # an address is nothing that keeps an object
        self.shapes = [getattr(x, "shape", None) for _, _, x in slots]
        places: list[tuple[int, int]] = []
        for t, name, x in slots:
            places += [(id(t) + _slots[name], id(x)), *(_shape_places(x) if type(x) is np.ndarray else ())]
        places += [(ctypes.addressof(_counter), 0)] if counting else []
        self.words = np.array([len(places), *(word for place in places for word in place)], np.int64)
        self.counting = counting

    def describes(self, slots: Sequence[tuple[Any, str, Any]], counting: bool) -> bool:
        """Say whether it is a table of these."""
        pairs = zip(slots, self.held, self.shapes, strict=False)
        same = all(
            t is u and name == own and x is y and getattr(x, "shape", None) == shape
            for (t, name, x), (u, own, y), shape in pairs
        )
        return same and len(slots) == len(self.held) > 0 and counting == self.counting

    def note_records(self) -> None:
        """Note how many records there are now."""
        if self.counting:
            self.words[-1] = _counter.value


def _shape_places(x: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Give where an array's shape lies, which is elsewhere for another number of axes, and then its lengths."""
    at = read_word(id(x) + SHAPE * WORD)
    return [(id(x) + SHAPE * WORD, at), *((at + i * WORD, n) for i, n in enumerate(x.shape))]


@numba.njit(**PLAIN)
def still_hold(table: Any) -> Any:
    """Say whether all places in a table still hold what is beside them there; the first word is their number."""
    words = pointeri64(table)
    for i in range(words[0]):  # noqa: SIM110  (numba has no all)
        if pointeri64(words[2 * i + 1])[0] != words[2 * i + 2]:
            return False
    return True


@numba.njit(**PLAIN)
def is_array(x: Any, array: Any, kind: Any, ndim: Any) -> Any:
    """Say whether an object is an array, of a kind of dtype and so many axes, whose elements lie in order."""
    words = pointeri64(x)
    return (
        words[TYPE] == array
        and pointeri64(words[DTYPE])[KIND] == kind
        and pointeri32(x + NDIM)[0] == ndim
        and pointeri32(x + FLAGS)[0] & ORDERED == ORDERED
    )


@numba.njit(**PLAIN)
def length(x: Any, axis: Any) -> Any:
    """Give an array's length along an axis."""
    return pointeri64(pointeri64(x)[SHAPE])[axis]


@numba.njit(**PLAIN)
def start(x: Any) -> Any:
    """Give the address of an array's first element."""
    return pointeri64(x)[DATA]
