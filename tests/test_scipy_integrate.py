"""``minigrad.scipy.integrate.odeint`` against SciPy's own and a solution in closed form."""

import numpy as np
import pytest
import scipy.integrate as theirs

from minigrad import Tensor, compile, grad, gradcheck, hessian, value_and_grad, vmap
from minigrad.scipy import integrate

Y0, T, A, B = np.array([1.0, 0.3]), np.array([0.0, 0.4, 1.0, 1.7]), np.array(1.3), np.array([0.4, 0.7])
EXACT = {"rtol": 1e-11, "atol": 1e-11}


def pendulum(y, t, a, b):
    return np.stack([y[1], -a * np.sin(y[0]) - b[0] * y[1] + b[1] * np.cos(t)])


def loss(y0, t, a, b):
    y = integrate.odeint(pendulum, y0, t, (a, b), **EXACT)
    return (y**2 * np.arange(1.0, 9.0).reshape(4, 2)).sum()


def test_it_is_scipys():
    wanted = theirs.odeint(pendulum, Y0, T, (A, B))
    for y0 in (Y0, Tensor(Y0), Tensor(Y0, requires_grad=True)):
        y = integrate.odeint(pendulum, y0, T, (A, B))
        np.testing.assert_array_equal(y.data if isinstance(y, Tensor) else y, wanted)
        assert type(y) is type(y0)
    np.testing.assert_array_equal(Y0, [1.0, 0.3])
    assert integrate.solve_ivp is theirs.solve_ivp


def test_gradients_by_start_times_and_parameters():
    assert gradcheck(loss, Y0, T, A, B, rtol=1e-5, atol=1e-6)


def test_second_derivatives():
    assert gradcheck(lambda y0, a: sum((g**2).sum() for g in grad(loss, (0, 2))(y0, T, a, B)), Y0, A, rtol=1e-4)


def test_a_closed_form():
    """dy/dt = −k y: y = y₀ e^(−kt), ∂y/∂k = −t y and ∂y/∂t = −k y, and with the first time t₀ as its negative."""
    y0, k, t = np.array([2.0]), 0.7, np.array([0.5, 2.0])
    last = y0[0] * np.exp(-k * 1.5)
    slopes = grad(lambda y0, k, t: integrate.odeint(lambda y, s, k: -k * y, y0, t, (k,), **EXACT)[-1, 0], (0, 1, 2))
    for found, wanted in zip(slopes(y0, k, t), ([last / 2], -1.5 * last, [k * last, -k * last]), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-8)


OPTIONS = {
    "time first": lambda y0, a: integrate.odeint(
        lambda t, y, a: pendulum(y, t, a, B), y0, T, (a,), tfirst=True, **EXACT
    ),
    "a list of slopes": lambda y0, a: integrate.odeint(lambda y, t, a: [y[1] + t, -a * y[0]], y0, T, (a,), **EXACT),
    "one number": lambda y0, a: integrate.odeint(lambda y, t, a: -a * y, y0[0], T, (a,), **EXACT),
    "its Jacobian, errors of each": lambda y0, a: integrate.odeint(
        lambda y, t, a: -a * y, y0, T, (a,), Dfun=lambda y, t, a: -a * np.eye(2), rtol=1e-11, atol=[1e-11, 1e-12]
    ),
}


@pytest.mark.parametrize("solve", OPTIONS.values(), ids=list(OPTIONS))
def test_scipys_ways_of_calling_it(solve, monkeypatch):
    ours = solve(Y0, A)
    with monkeypatch.context() as only:
        only.setattr(integrate, "odeint", theirs.odeint)
        np.testing.assert_array_equal(ours, solve(Y0, A))
    assert gradcheck(lambda y0, a: (solve(y0, a) ** 2 * [[1.0], [2.0], [3.0], [4.0]]).sum(), Y0, A, rtol=1e-5)


def test_what_is_told_beside_y_has_no_gradient():
    y, more = integrate.odeint(pendulum, Y0, T, (A, B), full_output=True)
    assert (y.shape, type(more)) == ((4, 2), dict)
    with pytest.raises(TypeError, match=r"odeint: full_output .* Leave it out"):
        integrate.odeint(pendulum, Tensor(Y0), T, (A, B), full_output=True)


def test_wrong_calls():
    with pytest.raises(ValueError, match=r"odeint: wanted a vector y0, not an array of shape \(2, 1\)"):
        integrate.odeint(pendulum, Y0[:, None], T, (A, B))
    with pytest.raises(TypeError, match=r"args must be a tuple.*args=\(a,\)"):
        integrate.odeint(pendulum, Y0, T, A)
    outside = Tensor(A, requires_grad=True)
    for way in (lambda f: f, compile):
        with pytest.raises(TypeError, match=r"requires a gradient|scipy\.integrate\.odeint is not differentiable"):
            way(lambda y0: integrate.odeint(lambda y, s: -outside * y, y0, T))(Y0)
    for f in (
        compile(hessian(loss)),
        lambda *xs: vmap(hessian(loss), in_axes=(0, None, None, None))(Y0[None], *xs[1:]),
    ):
        with pytest.raises(TypeError, match=r"no derivative in a compiled function or in lanes\. Call .* uncompiled"):
            f(Y0, T, A, B)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_compiled_function_calls_the_solver_between_its_lines(backend):
    step = compile(value_and_grad(loss, (0, 1, 2, 3)), backend=backend)
    for a in (A, 2 * A):
        value, slopes = step(Y0, T, a, B)
        wanted, theirs = value_and_grad(loss, (0, 1, 2, 3))(Y0, T, a, B)
        np.testing.assert_allclose(value, wanted, rtol=1e-13)
        for found, exact in zip(slopes, theirs, strict=True):
            np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-12)
    lambdas = compile(lambda y0, k: integrate.odeint(lambda y, s, k: -k * y, y0, T, (k,)).sum())
    np.testing.assert_allclose(lambdas(Y0, A), theirs_odeint(Y0, A).sum(), rtol=1e-6)


def theirs_odeint(y0, k):
    return theirs.odeint(lambda y, s: -k * y, y0, T)


def test_lanes_are_solved_one_after_the_other():
    starts, factors = np.stack([Y0, 2 * Y0]), np.array([0.5, 1.3])
    values, slopes = vmap(value_and_grad(loss, (0, 2)), in_axes=(0, None, 0, None))(starts, T, factors, B)
    for i in range(2):
        wanted, (by_y0, by_a) = value_and_grad(loss, (0, 2))(starts[i], T, factors[i], B)
        np.testing.assert_allclose(values[i], wanted, rtol=1e-13)
        np.testing.assert_allclose(slopes[0][i], by_y0, rtol=1e-9)
        np.testing.assert_allclose(slopes[1][i], by_a, rtol=1e-9)


def test_second_derivatives_by_all_that_a_gradient_is_of():
    y0, t, a, b = Y0, T, A, B
    assert gradcheck(lambda *xs: sum((g * g).sum() for g in grad(loss, (0, 1, 2, 3))(*xs)), y0, t, a, b, rtol=1e-3)
