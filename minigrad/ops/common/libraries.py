"""Arrays of other libraries beside NumPy's: what one of the host has to be made to compute with them (NEP 35).

Nothing of theirs is ever made NumPy's. A constant that an operation or a rule brings along goes to them, and to none
but them: of NumPy's arrays, Tensors and Nodes it stays what it is.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np


def is_other(x: Any) -> bool:
    """Say whether x is an array of another library that speaks NumPy's protocols; a Tensor is none."""
    return (
        not isinstance(x, np.ndarray | np.generic)
        and hasattr(x, "__array_function__")
        and not hasattr(x, "serial")  # of what records
    )


def find_other(values: Any) -> Any:
    """Give an array of another library among values, lists and tuples included, or None."""
    for x in values:
        found = find_other(x) if isinstance(x, list | tuple) else x if is_other(x) else None
        if found is not None:
            return found
    return None


def move_beside(like: Any, values: Any) -> Any:
    """Give the values with NumPy's arrays moved to the library of ``like``, beside which scalars go as they are."""
    return type(values)(
        move_beside(like, x)
        if isinstance(x, list | tuple)
        else np.asarray(x, like=like)
        if isinstance(x, np.ndarray)
        else x
        for x in values
    )


def alike(x: Any, like: Any) -> Any:
    """Give an array of NumPy's as one of the library that ``like`` is of, or that a Tensor ``like`` holds."""
    like = getattr(like, "array", like)
    return np.asarray(x, like=like) if isinstance(x, np.ndarray) and is_other(like) else x


def _parts(key: Any) -> tuple[Any, ...]:
    """Give the index of each axis."""
    return key if isinstance(key, tuple) else (key,)


def _count_out(part: Any) -> tuple[Any, ...]:
    """Give a mask of the host as the places that it chooses: how many these are is known then to the other library."""
    return part.nonzero() if isinstance(part, np.ndarray) and part.dtype == np.bool_ and part.ndim else (part,)


def make_seed(x: Any) -> Any:
    """Give a gradient like x to linearize a pullback at, which is linear.

    It is 1: a 0 may be that of what a choice ignored, where 0 · ∞ is 0, and the slope there was 0 instead of ∞.
    """
    zeros = make_zeros(np.shape(x), x)
    return zeros + 1 if zeros.dtype.kind in "fc" else zeros


def make_zeros(shape: tuple[int, ...], like: Any) -> Any:
    """Give zeros of a shape, in the dtype and the library of what ``like`` is, or holds."""
    return alike(np.zeros(shape, like.dtype), like)


def bring(x: Any) -> Any:
    """Give the elements of an array of any library to the host, where they are shown, written or compared there.

    By the word that a library has for it: ``get`` of CuPy's, ``compute`` of Dask's, or by DLPack. Nothing that only
    computes calls this. Numbers and lists become arrays.
    """
    return np.asarray(on_host(x))


def on_host(x: Any) -> Any:
    """Give what ``bring`` gives of an array of another library, and anything else as it is."""
    if not is_other(x):
        return x
    for name in ("get", "compute"):
        if hasattr(x, name):
            return getattr(x, name)()
    return np.from_dlpack(x)


def index_other(x: Any, key: Any) -> Any:
    """Give x[key] of an array of another library: by the index as it is, or with what lies on the host moved to it.

    A library that has no indexing by several arrays, or by one of two axes, as Dask, has that of elements in one row.
    """
    key = tuple(index for part in _parts(key) for index in _count_out(part))
    for move in (tuple, partial(move_beside, x)):
        with suppress(TypeError, NotImplementedError, AssertionError):  # the last: Dask's, of arrays of two axes
            return x[move(key)]
    places = _find_places(x, x.shape, key)
    return np.reshape(np.ravel(x)[np.ravel(places)], places.shape)


def scatter_other(into: tuple[int, ...], key: Any, x: Any) -> Any:
    """Add x, of another library, into its zeros at an index that may name an element twice.

    By the library's own ``add.at``, as CuPy has one, or as a sum of what comes to each place, which is of double
    precision: yₙ = Σ xᵢ over the places iₙ.

    Raises ``ValueError`` for a lazy mask: how many elements it names nobody knows, and gradients have shapes.
    """
    add: Any = getattr(sys.modules.get(type(x).__module__.partition(".")[0]), "add", None)
    if hasattr(add, "at"):
        y = np.zeros_like(x, shape=into)
        add.at(y, move_beside(x, (key,))[0], x)
        return y
    places = _find_places(x, into, key)
    if np.isnan(places.size):
        raise ValueError(
            "index: how many elements a lazy mask chooses is not known before it is computed, so that their gradient "
            "has no shape. Write np.where(mask, x, 0), or compute the mask first: x[mask.compute()]"
        )
    size = int(np.prod(into))
    if not size or not places.size:
        return np.zeros_like(x, shape=into)
    x = np.ravel(np.broadcast_to(x, places.shape))
    places = alike(np.ravel(places), x) + np.zeros_like(x, dtype=np.intp)  # each has the blocks of both so
    x = x + np.zeros_like(places, dtype=x.dtype)
    if x.dtype.kind == "c":
        sums = np.bincount(places, x.real, size) + 1j * np.bincount(places, x.imag, size)
    else:
        sums = np.bincount(places, x, size)
    return np.reshape(sums, into).astype(x.dtype)


