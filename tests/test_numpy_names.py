"""``minigrad.numpy``: NumPy's names, for tensors in every argument."""

import subprocess
import sys
from typing import Any, assert_type

import numpy
import pytest

import minigrad
import minigrad.numpy as np
from minigrad import Tensor, compile, grad, gradcheck, hessian, jacobian, value_and_grad, vmap
from minigrad.numpy.linalg import inv
from tests.generated import generated_files

t, u = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
A = numpy.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("module", ["", "linalg", "fft", "random"])
def test_every_name_of_numpy_is_there(module):
    ours, theirs = (getattr(x, module) if module else x for x in (np, numpy))
    missing = [name for name in theirs.__all__ if not hasattr(ours, name)]
    assert missing == []
    assert set(theirs.__all__) <= set(dir(ours)) & set(ours.__all__)
    assert minigrad.numpy is np


def test_what_numpy_has_is_numpys_own():
    assert np.exp is numpy.exp
    assert np.float32 is numpy.float32
    assert type(np.array([1, 2])) is type(np.full(3, 1.0)) is type(np.sum([1, 2], keepdims=True)) is numpy.ndarray
    with pytest.raises(AttributeError, match="summ"):
        np.summ  # noqa: B018


@pytest.mark.parametrize(
    ("f", "value"),
    [
        (lambda x, y: np.array([x, y, 1.0]), [2, 3, 1]),
        (lambda x, y: np.array([[x, 1.0], (y, x)]), [[2, 1], [3, 2]]),
        (lambda x, y: np.array([np.array([x, y]), [1, 2]]), [[2, 3], [1, 2]]),
        (lambda x, y: np.asarray([x * y, y])[::-1], [3, 6]),
        (lambda x, y: np.array(x * y, ndmin=2), [[6]]),
        (lambda x, y: np.full((2, 2), x * y), [[6, 6], [6, 6]]),
        (lambda x, y: np.full((2, 2), [x, y]), [[2, 3], [2, 3]]),
        (lambda x, y: np.full_like(A, x * y), numpy.full((2, 3), 6)),
        (lambda x, y: np.sum([x, y]) * np.prod([x, y]), 30),
        (lambda x, y: np.mean([[x, y], [1.0, 2.0]], axis=0), [1.5, 2.5]),
        (lambda x, y: np.dot([x, y], [3.0, 4.0]), 18),
        (lambda x, y: np.linalg.norm([x, y]), 13**0.5),
        (lambda x, y: np.concatenate([[x, y], [1.0]]), [2, 3, 1]),
        (lambda x, y: np.stack([x, y]) + np.hstack([[x], (y,)]), [4, 6]),
        (lambda x, y: np.block([[x, y], [1.0, x]]), [[2, 3], [1, 2]]),
        (lambda x, y: np.r_[x, [y, 1.0], :2] * 1.0, [2, 3, 1, 0, 1]),
        (lambda x, y: np.c_[np.array([x, y]), [1.0, 2.0]], [[2, 1], [3, 2]]),
        (lambda x, y: np.c_[x, y], [[2, 3]]),
        (lambda x, y: np.einsum("i,i", [x, y], [y, x]), 12),
        (lambda x, y: np.where([True, False], [x, 1.0], [1.0, y]), [2, 3]),
        (lambda x, y: np.pad(numpy.ones(1), 1, constant_values=x * y), [6, 1, 6]),
        (lambda x, y: inv([[x, 0.0], [0.0, y]]), [[0.5, 0], [0, 1 / 3]]),
    ],
)
def test_tensors_are_found_in_lists_and_in_every_argument(f, value):
    numpy.testing.assert_allclose(f(t, u).data, value)
    assert gradcheck(f, 2.0, 3.0)
    numpy.testing.assert_allclose(compile(f)(numpy.array(2.0), numpy.array(3.0)), value)


def test_dtypes_are_numpys():
    half = Tensor(numpy.float32(1), requires_grad=True)
    assert np.array([half, half]).dtype == np.full(2, half).dtype == numpy.float32
    assert np.array([half, numpy.float64(1)]).dtype == numpy.float64
    assert np.asarray([t, u], dtype=numpy.float32).dtype == np.full(2, t, numpy.float32).dtype == numpy.float32
    assert np.r_[half, 0.5, half].dtype == np.c_[half, 2.0].dtype == numpy.float32
    assert np.r_[half, [0.5]].dtype == numpy.float64
    assert np.asarray(t) is t
    assert np.array(t) is not t
    assert np.take(A, Tensor([0, 1]), axis=1).shape == (2, 2)


