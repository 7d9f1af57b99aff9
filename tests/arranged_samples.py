"""Rows of the functions that arrange elements: axes, joining, splitting, repeating, padding, choosing, triangles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from minigrad.ops.base import Shape
from tests.elementwise_rows import POSITIVE
from tests.sample import Sample

windows = np.lib.stride_tricks.sliding_window_view
VECTOR, MATRIX, CUBE = (5,), (3, 4), (2, 3, 4)
MASK = np.array([True, False, True])
FEW = np.array([True, False, False, True, False])

Rows = list[tuple[Callable[..., Any], tuple[Shape, ...]]]


def _rows(f: Callable[..., Any], rows: Rows, **domain: float) -> Iterator[Sample]:
    for i, (call, shapes) in enumerate(rows):
        yield Sample(f, call, shapes, f"{i}", **domain)


def _axes() -> Iterator[Sample]:
    yield from _rows(np.flip, [(np.flip, (MATRIX,)), (partial(np.flip, axis=(0, -1)), (CUBE,))])
    yield from _rows(np.flipud, [(np.flipud, (MATRIX,))])
    yield from _rows(np.fliplr, [(np.fliplr, (MATRIX,))])
    turns: Rows = [(partial(np.rot90, k=k), (MATRIX,)) for k in (-1, 1, 2)]
    yield from _rows(np.rot90, [*turns, (partial(np.rot90, axes=(2, 0)), (CUBE,))])
    yield from _rows(np.moveaxis, [(lambda x: np.moveaxis(x, [0, 1], [-1, 0]), (CUBE,))])
    yield from _rows(np.rollaxis, [(partial(np.rollaxis, axis=2), (CUBE,)), (lambda x: np.rollaxis(x, 0, 3), (CUBE,))])
    yield from _rows(
        np.swapaxes, [(lambda x: np.swapaxes(x, 0, -1), (CUBE,)), (lambda x: np.swapaxes(x, 1, 1), (CUBE,))]
    )
    yield from _rows(np.matrix_transpose, [(np.matrix_transpose, (CUBE,))])
    yield from _rows(np.linalg.matrix_transpose, [(np.linalg.matrix_transpose, (CUBE,))])
    for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
        yield from _rows(f, [(f, ((), VECTOR, MATRIX)), (f, ((),))])


def _joining() -> Iterator[Sample]:
    for f in (np.hstack, np.vstack, np.dstack, np.column_stack):
        yield from _rows(f, [(lambda *xs, f=f: f(xs), (shape, shape)) for shape in ((3,), (3, 3), CUBE)])
    yield from _rows(np.hstack, [(lambda x, y: np.hstack([x, 2.0, y], dtype=np.float64), (VECTOR, ()))])
    square = (2, 2)
    blocks: Rows = [
        (lambda x, y: np.block([[x, y, np.ones((2, 1))], [np.zeros((1, 5))]]), (square, square)),
        (lambda x, y: np.block([x, 2.0, y]), ((3,), ())),
        (lambda x: np.block([[[x]], [[x]]]), (CUBE,)),
    ]
    yield from _rows(np.block, blocks)
    yield from _rows(np.append, [(np.append, (MATRIX, ())), (partial(np.append, axis=1), (MATRIX, (3, 2)))])
    inserted: Rows = [
        (lambda x, y: np.insert(x, 1, y), (MATRIX, ())),
        (lambda x, y: np.insert(x, 2, y, axis=1), (MATRIX, (3,))),
        (lambda x, y: np.insert(x, [0, -1, 2], y, axis=1), (MATRIX, (3, 3))),
        (lambda x, y: np.insert(x, [1], y, axis=1), (MATRIX, (3, 2))),
        (lambda x, y: np.insert(x, slice(0, 4, 2), y), (VECTOR, (2,))),
        (lambda x, y: np.insert(x, FEW, y), (VECTOR, (2,))),
    ]
    yield from _rows(np.insert, inserted)
    deleted: list[tuple[Any, int | None]] = [(1, None), ([0, -2], 1), (slice(1, 3), -1), (MASK, 0), ([], 0)]
    yield from _rows(np.delete, [(partial(np.delete, obj=obj, axis=axis), (MATRIX,)) for obj, axis in deleted])


def _splitting() -> Iterator[Sample]:
    yield from _rows(
        np.split, [(lambda x: np.split(x, 2, axis=1), (MATRIX,)), (lambda x: np.split(x, [1, 2]), (MATRIX,))]
    )
    parts: list[Any] = [3, [3, 1, 9]]
    yield from _rows(np.array_split, [(lambda x, n=n: np.array_split(x, n), (VECTOR,)) for n in parts])
    yield from _rows(np.vsplit, [(lambda x: np.vsplit(x, 3), (MATRIX,))])
    yield from _rows(np.hsplit, [(lambda x: np.hsplit(x, [2]), (VECTOR,)), (lambda x: np.hsplit(x, 2), (MATRIX,))])
    yield from _rows(np.dsplit, [(lambda x: np.dsplit(x, [1]), (CUBE,))])
    yield from _rows(np.unstack, [(np.unstack, (VECTOR,)), (partial(np.unstack, axis=-1), (MATRIX,))])
    yield from _rows(np.trim_zeros, [(partial(np.trim_zeros, axis=()), (VECTOR,))])  # else the shape depends on data


def _repeating() -> Iterator[Sample]:
    tiles: list[tuple[Any, Shape]] = [(2, MATRIX), ((2, 1, 3), (2, 2)), (3, ()), ((), VECTOR), (0, VECTOR)]
    yield from _rows(np.tile, [(partial(np.tile, reps=reps), (shape,)) for reps, shape in tiles])
    repeats: list[tuple[Any, int | None]] = [
        (2, None),
        (3, -1),
        ([1, 0, 2], 0),
        ([2], 0),
        (0, 1),
        (np.arange(12), None),
    ]
    yield from _rows(np.repeat, [(partial(np.repeat, repeats=n, axis=axis), (MATRIX,)) for n, axis in repeats])
    shifts: list[tuple[Any, Any]] = [(2, None), (-1, 0), ((1, -2), (0, 1)), (1, (0, 1)), ((1, 2), 1), (7, -1)]
    yield from _rows(np.roll, [(partial(np.roll, shift=n, axis=axis), (MATRIX,)) for n, axis in shifts])
    shapes: list[Any] = [(3, 5), 3, (0, 2)]
    yield from _rows(np.resize, [(partial(np.resize, new_shape=shape), (MATRIX,)) for shape in shapes])
    yield from _rows(np.broadcast_arrays, [(np.broadcast_arrays, (MATRIX, (4,), ()))])
    rolled: list[tuple[Any, Any, Shape]] = [(2, None, VECTOR), ((2, 3), None, MATRIX), (2, -1, MATRIX)]
    yield from _rows(windows, [(partial(windows, window_shape=n, axis=axis), (shape,)) for n, axis, shape in rolled])


def _padding() -> Iterator[Sample]:
    modes: list[tuple[str, dict[str, Any]]] = [
        *(("constant", {}), ("constant", {"constant_values": ((1, 2), (3, 4))}), ("empty", {}), ("edge", {})),
        *(("linear_ramp", {}), ("linear_ramp", {"end_values": (3, -1)}), ("maximum", {}), ("mean", {"stat_length": 2})),
        *(("minimum", {"stat_length": (1, 2)}), ("reflect", {}), ("symmetric", {}), ("wrap", {})),
        *(("reflect", {"reflect_type": "odd"}), ("symmetric", {"reflect_type": "odd"})),
    ]
    width = ((1, 2), (0, 3))
    for mode, options in modes:
        if mode != "empty":  # whose new elements are whatever there is
            call = partial(np.pad, pad_width=width, mode=mode, **options)
            yield Sample(np.pad, call, (MATRIX,), " ".join([mode, *map(str, options.values())]))
    for mode in ("reflect", "symmetric", "wrap"):
        yield Sample(np.pad, partial(np.pad, pad_width=(5, 4), mode=mode), ((3,),), f"{mode} again and again")
    yield Sample(np.pad, lambda x, c: np.pad(x, 1, constant_values=((c, 1), (2, c))), (MATRIX, ()), "by an operand")
    yield Sample(np.pad, lambda x, e: np.pad(x, 2, "linear_ramp", end_values=(e, 0)), (VECTOR, ()), "to an operand")
    yield Sample(np.pad, lambda x: np.pad(x, {0: 1, -1: (0, 2)}), (MATRIX,), "by axis")


def _choosing() -> Iterator[Sample]:
    taken: list[tuple[Any, int | None, str]] = [
        *(([0, 2, 2], None, "raise"), ([[0, -1], [1, 1]], 1, "raise"), (2, 0, "raise")),
        *(([5, -7], 1, "wrap"), ([9, -7], 1, "clip"), ([True, False], 0, "raise")),
    ]
    yield from _rows(np.take, [(partial(np.take, indices=i, axis=axis, mode=m), (MATRIX,)) for i, axis, m in taken])
    places = np.array([[2, 0, 1, 1], [0, 0, 2, 1]])
    along: Rows = [
        (lambda x: np.take_along_axis(x, places, 0), (MATRIX,)),
        (lambda x: np.take_along_axis(x, places[:1, :3].T, -1), (MATRIX,)),
        (lambda x: np.take_along_axis(x, np.array([3, 1]), None), (MATRIX,)),
    ]
    yield from _rows(np.take_along_axis, along)
    chosen: Rows = [
        (lambda x, y: np.choose([0, 1, 0, 1, 1], [x, y]), (VECTOR, VECTOR)),
        (lambda x, y: np.choose([[0], [1]], (x, y)), (VECTOR, ())),
        (lambda x, y: np.choose([0, 5, -3, 1, 1], [x, y], mode="wrap"), (VECTOR, VECTOR)),
        (lambda x: np.choose([0, 9, -2, 0], x, mode="clip"), (MATRIX,)),
    ]
    yield from _rows(np.choose, chosen)
    yield from _rows(
        np.compress, [(lambda x: np.compress(MASK, x, 0), (MATRIX,)), (lambda x: np.compress([0, 1], x), (MATRIX,))]
    )
    yield from _rows(np.unravel_index, [(lambda x: x * x[np.unravel_index(np.argmax(x), x.shape)], (MATRIX,))])
    yield from _rows(np.extract, [(lambda x: np.extract(FEW, x), (VECTOR,))])
    selected: Rows = [
        (lambda x, y: np.select([x > 1, x > y], [x * y, y], 9.0), (MATRIX, (4,))),
        (lambda x: np.select([FEW, ~FEW], [1.0, x]), (VECTOR,)),
    ]
    yield from _rows(np.select, selected)
    pieces: Rows = [
        (lambda x: np.piecewise(x, [FEW], [np.square, lambda x: x - x.mean()]), (VECTOR,)),
        (lambda x: np.piecewise(x, [FEW, FEW[::-1]], [lambda x, k: k * x, 7.0], 3.0), (VECTOR,)),
    ]
    yield from _rows(np.piecewise, pieces)


def _triangles() -> Iterator[Sample]:
    diagonals: list[tuple[Shape, int]] = [(VECTOR, 0), ((2,), 1), ((2,), -2), (MATRIX, 0), (MATRIX, -1), (MATRIX, 9)]
    yield from _rows(np.diag, [(partial(np.diag, k=k), (shape,)) for shape, k in diagonals])
    yield from _rows(np.diagonal, [(np.diagonal, (CUBE,)), (lambda x: np.diagonal(x, 1, 2, 0), (CUBE,))])
    yield from _rows(np.linalg.diagonal, [(partial(np.linalg.diagonal, offset=-1), (CUBE,))])
    yield from _rows(np.diagflat, [(partial(np.diagflat, k=1), ((2, 2),)), (np.diagflat, ((),))])
    for f in (np.tril, np.triu):
        yield from _rows(f, [(f, (CUBE,)), (partial(f, k=1), (MATRIX,)), (partial(f, k=-1), ((3,),))])


def _grids() -> Iterator[Sample]:
    lines: Rows = [
        (partial(np.linspace, num=5), ((), (2,))),
        (lambda x: np.linspace(x, 2, 4, endpoint=False, axis=-1), ((2, 3),)),
        (lambda x: np.linspace(0, x, 1), ((),)),
        (lambda x: np.linspace(0, x, 4, retstep=True), ((),)),
    ]
    yield from _rows(np.linspace, lines)
    powers: Rows = [(partial(np.logspace, stop=2, num=3), ((2,),)), (lambda b: np.logspace(0, 1, 3, base=b), ((),))]
    yield from _rows(np.logspace, powers, **POSITIVE)
    yield from _rows(np.geomspace, [(partial(np.geomspace, num=4), ((), (2,)))], **POSITIVE)
    grids: Rows = [
        (np.meshgrid, ((2,), (3,))),
        (partial(np.meshgrid, indexing="ij"), ((2,), (3,), (1,))),
        (partial(np.meshgrid, sparse=True), ((2,), (3,))),
    ]
    yield from _rows(np.meshgrid, grids)
    yield from _rows(np.ix_, [(lambda x: x[np.ix_([0, 0, 2], MASK)], ((3, 3),))])
    yield from _rows(np.full_like, [(lambda x: np.full_like(x, x[0], shape=(2, 4)), (MATRIX,))])


def _mapping() -> Iterator[Sample]:
    mapped: Rows = [
        (lambda x: np.apply_along_axis(lambda line: line * line.sum(), 0, x), (MATRIX,)),
        (lambda x: np.apply_along_axis(np.sum, 1, x), (MATRIX,)),
        (lambda x: np.apply_along_axis(lambda line: line[:2, None] * np.ones((1, 3)), 1, x), (CUBE,)),
    ]
    yield from _rows(np.apply_along_axis, mapped)
    yield from _rows(np.apply_over_axes, [(lambda x: np.apply_over_axes(np.sum, x, (0, -1)), (CUBE,))])


def _writing() -> Iterator[Sample]:
    """What writes into its first argument: here into a copy, which is given."""

    def into_copy(f: Callable[..., Any], *more: Any, **named: Any) -> Callable[..., Any]:
        def call(x: Any, *operands: Any) -> Any:
            y = np.copy(x)
            f(y, *more, *operands, **named)
            return y

        return call

    places = np.array([[0, 3, 1, 1]])
    for f, call, shapes in (
        (np.copyto, into_copy(np.copyto, where=np.arange(4) > 1), (MATRIX, (4,))),
        (np.put, into_copy(np.put, [1, -1, 1]), (MATRIX, (2,))),
        (np.place, into_copy(np.place, np.eye(*MATRIX)), (MATRIX, (2,))),
        (np.putmask, into_copy(np.putmask, np.eye(*MATRIX, dtype=bool)), (MATRIX, MATRIX)),
        (np.put_along_axis, lambda x, v: into_copy(np.put_along_axis, places, v, 1)(x), (MATRIX, (1, 4))),
        (np.fill_diagonal, into_copy(np.fill_diagonal), (MATRIX, (2,))),
    ):
        yield from _rows(f, [(call, shapes)])


ARRANGED_SAMPLES: tuple[Sample, ...] = (
    *(*_axes(), *_joining(), *_splitting(), *_repeating(), *_padding()),
    *(*_choosing(), *_triangles(), *_grids(), *_mapping(), *_writing()),
)