def put_into_zeros(into: tuple[int, ...], key: Any, x: Any) -> Any:
    """Give zeros with x, of another library, at an index that names each element once, without arrays."""
    return _write(np.zeros_like(x, shape=into), key, x)


def _write(y: Any, key: Any, x: Any) -> Any:
    """Assign in y at an index without arrays; axes that it adds are taken from x, which Dask's assignment has none of.

    An index that names nothing leaves y as it is.
    """
    shown = tuple(part for part in _parts(key) if part is not None)
    outline = np.broadcast_to(np.False_, y.shape)
    if outline[key].size:
        y[shown] = np.reshape(np.broadcast_to(x, outline[key].shape), outline[shown].shape)
    return y


def write_into_copy(a: Any, key: Any, b: Any) -> Any:
    """Give a copy of a, of another library, with b at an index that names each element once, without arrays."""
    return _write(a.copy(), key, _of_its_library(b, a))


def _of_its_library(b: Any, a: Any) -> Any:
    """Give what is assigned, a number too, in the library and the dtype of a."""
    return b if is_other(b) else np.asarray(b, a.dtype, like=a)


def assign_other(a: Any, key: Any, b: Any) -> Any:
    """Give a copy of a, of another library, with b at an index; of an element that it names twice the last.

    Of such an element a GPU would leave any, so that those which count are found before: each place is written once.
    """
    b = _of_its_library(b, a)
    places = _find_places(a, a.shape, key)
    if not places.size:
        return a.copy()
    kept = np.flatnonzero(find_last((places,), (a.size,)))
    at, new = np.ravel(places)[kept], index_other(np.ravel(np.broadcast_to(b, places.shape)), kept)
    line = np.ravel(a).copy()
    try:
        line[alike(at, a)] = new
    except (NotImplementedError, IndexError, ValueError):  # Dask assigns at slices alone
        line = _choose_by_place(line, at, new)
    return np.reshape(line, a.shape)


def _choose_by_place(line: Any, at: Any, new: Any) -> Any:
    """Assign new elements at places without assignment: each place takes one of them, or keeps its own."""
    source = np.full(line.shape, -1)
    source[at] = np.arange(at.size)
    return np.where(alike(source >= 0, line), new[alike(np.maximum(source, 0), line)], line)


def find_last(key: Any, shape: tuple[int, ...]) -> Any:
    """Say, of the elements that an index names in an array of a shape, which are the last to name their place.

    Of another library's index, put in order: those of one place stand side by side, the last before another place.
    """
    other = find_other((key,))
    if other is None:
        places = np.zeros(shape, np.intp)
        count = np.arange(places[key].size).reshape(places[key].shape)
        places[key] = count
        return places[key] == count
    found = _find_places(other, shape, key)
    line = np.ravel(found)
    order = np.argsort(line, kind="stable")
    ordered = line[order]
    last = np.concatenate([ordered[1:] != ordered[:-1], np.ones_like(ordered[:1], dtype=np.bool_)])
    return np.reshape(last[np.argsort(order, kind="stable")], found.shape)


def _find_places(x: Any, shape: tuple[int, ...], key: Any) -> Any:
    """Give the positions, row by row, that an index names in an array of a shape: on the host, if it is all there."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    if find_other((key,)) is None:
        return places[key]
    parts = move_beside(x, tuple(np.asarray(part) if isinstance(part, list) else part for part in _parts(key)))
    if all(isinstance(part, int | np.integer) or (is_other(part) and part.dtype.kind in "iu") for part in parts):
        return _count_places(alike(places, x), shape, parts)
    return alike(places, x)[parts]


def _count_places(places: Any, shape: tuple[int, ...], numbers: tuple[Any, ...]) -> Any:
    """Give the positions that whole numbers along the first axes name: Σ iₖ · product of the lengths behind axis k."""
    found: Any = 0
    for i, n in zip(numbers, shape, strict=False):
        found = found * n + (np.where(i < 0, i + n, i) if is_other(i) else int(i) % n)  # of an int it is the host's
    rest = shape[len(numbers) :]
    size = int(np.prod(rest))
    if not rest:
        return found
    return np.reshape(found[..., None] * size + np.ravel(places)[:size], (*found.shape, *rest))
