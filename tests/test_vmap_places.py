"""vmap where indices, orders and points differ from lane to lane: what a loop over the examples gives."""

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, vmap
from minigrad.ops.places.sorting import SearchSorted

rng = np.random.default_rng(0)


def in_a_loop(f, *arrays):
    return np.stack([f(*rows) for rows in zip(*arrays, strict=True)])


def plain(x):
    return x.data if isinstance(x, Tensor) else x


KEYS = {
    "i": lambda i, j: (i,),
    ":, i": lambda i, j: (slice(None), i),
    "1:, i, j": lambda i, j: (slice(1, None), i, j),
    "i, :, j": lambda i, j: (i, slice(None), j),
    "..., i": lambda i, j: (Ellipsis, i),
    "None, :, i": lambda i, j: (None, slice(None), i),
    ":, 1, i": lambda i, j: (slice(None), 1, i),
    "i, ..., 0": lambda i, j: (i, Ellipsis, 0),
    ":, i[:, None], [0, 1, 0]": lambda i, j: (slice(None), i[:, None], np.array([0, 1, 0])),
    ":, j, mask": lambda i, j: (slice(None), j, np.array([True, False, True, True])),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_indices_that_differ_beside_slices(key):
    """Taken, written to and differentiated as in a loop; elements that one lane names twice count twice, or last."""
    x, places = rng.normal(size=(3, 3, 3, 4)), rng.integers(0, 3, (2, 3, 3))

    def take(x, i, j):
        return x[key(i, j)]

    def write(x, i, j):
        y = x * 1
        y[key(i, j)] = np.cos(np.arange(float(take(x, i, j).size)).reshape(take(x, i, j).shape)) * x.sum()
        return y

    for f in (take, write):
        expected = in_a_loop(f, x, *places)
        for run in (vmap(f), compile(vmap(f)), lambda *xs, f=f: vmap(vmap(f))(*(v[:, None] for v in xs))[:, 0]):
            np.testing.assert_allclose(run(x, *places), expected)

        def total(x, i, j, f=f):
            return (np.sin(np.arange(float(f(x, i, j).size))) * f(x, i, j).ravel() ** 2).sum()

        slopes = np.stack([grad(total)(*rows) for rows in zip(x, *places, strict=True)])
        summed = grad(lambda x, total=total: vmap(total)(x, *places).sum())
        for run in (vmap(grad(total)), compile(vmap(grad(total))), lambda x, i, j, run=summed: run(x)):
            np.testing.assert_allclose(run(x, *places), slopes)
        if f is write:
            continue
        alone = vmap(total, in_axes=(None, 0, 0))
        shared = grad(lambda x, alone=alone: alone(x, *places).sum())(x[0])
        np.testing.assert_allclose(shared, sum(grad(total)(x[0], *rows) for rows in zip(*places, strict=True)))


@pytest.mark.parametrize("side", ["left", "right"])
def test_each_lane_searches_its_own_numbers(side):
    bounds = np.sort(np.round(rng.normal(size=(5, 6)), 1), axis=1)
    bounds[1, 4:] = np.nan
    values = np.concatenate([np.round(rng.normal(size=(5, 2, 4)), 1), bounds[:, None, ::-1][:, [0, 0], :4]], axis=1)
    values[2, 0, :2] = np.nan, np.inf
    f = SearchSorted(side)
    expected = in_a_loop(lambda a, v: np.searchsorted(a, v, side), bounds, values)
    for g in (lambda a, v: f(a * 1, v), lambda a, v: np.searchsorted(a * 1, v, side=side) * 1.0):
        np.testing.assert_array_equal(plain(vmap(g)(bounds, values)), expected)
        np.testing.assert_array_equal(plain(compile(vmap(g))(bounds, values)), expected)
        nested = vmap(lambda a, v, g=g: vmap(lambda v: g(a, v))(v))
        np.testing.assert_array_equal(plain(nested(bounds, values)), expected)
    one = in_a_loop(lambda a: np.searchsorted(a, 0.3, side), bounds)
    np.testing.assert_array_equal(plain(vmap(lambda a: f(a, 0.3))(bounds)), one)


def test_interpolation_between_points_of_each_lane():
    points = np.cumsum(rng.random((4, 5)), axis=1)
    heights, x = rng.normal(size=(4, 5)), rng.random((4, 3)) * 3
    expected = in_a_loop(np.interp, x, points, heights)
    slope_of = grad(lambda *xs: (np.interp(*xs) ** 2).sum(), (0, 1, 2))
    by_loop = [slope_of(*rows) for rows in zip(x, points, heights, strict=True)]
    for way in (lambda f: f, compile):
        np.testing.assert_allclose(way(vmap(np.interp))(x, points, heights), expected)
        slopes = way(vmap(slope_of))(x, points, heights)
        for slope, rows in zip(slopes, zip(*by_loop, strict=True), strict=True):
            np.testing.assert_allclose(slope, np.stack(rows))
    summed = grad(lambda p: (vmap(np.interp)(x, p, heights) ** 2).sum())(points)
    np.testing.assert_allclose(summed, np.stack([row[1] for row in by_loop]))


PAIRS = [
    (np.isin, {}),
    (np.isin, {"invert": True}),
    (np.allclose, {"rtol": 0.5}),
    (np.array_equal, {}),
    (np.array_equal, {"equal_nan": True}),
    (np.array_equiv, {}),
    (np.digitize, {}),
    (np.digitize, {"right": True}),
]


@pytest.mark.parametrize(("f", "options"), PAIRS, ids=lambda x: getattr(x, "__name__", None))
def test_how_two_wholes_are_related_in_each_lane(f, options):
    a = rng.integers(0, 3, (6, 4)).astype(float)
    b = np.where(rng.random((6, 4)) > 0.4, a, 1.0) if f is not np.digitize else np.sort(a, axis=1)
    b[0], b[1] = a[0] if f is not np.digitize else b[0], b[1] * 1
    a[2, 0] = b[2, -1] = np.nan
    a[3], b[3] = (np.nan, np.nan) if f is np.array_equal else (a[3], b[3])
    expected = in_a_loop(lambda a, b: f(a, b, **options) * 1.0, a, b)
    np.testing.assert_array_equal(vmap(lambda a, b: f(a, b, **options) * 1.0)(a, b), expected)
    np.testing.assert_array_equal(
        vmap(lambda a, b: f(a * 1, b, **options) * 1.0, (0, None))(a, b[0]),
        in_a_loop(lambda a: f(a, b[0], **options) * 1.0, a),
    )
    if f is not np.allclose:
        fewer = in_a_loop(lambda a, b: f(a, b[:2], **options) * 1.0, a, b)
        np.testing.assert_array_equal(vmap(lambda a, b: f(a, b[:2], **options) * 1.0)(a, b), fewer)
