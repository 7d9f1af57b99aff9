"""Kinds of gradients: of numbers in each dtype, infinite ones, and code with constants of long double."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, compile, elu, grad, hessian, jacobian, jvp, no_grad, vmap
from tests.compiling import as_code, each_backend, running

CHOICES = {
    "relu": minigrad.relu,
    "leaky_relu": minigrad.leaky_relu,
    "elu": elu,
    "maximum": lambda a: np.maximum(a, 1),
    "fmin": lambda a: np.fmin(a, -3),
    "clip": lambda a: np.clip(a, -1, 1),
    "heaviside": lambda a: np.heaviside(a, a) + 0 * a,
    "where": lambda a: np.where(a > 0, a, 0),
    "max": np.max,
}


@each_backend
@pytest.mark.parametrize("name", CHOICES)
def test_a_number_that_was_not_chosen_has_a_gradient_of_its_own_kind(name, backend):
    f = CHOICES[name]
    with running(backend):
        for kind in (np.float16, np.float32, np.float64, np.longdouble):
            if kind is np.longdouble and backend == "interpreted":
                continue
            for number in (-2.0, 0.5):
                right, got = grad(f)(kind(number)), as_code(grad(f), backend)(kind(number))
                assert np.asarray(got).dtype == right.dtype == kind
                assert got == right


BETWEEN = {  # whose value is a number where the slope of its root is infinite
    "quantile": (lambda x: np.quantile(x, 0.5), [1.0, 2.0, 3.0, 7.0], 2.5, [0, np.inf, np.inf, 0]),
    "at an element": (lambda x: np.quantile(x, 0.0), [1.0, 2.0], 1.0, [np.inf, 0]),
    "of some": (lambda x: np.nanquantile(x, 0.25), [1.0, np.nan, 2.0, 3.0], 1.5, [np.inf, 0, np.inf, 0]),
    "midpoint": (lambda x: np.nanquantile(x, 0.3, method="midpoint"), [1.0, 2.0, 3.0], 1.5, [np.inf, np.inf, 0]),
    "row": (lambda x: np.linspace(x[0], x[1], 3)[1], [1.0, 3.0], 2.0, [np.inf, np.inf]),
    "end of a row": (lambda x: np.linspace(x[0], x[1], 3)[2], [1.0, 3.0], 3.0, [0, np.inf]),
    "multiples": (lambda x: np.geomspace(x[0], x[1], 3)[0], [1.0, 4.0], 1.0, [np.inf, 0]),
}


@each_backend
@pytest.mark.parametrize("name", BETWEEN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinite_gradient_goes_to_both_that_a_number_is_between(name, backend):
    f, x, value, right = BETWEEN[name]

    def E(x):
        return np.sqrt(f(x) - value)

    with running(backend):
        for y in (grad(E)(np.array(x)), as_code(grad(E), backend)(np.array(x)), vmap(grad(E))(np.array([x]))[0]):
            assert y.tolist() == right


@each_backend
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinite_gradient_goes_to_no_factor_whose_others_are_0(backend):
    def mean(x):
        return np.sum(np.prod(x, axis=-1) ** (1 / 3))

    x = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 8.0, 1.0]])
    right = [[np.inf, 0, 0], [0, 0, 0], [2 / 3, 1 / 12, 2 / 3]]
    with running(backend):
        for y in (grad(mean)(x), as_code(grad(mean), backend)(x), vmap(grad(mean))(x)):
            np.testing.assert_allclose(y, right, rtol=1e-14)


@each_backend
def test_the_second_derivative_of_a_product_is_exact_at_zeros(backend):
    x = np.array([0.0, 2.0, 3.0, 0.0])
    right = np.zeros((4, 4))
    right[0, 3] = right[3, 0] = 6
    with running(backend):
        for y in (hessian(np.prod)(x), as_code(hessian(np.prod), backend)(x)):
            assert y.tolist() == right.tolist()


@each_backend
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_range_of_equal_elements_has_no_slope_be_the_gradient_infinite(backend):
    def spread(x):
        return np.sum(np.sqrt(np.ptp(x, axis=1)))

    x = np.array([[3.0, 3.0, 3.0], [1.0, 5.0, 2.0], [np.inf, np.inf, 1.0]])
    right = [[0, 0, 0], [-0.25, 0.25, 0], [0, 0, 0]]
    with running(backend):
        for y in (grad(spread)(x), as_code(grad(spread), backend)(x)):
            assert y.tolist() == right
        of_infinite = as_code(lambda x: np.ptp(x), backend)(np.array([np.inf, np.inf]))
    assert np.isnan(of_infinite)
    assert np.isnan(np.ptp(minigrad.Tensor([np.inf, np.inf])).item())


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.linspace(x, 2.0, 3),
        lambda x: np.geomspace(x, 2.0, 4),
        lambda x: np.ediff1d(x, to_end=[1, 2]),
        lambda x: np.pad(x, 1, constant_values=3),
        lambda x: x * np.linspace(0, 1, 3, dtype=np.longdouble),
    ],
)
def test_long_doubles_that_the_function_makes_are_constants_of_its_code(f):
    x = np.array([1.0, 1.5, 3.0], np.longdouble)
    code = compile(f)
    for _ in range(2):
        y = code(x)
        assert y.dtype == np.longdouble
        np.testing.assert_allclose(y, f(x), rtol=1e-18)
    assert code.cache_info().misses == 1


def by_rows(f, x):
    """Give a Jacobian, each of its rows as the gradient of an element that is chosen."""
    return np.stack([grad(lambda x, i=i: np.ravel(f(x))[i])(x) for i in range(np.size(f(x)))])


CHOSEN = {
    "root": lambda x: np.where(x > 0, np.sqrt(x), x),
    "log": lambda x: np.where(x > 0, np.log(x), 0.0),
    "reciprocal": lambda x: np.where(x != 0, 1 / x, 0),
    "power": lambda x: np.where(x > 0, x**1.5, 0),
    "product": lambda x: np.where(x > 0, np.sqrt(x) * x, 0),
    "mask": lambda x: np.sqrt(x)[x > 0],
    "nested": lambda x: np.where(x > 0, np.exp(1 / x), 0),
}


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_second_derivative_knows_no_nan_of_what_was_not_chosen(name):
    f = CHOSEN[name]
    for x in (np.array([-1.0]), np.array([-1.0, 0.0, 0.5])):
        slope = [grad(grad(lambda v: f(np.reshape(v, 1)).sum()))(np.float64(v)) for v in x]
        right = np.diag(slope)
        assert np.isfinite(right).all()
        for second in (hessian(lambda x: f(x).sum()), jacobian(grad(lambda x: f(x).sum()))):
            np.testing.assert_allclose(second(x), right, rtol=1e-13)
        if name != "mask":
            np.testing.assert_allclose(compile(hessian(lambda x: f(x).sum()))(x), right, rtol=1e-13)


INFINITE = {
    "root": np.sqrt,
    "maximum": lambda x: np.sqrt(np.maximum(x, 0)),
    "bounds": lambda x: np.sqrt(np.clip(x, 0, 3)),
    "fmax": lambda x: np.fmax(x, 0) ** 0.5,
    "product": lambda x: np.sqrt(np.prod(x) * np.ones(2)),
    "tall": lambda x: np.concatenate([np.cbrt(x), x, x, 2 * x, x * x]),
}


@pytest.mark.parametrize("name", INFINITE)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinite_slope_at_one_element_leaves_the_others_alone(name):
    f, x = INFINITE[name], np.array([0.0, 1.0, 4.0])
    right = by_rows(f, x)
    assert np.isinf(right).any()
    assert not np.isnan(right).any()
    np.testing.assert_allclose(jacobian(f)(x), right, rtol=1e-14)
    code = compile(jacobian(f))
    for point in (x + 0.5, x, x, x + 0.5):
        np.testing.assert_allclose(code(point), by_rows(f, point), rtol=1e-13)
    assert code.cache_info().misses == 2  # in haste, and with care
    np.testing.assert_allclose(vmap(jacobian(f))(x[None])[0], right, rtol=1e-14)
    np.testing.assert_allclose(compile(vmap(jacobian(f)))(x[None])[0], right, rtol=1e-14)


@each_backend
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_code_has_jacobians_that_are_constant_or_of_nothing(backend):
    functions = [
        lambda x: 2.0 * x,
        lambda x: np.ones(3) + 0 * x[:1],
        lambda x: x.sum(),
        lambda x: np.concatenate([x, x]),
        lambda x: x * np.inf,
    ]
    with running(backend):
        for f in functions:
            for x in (np.array([1.0, 2.0]), np.zeros(0)):
                if x.size or f is not functions[1]:
                    np.testing.assert_array_equal(as_code(jacobian(f), backend)(x), jacobian(f)(x), strict=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_written_over_is_there_for_an_infinite_slope():
    def E(a, b):
        y = a.copy()
        np.divide.at(y, [0, 0], b)
        return (y * np.array([1.0, 2.0, 3.0])).sum()

    g, h = grad(E, (0, 1))(np.array([np.inf, -1.0, 2.0]), np.array(0.5))
    assert (g.tolist(), h) == ([4, 2, 3], -np.inf)


HIDDEN = {
    "NaN that is left out": lambda J: np.nansum(J, where=J < 10),
    "NaN that is compared": lambda J: np.where(J == J, J, 7.0),
    "NaN that is no maximum": lambda J: np.fmax(J, -1.0),
    "NaN to the 0": lambda J: J**0 + 1,
    "NaN behind all others": lambda J: np.sort(J, axis=None)[0],
    "an element": lambda J: J[1, 0],
    "a product": lambda J: J @ np.array([0.0, 1.0, 2.0]),
}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_nan_of_a_jacobian_is_hidden_in_code(name):
    read, x = HIDDEN[name], np.array([0.0, 1.0, 4.0])
    right = read(by_rows(np.sqrt, x))
    code = compile(lambda x: read(jacobian(np.sqrt)(x)))
    call = code.bind(x)
    for found in (code(x), call(), compile(lambda x: read(jacobian(np.sqrt)(x)), verify=2)(x)):
        np.testing.assert_allclose(found, right, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_step_by_a_jacobian_is_taken_once_and_with_care():
    w = Tensor([0.0, 1.0, 4.0], requires_grad=True)
    seen = np.zeros(3)

    def step(x, total):
        J = jacobian(np.sqrt)(x)
        total += J[1]
        with no_grad():
            w.data = w.data - np.where(np.isinf(J), 0, J).sum(0)
        return J

    code = compile(step)
    x = np.array([0.0, 1.0, 4.0])
    for turn in (1, 2):
        np.testing.assert_allclose(code(x, seen), by_rows(np.sqrt, x), rtol=1e-14)
        np.testing.assert_allclose(seen, [0, 0.5 * turn, 0], rtol=1e-14)
        np.testing.assert_allclose(w.data, [0, 1 - 0.5 * turn, 4 - 0.25 * turn], rtol=1e-14)


VANISHED = {
    "log1p of exp": (lambda z: np.log1p(np.exp(z)), 800.0),
    "square of a root": (lambda z: np.sqrt(z) ** 2, 0.0),
    "times 0": (lambda z: np.sqrt(z) * 0.0, 0.0),
    "in order": (lambda z: np.sqrt(np.stack([z, z + 1])) ** 2, 0.0),
}


@each_backend
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", VANISHED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_slope_that_is_0_by_itself_tells_nothing_behind_a_choice(name, exact, backend):
    """NaN, as it is without a choice, and as PyTorch and JAX have it; of what the choice ignored it is 0."""
    f, at = VANISHED[name]
    x = np.array([at, at, 2.0])
    chosen = np.array([True, False, True])

    def E(x):
        return np.where(chosen, f(x), 0).sum()

    right = np.where(chosen, grad(lambda x: f(x).sum())(x), 0)
    assert np.isnan(right).tolist() == [True, False, False]
    with running(backend):
        found = [grad(E)(x), vmap(grad(E))(x[None])[0], grad(lambda x: f(x)[..., chosen].sum())(x)]
        found += [] if not exact else [as_code(grad(E), backend, exact=True)(x)]
        for y in found:
            np.testing.assert_allclose(y, right, rtol=1e-14)
        if not exact:  # algebra may find the limit
            y = as_code(grad(E), backend)(x)
            assert y[1] == 0
            np.testing.assert_allclose(y[2], right[2], rtol=1e-14)
            assert y[0] in (1, right[0]) or np.isnan(y[0]) or name == "times 0"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_slope_that_is_none_stays_nan():
    J = jacobian(np.sqrt)(np.array([-1.0, 4.0]))
    assert np.isnan(J[0, 0])
    assert J[1].tolist() == [0, 0.25]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "f",
    [
        np.cbrt,
        lambda x: np.cbrt(x)[:1],
        lambda x: np.concatenate([np.cbrt(x), x]),
        lambda x: np.where(x >= 0, np.cbrt(x), 0),
        lambda x: np.maximum(np.cbrt(x), -1),
    ],
)
def test_an_infinite_slope_is_carried_forward_through_a_choice(f):
    x, along = np.array([0.0, 1.0, 8.0]), np.array([2.0, 3.0, -1.0])
    right = by_rows(f, x) * np.where(np.isinf(by_rows(f, x)), 1, along)  # 0 · ∞ is not summed up: one slope a row
    for call in (lambda x: jvp(f, (x,), (along,))[1], compile(lambda x: jvp(f, (x,), (along,))[1])):
        np.testing.assert_allclose(call(x), right.sum(1), rtol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_matrix_of_nan_or_infinity_spoils_no_other_determinants_gradient(backend):
    x = np.stack([np.full((3, 3), np.nan), np.arange(9.0).reshape(3, 3), np.diag([1.0, 2.0, np.inf]), 2 * np.eye(3)])
    right = np.stack([np.array([[-3.0, 6, -3], [6, -12, 6], [-3, 6, -3]]), 4 * np.eye(3)])
    f = grad(lambda x: np.linalg.det(x).sum())
    with running(backend):
        for y in (f(x), as_code(f, backend)(x)):
            np.testing.assert_allclose(np.asarray(y)[[1, 3]], right, rtol=1e-12, atol=1e-12)
            assert np.isnan(y[0]).all()


@each_backend
def test_the_slope_of_silu_is_1_far_on_the_right(backend):
    for kind in (np.float32, np.float64):
        x = np.array([-5.0, 0.0, 40.0, 1000.5, 123456.7, 3e7, 1e17], kind)
        s = 1 / (1 + np.exp(-x.astype(float)))
        right = s + x * s * (1 - s)
        with running(backend):
            for y in (
                grad(lambda x: minigrad.silu(x).sum())(x),
                as_code(grad(lambda x: minigrad.silu(x).sum()), backend)(x),
            ):
                assert y.dtype == kind
                np.testing.assert_allclose(y, right, rtol=float(8 * np.finfo(kind).eps))


@each_backend
def test_a_gradient_that_comes_to_all_parts_of_a_stack_comes_to_all_that_they_are_computed_from(backend):
    """What has become 0 by itself meets an infinite slope as it does where nothing was stacked: 0 · ∞ is NaN."""
    W = np.array([[1.0, 2.0], [3.0, 4.0]])

    def stacked(x):
        return (np.stack([np.sqrt(x) @ W, np.sqrt(x) @ W]) * 0.0).sum()

    def alone(x):
        return ((np.sqrt(x) @ W) * 0.0).sum()

    with running(backend), np.errstate(all="ignore"):
        for f in (stacked, alone):
            for g in (grad(f), as_code(grad(f), backend, exact=True)):
                np.testing.assert_array_equal(g(np.array([0.0, 1.0])), [np.nan, 0.0])
