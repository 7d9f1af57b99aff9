"""Which elements of an array an index without arrays names: of each axis one place, or a range of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.ops.indexing import gives_view

Places = tuple["int | range", ...]


def find_places(key: Any, shape: Sequence[int]) -> Places | None:
    """Give what an index names along each axis; None for one that adds axes, or that holds arrays."""
    parts = key if isinstance(key, tuple) else (key,)
    if not gives_view(key) or any(part is None for part in parts):
        return None
    missing = len(shape) - sum(part is not Ellipsis for part in parts)
    known: list[Any] = []
    for part in parts:
        known += [slice(None)] * missing if part is Ellipsis else [part]
    known += [slice(None)] * (len(shape) - len(known))
    return tuple(
        range(*part.indices(n)) if isinstance(part, slice) else int(part) % n
        for part, n in zip(known, shape, strict=True)
    )


def are_apart(a: Places, b: Places) -> bool:
    """Say whether no element is named by both, as far as one axis tells."""
    return any(_have_none_in_common(x, y) for x, y in zip(a, b, strict=True))


def _have_none_in_common(a: int | range, b: int | range) -> bool:
    if isinstance(a, int) or isinstance(b, int):
        return a not in b if isinstance(b, range) else b not in a if isinstance(a, range) else a != b
    if not (a and b):
        return True
    a, b = (x if x.step > 0 else x[::-1] for x in (a, b))
    return a[-1] < b[0] or b[-1] < a[0] or (a.step == b.step and (a.start - b.start) % a.step != 0)


def find_within(outer: Places, inner: Places) -> tuple[Any, ...] | None:
    """Give the index that names in a part of an array those elements that ``inner`` names in the array; None if some
    of them are not of the part.
    """  # fmt: skip
    key: list[Any] = []
    for x, y in zip(outer, inner, strict=True):
        if isinstance(x, int):
            if x != y:
                return None
        elif isinstance(y, int):
            if y not in x:
                return None
            key.append(x.index(y))
        elif not y:
            key.append(slice(0, 0))
        elif y[0] not in x or y[-1] not in x or (len(y) > 1 and y.step % x.step):
            return None
        else:
            first, step = x.index(y[0]), y.step // x.step if len(y) > 1 else 1
            stop = first + step * len(y)
            key.append(slice(first, stop if stop >= 0 else None, step))
    return tuple(key)


def find_within_part(outer: Places, inner: Places) -> Places:
    """Give the elements of an array that ``inner`` names in a part of it, which ``outer`` names."""
    left = iter(inner)
    found: list[int | range] = []
    for x in outer:
        place = next(left) if isinstance(x, range) else 0
        if isinstance(x, int):
            found.append(x)
        elif isinstance(place, int):
            found.append(x[place])
        else:
            found.append(
                range(x[place[0]], x[place[-1]] + x.step * place.step, x.step * place.step) if place else x[:0]
            )
    return tuple(found)


def count_places(places: Places) -> tuple[int, ...]:
    """Give the shape of what is named."""
    return tuple(len(x) for x in places if isinstance(x, range))


def write_places(places: Places) -> tuple[Any, ...]:
    """Write places as an index."""
    ends = ((x.stop if x.stop >= 0 else None) if isinstance(x, range) else 0 for x in places)
    return tuple(
        slice(x.start, end, x.step) if isinstance(x, range) else x for x, end in zip(places, ends, strict=True)
    )
