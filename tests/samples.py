"""The one table of operations: one row for each way to call one, and every check runs over every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from operator import itemgetter, methodcaller
from typing import Any

import numpy as np

from minigrad.ops import arithmetic, indexing, linalg, reduction, shaping
from minigrad.ops.base import Op, Shape
from minigrad.ops.elements import between, families
from minigrad.ops.places import assignment, moving, own_memory, sorting
from tests.elementwise_rows import BINARY, MORE, POSITIVE, UNARY
from tests.sample import Array, Sample
from tests.samples_along import along_samples, sliding_samples, sorting_samples
from tests.samples_fft import fft_samples
from tests.samples_linalg import linear_algebra_samples
from tests.samples_networks import network_samples

ONE_INPUT: list[Shape] = [(), (1,), (2, 1, 3), (0, 3)]
TWO_INPUTS: list[tuple[Shape, Shape]] = [
    *(((), ()), ((2, 3), (2, 3)), ((2, 3), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1,), (2, 1, 1))),
    *(((2, 1, 3), (2, 1)), ((0, 3), (1, 3)), ((2, 0), (1,)), ((0,), ())),
]
MATRICES: list[tuple[Shape, Shape]] = [
    *(((2, 3), (3, 4)), ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0))),
    *(((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((3,), (2, 3, 4)), ((2, 4, 3), (3,)), ((0,), (0,))),
    *(((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 2))),
    *(((1, 2, 3), (2, 3, 1)), ((0, 2, 3), (3, 2)), ((2, 3), (0, 3, 2))),
]
CONDITION = np.array([[True, False, True], [False, False, True]])
AXES: list[reduction.Axis] = [None, 0, -1, (0, 2), (-1, 0), (1,), ()]
REDUCTIONS: list[tuple[type[Op], Callable[..., Any]]] = [
    (reduction.Sum, np.sum),
    (reduction.Sum, np.mean),
    (reduction.Max, np.max),
    (reduction.Min, np.min),
]
SOFTMAXES: list[tuple[type[Op], Callable[..., Any], Callable[..., Any]]] = [
    (reduction.Softmax, reduction.softmax, lambda x, axis=-1: _softmax(x, axis)),
    (reduction.LogSoftmax, reduction.log_softmax, lambda x, axis=-1: np.log(_softmax(x, axis))),
]
RESHAPES: list[tuple[Shape, Any]] = [
    *(((2, 3), (3, 2)), ((2, 3), -1), ((2, 3), (1, -1, 2)), ((), (1, 1)), ((1, 1), ()), ((0, 3), (3, 0))),
]
KEYS: dict[str, Any] = {
    "integer": 1,
    "negative": -1,
    "both integers": (1, -2),
    "slice": slice(1, 3),
    "step": slice(None, None, -2),
    "empty slice": slice(2, 2),
    "column": (slice(None), 1),
    "ellipsis": (..., 0),
    "newaxis": (None, slice(1, None), None),
    "list": [0, 2],
    "tuple within": (slice(None), (0, 2)),
    "tuple after a list": ([3, 0], (0, 2)),
    "repeats": np.array([0, 2, 0, 0]),
    "matrix of repeats": np.array([[1, 1], [3, -3]]),
    "two arrays": (np.array([0, 0, 3]), np.array([1, 1, 2])),
    "crossed arrays": np.ix_([0, 0, 2], [1, 0]),
    "array and slice": (slice(1, None), np.array([2, 2])),
    "no rows": np.array([], int),
    "mask of rows": np.array([True, False, True, True]),
    "mask": np.arange(12).reshape(4, 3) % 2 == 0,
    "nothing of it": np.zeros((4, 3), bool),
    "true": True,
}


def _softmax(x: Array, axis: int) -> Array:
    y: Array = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
    return y


def _log_sum_exp(x: Array, axis: reduction.Axis = None, keepdims: bool = False) -> Any:
    return np.log(np.exp(x).sum(axis, keepdims=keepdims))


def _with_index(op: Op, index: Array, *xs: Any) -> Any:
    """Call an operation whose index is an operand, not a field."""
    return op(*xs, index)


def _scattered(key: Any, into: Shape, x: Array) -> Array:
    """Scatter, one element of x after another."""
    y = np.zeros(into, x.dtype)
    places = np.arange(y.size).reshape(into)[key]
    for place, value in zip(places.ravel(), np.broadcast_to(x, places.shape).ravel(), strict=True):
        y.ravel()[place] += value
    return y


def _assigned(key: Any, a: Array, b: Array) -> Array:
    """Assign to elements of a copy, one after another."""
    y = np.array(a)
    places = np.arange(y.size).reshape(y.shape)[key]
    for place, value in zip(places.ravel(), np.broadcast_to(b, places.shape).ravel(), strict=True):
        y.ravel()[place] = value
    return y


def _elementwise() -> Iterator[Sample]:
    for op, call, extra in UNARY:
        yield from (Sample(op, call, (shape,), **extra) for shape in ONE_INPUT)
    for op, call, extra in BINARY:
        for shapes in TWO_INPUTS if op.differentiable else TWO_INPUTS[:3]:
            yield Sample(op, call, shapes, **extra)
    for op, call, extra in MORE:
        yield Sample(op, call, ((2, 1, 3),) if len(op.letters) == 1 or "note" in extra else ((2, 3), (3,)), **extra)
    for line in (between.between, between.in_a_row):
        for shapes in (((2, 3), (3,), ()), ((3,), (2, 3), (2, 1))):
            yield Sample(line, line, shapes, reference=lambda a, b, t: a + (b - a) * t, low=0.1, high=0.9)
    for family, call in ((families.Sinc, np.sinc), (families.I0, np.i0)):
        yield Sample(family, call, ((2, 1, 3),))
    for n in (0, 1, 2, 3, -1, -2, 0.5, 1.5, -0.5, 2.0):
        for shape in ONE_INPUT:
            yield Sample(arithmetic.Power, lambda x, n=n: x**n, (shape,), f"{n}", **POSITIVE)
    for n in (0, 1, 2, 3, -1):  # whole powers of negative numbers too
        yield Sample(arithmetic.Power, lambda x, n=n: x**n, ((5,),), f"{n} of either sign")
    yield Sample(arithmetic.power, lambda x: x ** np.array([0, 1, 2, 3, -1]), ((2, 5),), "integer exponents")
    yield Sample(arithmetic.power, lambda x: 2**x, ((2, 3),), "of 2")
    yield Sample(arithmetic.divide, lambda x: 1 / x, ((2, 3),), "into 1")
    for shapes in (((2, 3), (2, 3)), ((2, 3), ()), ((1,), (2, 1)), ((4, 1, 3), (2, 1))):
        yield Sample(arithmetic.Where, lambda a, b: np.where(CONDITION, a, b), shapes)
    yield Sample(arithmetic.Where, lambda a: np.where(CONDITION, a, 0.0), ((2, 3),), "constant")
    yield Sample(arithmetic.Where, lambda a, b: np.where(a > b, a, b), ((0, 3), (3,)), "own condition")


def _reduction() -> Iterator[Sample]:
    for op, call in REDUCTIONS:
        note = call.__name__
        for axis, keepdims in product(AXES, (False, True)):
            over = partial(call, axis=axis, keepdims=keepdims)
            yield Sample(op, over, ((2, 3, 2),), f"{note} over {axis}{' keepdims' if keepdims else ''}")
        yield Sample(op, call, ((),), f"{note} of a scalar")
        yield Sample(op, partial(call, axis=1), ((0, 3),), f"{note} of no rows")
    yield Sample(reduction.Sum, partial(np.sum, axis=0), ((0, 3),), "over no rows")
    for axis, keepdims in product(AXES, (False, True)):
        over = partial(reduction.log_sum_exp, axis=axis, keepdims=keepdims)
        reference = partial(_log_sum_exp, axis=axis, keepdims=keepdims)
        note = f"over {axis}{' keepdims' if keepdims else ''}"
        yield Sample(reduction.LogSumExp, over, ((2, 3, 2),), note, reference)
    yield Sample(reduction.LogSumExp, reduction.log_sum_exp, ((4,),), reference=_log_sum_exp)
    for op, call, reference in SOFTMAXES:
        for axis, shape in product((0, 1, -1), ((2, 3), (1, 4), (2, 3, 2), (2, 0))):
            if shape[axis]:
                along = partial(call, axis=axis), (shape,), f"axis {axis}", partial(reference, axis=axis)
                yield Sample(op, *along)
        yield Sample(op, call, ((3,),), reference=reference)


def _shaping() -> Iterator[Sample]:
    for before, to in RESHAPES:
        yield Sample(shaping.Reshape, lambda x, to=to: np.reshape(x, to), (before,), f"to {to}")
    yield from (
        Sample(shaping.Ravel, call, ((2, 1, 3),), note)
        for call, note in ((np.ravel, "ravel"), (lambda x: x.T.ravel(), "of the transpose"))
    )
    yield Sample(shaping.Reshape, partial(np.expand_dims, axis=(0, -1)), ((2, 3),), "expand_dims")
    yield Sample(shaping.Reshape, np.squeeze, ((1, 3, 1),), "squeeze")
    yield Sample(shaping.Reshape, partial(np.squeeze, axis=-1), ((1, 3, 1),), "squeeze one axis")
    for shape in ((), (3,), (2, 3), (2, 0, 3)):
        yield Sample(shaping.Transpose, np.transpose, (shape,))
    for axes in ((1, 2, 0), (-1, 0, 1), (0, -1, -2)):
        yield Sample(shaping.Transpose, partial(np.transpose, axes=axes), ((2, 3, 4),), f"{axes}")
    yield Sample(shaping.Transpose, partial(np.swapaxes, axis1=0, axis2=-1), ((2, 3, 4),), "swapaxes")
    for note, key in KEYS.items():
        yield Sample(indexing.Index, itemgetter(key), ((4, 3),), note)
        selected = np.zeros((4, 3))[key].shape
        scatter = indexing.Scatter(key, (4, 3))
        yield Sample(indexing.Scatter, scatter, (selected,), note, partial(_scattered, key, (4, 3)))
        assign = assignment.Assign(key)
        yield Sample(assignment.Assign, assign, ((4, 3), selected), note, partial(_assigned, key))
    for note, key, shapes in (("broadcast", slice(1, 3), ((4, 3), (3,))), ("scalar", ..., ((), ()))):
        yield Sample(assignment.Assign, assignment.Assign(key), shapes, note, partial(_assigned, key))
    rows = np.array([2, 0, 2])
    for note, template, key in (
        ("rows", (None,), rows),
        ("rows and a column", (None, (1,)), (rows, 1)),
        ("rows of a slice", ((slice(1, 3),), None), (slice(1, 3), rows)),
    ):
        selected = np.zeros((4, 3))[key].shape
        gather, scatter_at = indexing.Gather(template), indexing.ScatterAt(template, (4, 3))
        yield Sample(indexing.Gather, partial(_with_index, gather, rows), ((4, 3),), note, itemgetter(key))
        spread = partial(_scattered, key, (4, 3))
        yield Sample(indexing.ScatterAt, partial(_with_index, scatter_at, rows), (selected,), note, spread)
        write = assignment.AssignAt(template)
        for b in (selected, selected[1:]):
            yield Sample(
                assignment.AssignAt, partial(_with_index, write, rows), ((4, 3), b), note, partial(_assigned, key)
            )
    yield Sample(
        assignment.IsLast,
        lambda x: assignment.IsLast((None,), (4,))(sorting.ArgSort(0)(x) // 2),
        ((4,),),
        "halves of an order",
        lambda x: np.array([n not in (np.argsort(x) // 2)[i + 1 :] for i, n in enumerate(np.argsort(x) // 2)]),
    )
    yield Sample(indexing.Index, itemgetter(()), ((),), "scalar")
    yield Sample(indexing.Index, itemgetter((..., None)), ((),), "newaxis of a scalar")
    for shape, to in (((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 2)), ((1, 3), (0, 3)), ((2, 3), (2, 3))):
        yield Sample(shaping.BroadcastTo, partial(np.broadcast_to, shape=to), (shape,), f"{to}")
    yield Sample(own_memory.CopyInOrder, methodcaller("copy"), ((2, 3),))
    for kind in (np.float64, np.longdouble):
        yield Sample(shaping.Cast, methodcaller("astype", kind), ((2, 3),), kind.__name__)
    joined: list[tuple[int | None, tuple[Shape, ...]]] = [
        *((0, ((2, 3), (1, 3), (0, 3))), (1, ((2, 3), (2, 1))), (-1, ((2, 1, 3), (2, 1, 1))), (0, ((3,),))),
        (None, ((2, 3), (), (1,))),
    ]
    for axis, shapes in joined:
        yield Sample(shaping.Concatenate, lambda *xs, axis=axis: np.concatenate(xs, axis=axis), shapes, f"axis {axis}")
    for axis, shapes in ((0, ((2, 3), (2, 3), (2, 3))), (-1, ((2, 3), (2, 3))), (1, ((2,), (2,))), (0, ((), ()))):
        yield Sample(shaping.Stack, lambda *xs, axis=axis: np.stack(xs, axis=axis), shapes, f"axis {axis}")


def _moving() -> Iterator[Sample]:
    for k in (0, 1, -1):
        diagonal, diag = moving.Diagonal.of((3, 4), k), moving.Diag.of((2, 3, 4), k)
        along = partial(np.diagonal, offset=k, axis1=-2, axis2=-1)
        yield Sample(moving.Diagonal, diagonal, ((2, 3, 4),), f"{k}", along)
        selected = along(np.zeros((2, 3, 4))).shape
        yield Sample(moving.Diag, diag, (selected,), f"{k}", partial(_scattered, diag.key, diag.into))
        yield Sample(moving.Tril, partial(np.tril, k=k), ((2, 3, 4),), f"{k}")
        yield Sample(moving.Triu, partial(np.triu, k=k), ((2, 3, 4),), f"{k}")
    for axis in (0, 1, -1):
        yield Sample(moving.Flip, partial(np.flip, axis=axis), ((2, 3),), f"axis {axis}")
    for shift, axis, shape in ((1, 0, (3, 2)), (-2, -1, (2, 3)), (7, 1, (2, 3)), (1, 0, (0, 2))):
        yield Sample(moving.Roll, partial(np.roll, shift=shift, axis=axis), (shape,), f"by {shift} along {axis}")


def _linalg() -> Iterator[Sample]:
    for shapes in MATRICES:
        yield Sample(linalg.MatMul, np.matmul, shapes)
    layers: list[tuple[Shape, Shape, Shape]] = [
        *(((4, 3), (3, 2), (2,)), ((3,), (3, 2), (2,)), ((2, 2, 3), (3, 2), (2,)), ((0, 3), (3, 2), (2,))),
        *(((4, 3), (3,), ()), ((4, 3), (3, 2), (1,)), ((1, 1), (1, 1), (1,)), ((4, 3), (3, 2), (4, 2))),
        *(((2, 4, 3), (2, 3, 2), (2,)), ((3,), (3,), ())),
    ]
    for layer in layers:
        yield Sample(linalg.Affine, linalg.affine, layer, reference=lambda y, W, b: y @ W + b)
    for shape in ((), (3,), (2, 3), (0, 3)):
        yield Sample(linalg.Inner, np.vdot, (shape, shape))
        yield Sample(linalg.LogLikelihood, linalg.log_likelihood, (shape, shape), reference=np.vdot)
        half = linalg.half_squared_distance
        yield Sample(type(half), half, (shape, shape), reference=lambda y, t: np.sum(np.abs(y - t) ** 2) / 2)
    yield Sample(linalg.MatMul, np.dot, ((2, 3), (3, 2)), "dot")
    yield Sample(arithmetic.multiply, np.dot, ((), (2, 3)), "dot with a scalar")


SAMPLES: tuple[Sample, ...] = (
    *(*_elementwise(), *_reduction(), *_shaping(), *_moving(), *_linalg()),
    *(*along_samples(), *linear_algebra_samples(), *fft_samples()),
    *(*sorting_samples(), *sliding_samples(), *network_samples()),
)
