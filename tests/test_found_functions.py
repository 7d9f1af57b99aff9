"""Functions as they are found differentiate as they stand: eager, compiled, in lanes, along a direction, twice."""

import zlib
from functools import partial

import numpy as np
import pytest

import minigrad.numpy
from minigrad import Tensor, compile, grad, hessian, jvp, vmap
from tests.found_functions import INPUTS

found = pytest.mark.parametrize("f", INPUTS, ids=lambda f: f.__name__)


def arrays_of(f):
    rng = np.random.default_rng(zlib.crc32(f.__name__.encode()))
    return [0.6 * rng.normal(size=shape) for shape in INPUTS[f]]


def weigh(y):
    """Give one number of all elements, each of which counts by itself."""
    return (y * np.cos(1.0 + np.arange(np.size(y))).reshape(np.shape(y))).sum()


def loss_of(f):
    return lambda *xs: weigh(f(minigrad.numpy, *xs))


def slopes(f, xs, h=1e-6):
    """The gradient of a function of NumPy's arrays by central differences, each of a call with arrays of its own."""
    rows = []
    for k, x in enumerate(xs):
        row = np.zeros(x.size)
        for i, e in enumerate(h * np.eye(x.size)):
            sides = [[x + s * e.reshape(x.shape) if j == k else y.copy() for j, y in enumerate(xs)] for s in (1, -1)]
            row[i] = (f(*sides[0]) - f(*sides[1])) / (2 * h)
        rows.append(row.reshape(x.shape))
    return rows


def gradient_of(f):
    return grad(loss_of(f), argnums=tuple(range(len(INPUTS[f]))))


WAYS = {
    "eager": lambda f: gradient_of(f),
    "compiled": lambda f: compile(gradient_of(f)),
    "lanes": lambda f: lambda *xs: [g[1] for g in vmap(gradient_of(f))(*(np.stack([0.999 * x, x]) for x in xs))],
}


@found
@pytest.mark.parametrize("way", WAYS)
def test_its_gradient_agrees_with_differences(f, way):
    xs = arrays_of(f)
    wanted = slopes(lambda *xs: weigh(f(np, *xs)), xs)
    differentiated = WAYS[way](f)
    for _ in range(2):
        for g, w in zip(differentiated(*(x.copy() for x in xs)), wanted, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)


@found
def test_it_is_a_function_of_arrays_still(f):
    xs = arrays_of(f)
    wanted = f(np, *(x.copy() for x in xs))
    np.testing.assert_array_equal(f(minigrad.numpy, *(x.copy() for x in xs)), wanted)
    np.testing.assert_allclose(compile(partial(f, minigrad.numpy))(*xs), wanted, rtol=1e-10, atol=1e-13)


@found
def test_its_derivatives_along_directions_and_its_second_ones(f):
    xs = arrays_of(f)
    directions = tuple(np.sin(1.0 + np.arange(x.size)).reshape(x.shape) for x in xs)
    gradients = gradient_of(f)(*xs)
    along = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))
    np.testing.assert_allclose(jvp(loss_of(f), tuple(xs), directions)[1], along, rtol=1e-9, atol=1e-12)

    def by_first(x):
        return loss_of(f)(x, *map(Tensor, xs[1:]))  # an array would not take what is added to it in place

    H = hessian(by_first)(xs[0])
    step = 1e-6 * directions[0]
    wanted = (grad(by_first)(xs[0] + step) - grad(by_first)(xs[0] - step)) / 2e-6
    np.testing.assert_allclose(np.tensordot(H, directions[0], directions[0].ndim), wanted, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(compile(hessian(by_first))(xs[0]), H, rtol=1e-7, atol=1e-8)
