"""Rows of the table of operations: products over axes, what runs along an axis, sorts it, or slides along it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from minigrad.ops import cumulative
from minigrad.ops.places import sliding, sorting
from minigrad.ops.places.positions import Positions
from minigrad.ops.reduction import Axis
from tests.sample import Array, Sample


def _others(x: Array, axis: Axis) -> Array:
    """Give the product of the others, where no element is 0."""
    others: Array = x.prod(axis, keepdims=True) / x
    return others


def _recurrence(a: Array, b: Array, axis: int) -> Array:
    """Run the recurrence by its sums of products, term by term."""
    a, y = np.moveaxis(a, axis, 0), np.zeros_like(np.moveaxis(a * b, axis, 0))
    for n, m in product(range(len(y)), repeat=2):
        if m <= n:
            y[n] += np.prod(a[m + 1 : n + 1], axis=0) * np.moveaxis(b, axis, 0)[m]
    return np.moveaxis(y, 0, axis)


def _recurrence_back(a: Array, b: Array, axis: int) -> Array:
    a, b = np.flip(a, axis), np.flip(b, axis)
    return np.flip(_recurrence(np.roll(a, 1, axis), b, axis), axis)


def along_samples() -> Iterator[Sample]:
    """Give the rows."""
    axes: tuple[Axis, ...] = (None, 1, (0, -1))
    for axis, keepdims in product(axes, (False, True)):
        note = f"over {axis}{' keepdims' if keepdims else ''}"
        yield Sample(cumulative.Prod, partial(np.prod, axis=axis, keepdims=keepdims), ((2, 3, 2),), note)
    yield Sample(cumulative.Prod, np.prod, ((),), "of a scalar")
    yield Sample(cumulative.Prod, partial(np.prod, axis=0), ((0, 3),), "over no rows")
    for axis in axes:
        others = cumulative.ProdOfOthers(axis)
        yield Sample(type(others), others, ((2, 3, 2),), f"over {axis}", partial(_others, axis=axis))
    for at in (0, -1):
        note = f"along {at}"
        yield Sample(cumulative.CumSum, partial(np.cumsum, axis=at), ((3, 4),), note)
        yield Sample(cumulative.CumProd, partial(np.cumprod, axis=at), ((3, 4),), note)
        back = cumulative.SumFromHere(at)
        yield Sample(type(back), back, ((3, 4),), note, lambda x, at=at: np.flip(np.flip(x, at).cumsum(at), at))
        for by in (1, -1):
            shift = cumulative.Shift(at, by, 0)
            sliced = slice(None, -1) if by > 0 else slice(1, None)
            yield Sample(
                type(shift),
                shift,
                ((3, 4),),
                f"{note} by {by}",
                lambda x, at=at, by=by, sliced=sliced: np.insert(
                    np.take(x, range(x.shape[at])[sliced], at), 0 if by > 0 else x.shape[at] - 1, 0, at
                ),
            )
        for kind, reference in ((cumulative.Recurrence, _recurrence), (cumulative.RecurrenceBack, _recurrence_back)):
            yield Sample(kind, kind(at), ((3, 4), (3, 4)), note, partial(reference, axis=at))
    for kind, reference in ((cumulative.Recurrence, _recurrence), (cumulative.RecurrenceBack, _recurrence_back)):
        yield Sample(kind, kind(0), ((4,), (4,)), "of a vector", partial(reference, axis=0))
    yield Sample(cumulative.CumProd, np.cumprod, ((0,),), "of nothing")
    for axis in (0, -1):
        note = f"along {axis}"
        order = np.argsort(np.cos(np.arange(12.0)).reshape(3, 4), axis)
        yield Sample(sorting.Sort, partial(np.sort, axis=axis), ((3, 4),), note)
        statistics, argsort, reorder = (
            kind(axis) for kind in (sorting.OrderStatistics, sorting.ArgSort, sorting.Reorder)
        )
        yield Sample(type(statistics), statistics, ((3, 4),), note, partial(np.sort, axis=axis))
        yield Sample(type(argsort), argsort, ((3, 4),), note, partial(np.argsort, axis=axis))
        yield Sample(sorting.Partition, partial(np.partition, kth=1, axis=axis), ((3, 4),), note)
        yield Sample(
            type(reorder),
            lambda x, op=reorder, i=order: op(x, i),
            ((3, 4),),
            note,
            partial(np.take_along_axis, indices=order, axis=axis),
        )


def sorting_samples() -> Iterator[Sample]:
    """Give the rows of what looks for places."""
    for function, options in (("argmax", {}), ("argsort", {"axis": 0}), ("any", {"axis": 1, "keepdims": True})):
        positions = Positions(function, tuple(options.items()))
        call = partial(getattr(np, function), **options)
        yield Sample(Positions, positions, ((2, 3),), function, call)
    for function, options in (("searchsorted", {"side": "right"}), ("isclose", {"rtol": 0.5})):
        positions = Positions(function, tuple(options.items()))
        call = partial(getattr(np, function), **options)
        if function == "searchsorted":
            yield Sample(
                Positions,
                lambda x, v, op=positions: op(np.arange(4) + 0 * x, v),
                ((4,), (2, 3)),
                function,
                lambda x, v, call=call: call(np.arange(4.0), v),
            )
        else:
            yield Sample(Positions, positions, ((3,), (2, 3)), function, call)
    for side in ("left", "right"):
        search = sorting.SearchSorted(side)
        yield Sample(
            type(search),
            lambda x, v, op=search: op(np.arange(4) + 0 * x, v),
            ((4,), (2, 3)),
            side,
            lambda x, v, side=side: np.searchsorted(np.arange(4.0), v, side),
        )


def _convolved(a: Array, b: Array) -> Array:
    """Convolve row by row."""
    rows = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    pairs = (np.broadcast_to(x, (*rows, x.shape[-1])).reshape(-1, x.shape[-1]) for x in (a, b))
    return np.stack([np.convolve(*pair) for pair in zip(*pairs, strict=True)]).reshape(*rows, -1)


def _correlated(a: Array, b: Array) -> Array:
    whole = _convolved(a, b[..., ::-1])
    return whole[..., b.shape[-1] - 1 : a.shape[-1]]


def sliding_samples() -> Iterator[Sample]:
    """Give the rows of what slides along an axis."""
    for shapes in (((5,), (3,)), ((3,), (3,)), ((2, 1, 4), (3, 2))):
        yield Sample(sliding.Convolve, sliding.convolve, shapes, "", _convolved)
        yield Sample(sliding.Correlate, sliding.correlate, shapes, "", _correlated)
    yield Sample(sliding.Convolve, np.convolve, ((2,), (4,)), "with a longer one")