def fill(x):
    """A function that fills arrays of its own."""
    y = np.empty(4)
    y[0] = x
    for i in range(3):
        y[i + 1] = np.sin(y[i]) + x
    z = np.zeros((2, 4))
    z[1] += y**2
    weights = np.zeros_like(numpy.arange(4.0))
    weights += x
    return np.sum(z * weights)


def test_what_is_filled_inside_a_function_is_a_tensor_where_a_gradient_comes_to_it():
    slope = (fill(2.0 + 1e-6) - fill(2.0 - 1e-6)) / 2e-6
    assert type(fill(2.0)) is numpy.float64
    assert type(np.zeros(2)) is type(np.empty(2)) is numpy.ndarray
    for way in (grad, lambda f: compile(grad(f)), lambda f: lambda x: vmap(grad(f))(numpy.array([1.0, x]))[1]):
        assert way(fill)(2.0) == pytest.approx(slope)
    assert type(compile(fill)(2.0)) is numpy.float64
    numpy.testing.assert_allclose(vmap(fill)(numpy.array([1.0, 2.0])), [fill(1.0), fill(2.0)])
    assert hessian(fill)(numpy.array(2.0)) == pytest.approx((grad(fill)(2.0 + 1e-5) - grad(fill)(2.0 - 1e-5)) / 2e-5)
    kept = []
    grad(lambda x: kept.append(np.zeros(2, int)) or x)(1.0)
    assert type(kept[0]) is numpy.ndarray  # an index stays one


def test_a_function_of_numbers_is_called_for_each_element():
    ramp = np.vectorize(lambda a, b: a * b if a > 0 else b)
    x = numpy.array([[1.0, -1.0], [2.0, 3.0]])
    numpy.testing.assert_array_equal(grad(lambda x: ramp(x, 2.0).sum())(x), [[2, 0], [2, 2]])
    assert type(ramp(x, 2.0)) is numpy.ndarray
    halves, squares = np.vectorize(lambda a: (a / 2, a**2))(t)
    assert (halves.item(), squares.item()) == (t.item() / 2, t.item() ** 2)
    with pytest.raises(TypeError, match=r"minigrad\.vmap\(f\)"):
        np.vectorize(numpy.sum, signature="(n)->()")(t[None])


def test_the_elements_of_a_tensor_are_gone_through_with_their_places():
    def f(x):
        return sum(v**2 * (i - 2 * j) for (i, j), v in np.ndenumerate(x))

    x = numpy.arange(6.0).reshape(2, 3)
    weights = numpy.arange(2)[:, None] - 2 * numpy.arange(3)
    for way in (grad(f), compile(grad(f))):
        numpy.testing.assert_array_equal(way(x), 2 * x * weights)
    assert list(np.ndenumerate(x)) == list(numpy.ndenumerate(x))
    assert [place for place, _ in np.ndenumerate(t)] == [()]


def test_what_an_iterable_gives_is_a_vector():
    x = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True, name="x")
    y = np.fromiter((a * b for a, b in zip(x, x[::-1], strict=True)), float, count=2)
    numpy.testing.assert_array_equal(y.data, [3.0, 4.0])
    assert gradcheck(lambda x: (np.fromiter((a**2 for a in x), float) * [1, 2, 3]).sum(), x.data)
    numpy.testing.assert_array_equal(np.fromiter(range(3), int), [0, 1, 2])
    assert x.detach().item(1) == 2
    assert Tensor(np.eye(2)).item(1, 0) == 0
    with pytest.raises(IndexError):
        x.item(7)


def test_windows_and_required_arrays_of_tensors():
    assert gradcheck(lambda b: (np.kaiser(5, b) * numpy.arange(5.0)).sum(), 1.3)
    assert gradcheck(lambda b: np.kaiser(6, b)[2], 2.0)
    window: Any = np.kaiser(6, t)
    numpy.testing.assert_allclose(window.data, numpy.kaiser(6, t.item()), rtol=1e-14)
    assert np.require(t, requirements=["C"]) is t


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(ValueError, match="order 'C', not 'F'"):
        np.array([t, u], order="F")
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray([t, u], copy=False)
    with pytest.raises(TypeError, match=r"np\.concatenate or np\.stack"):
        np.r_["0,2", t, u]
    with pytest.raises(ValueError, match=r"shape"):
        np.array([[t, u], [t]])
    with pytest.raises(ValueError, match="infinities or NaN"):
        np.asarray_chkfinite([t * np.inf, u])


def weibull_loss(p, time, died, features):
    """Minus the log-likelihood of a Weibull model of accelerated failure times, as it is written for HIPS autograd.

    λ = exp(xᵀβ), ρ = exp(p₄): log h(t) = log ρ − log λ + (ρ − 1)(log t − log λ), H(t) = (t / λ)^ρ.
    """
    log_scale, shape = np.dot(features, p[:4]), np.exp(p[4])
    log_ratio = np.log(time) - log_scale
    log_hazard = np.log(shape) - log_scale + (shape - 1) * log_ratio
    cumulative = np.exp(np.clip(shape * log_ratio, -1e2, 1e2))
    return -np.sum(died * log_hazard - cumulative) / len(time) + 0.1 * np.sum(np.array([p[1], p[2], p[3]]) ** 2)


def test_a_survival_likelihood_for_autograd_runs_with_two_lines_changed():
    rng = np.random.default_rng(0)
    features = np.column_stack([np.ones(50), rng.normal(size=(50, 3))])
    time, died, p = rng.exponential(size=50) + 0.1, rng.random(50) < 0.7, rng.normal(size=5) / 4
    scale, shape = numpy.exp(features @ p[:4]), numpy.exp(p[4])
    z = (time / scale) ** shape
    by_hand = features.T @ (shape * (died - z)) / 50 + 0.2 * p[:4] * [0, 1, 1, 1]
    value, slope = value_and_grad(weibull_loss)(p, time, died, features)
    log_density = numpy.log(shape / scale * (time / scale) ** (shape - 1))
    numpy.testing.assert_allclose(value, -numpy.mean(died * log_density - z) + 0.1 * (p[1:4] @ p[1:4]))
    numpy.testing.assert_allclose(slope[:4], by_hand)
    of_shape = died * (1 + shape * numpy.log(time / scale)) - z * shape * numpy.log(time / scale)
    numpy.testing.assert_allclose(slope[4], -numpy.mean(of_shape))
    numpy.testing.assert_allclose(compile(grad(weibull_loss))(p, time, died, features), slope)
    curvature = hessian(weibull_loss)(p, time, died, features)
    numpy.testing.assert_allclose(curvature, jacobian(grad(weibull_loss))(p, time, died, features))
    numpy.testing.assert_allclose(curvature, curvature.T, atol=1e-12)


def test_importing_minigrad_does_not_import_it():
    code = "import sys, minigrad; print([name for name in sys.modules if name.startswith('minigrad.numpy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_generated_files_are_up_to_date():
    stale = []
    for path, text in generated_files().items():
        written = path.read_text(encoding="utf-8")
        other_numpy = written.splitlines()[0] != text.splitlines()[0]
        if written != text and not other_numpy:
            stale.append(path.name)
    assert stale == [], "run python -m tests.generated"


def test_types() -> None:
    """Types as mypy reads them: it is its complaint that fails, not this."""
    w = Tensor(numpy.eye(3), requires_grad=True)
    for x in (
        assert_type(np.tanh(w), Tensor),
        assert_type(np.add(A, w[:2]), Tensor),
        assert_type(np.dot(A, w), Tensor),
        assert_type(np.sum(w, axis=0), Tensor),
        assert_type(np.where(A > 0, w[:2], 0.0), Tensor),
        assert_type(np.array([w, w]), Tensor),
        assert_type(np.full((3, 3), w), Tensor),
        assert_type(np.linalg.inv(w), Tensor),
        assert_type(np.einsum("ij,jk", w, w), Tensor),
        *assert_type(np.split(w, 3), list[Tensor]),
    ):
        assert type(x) is Tensor
    assert assert_type(np.ndim(w), int) == 2
