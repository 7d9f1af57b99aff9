"""Products with Jacobians and Hessians, against closed forms and matrices of them."""

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, hessian_vector_product, hvp, jvp, stop_gradient, vjp

A = np.random.default_rng(0).normal(size=(3, 2))
x = np.array([0.3, -1.2])
v = np.array([2.0, 0.5])


def f(x):
    return np.tanh(A @ x)


J = (1 - np.tanh(A @ x) ** 2)[:, None] * A


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def test_a_pullback_may_be_called_again():
    y, pull = vjp(f, x)
    np.testing.assert_allclose(y, f(x))
    for g in np.eye(3):
        (gradient,) = pull(g)
        assert type(gradient) is np.ndarray
        np.testing.assert_allclose(gradient, g @ J)


def test_several_outputs_are_pulled_back_at_once():
    (y, z), pull = vjp(lambda x, w: (f(x), [x * w])[::1], x, 3.0)[0:2]
    np.testing.assert_allclose(z[0], 3 * x)
    gx, gw = pull((np.ones(3), [v]))
    np.testing.assert_allclose(gx, np.ones(3) @ J + 3 * v)
    np.testing.assert_allclose(gw, x @ v)
    assert y.shape == (3,)


def test_a_product_along_a_tangent():
    y, slope = jvp(f, (x,), (v,))
    np.testing.assert_allclose(y, f(x))
    np.testing.assert_allclose(slope, J @ v)
    np.testing.assert_allclose(jvp(f, x, v)[1], J @ v)
    assert type(slope) is np.ndarray


@pytest.mark.parametrize("order", range(1, 5))
def test_forward_to_any_order(order):
    """The derivatives of sin are sin shifted by quarters."""
    derivative = np.sin
    for _ in range(order):
        derivative = lambda t, d=derivative: jvp(d, (t,), (1.0,))[1]  # noqa: E731
    np.testing.assert_allclose(derivative(0.7), np.sin(0.7 + order * np.pi / 2))


def test_forward_within_reverse_and_the_other_way_round():
    for second in (
        lambda t: grad(lambda t: jvp(np.exp, (t,), (2.0,))[1])(t),
        lambda t: jvp(grad(np.exp), (t,), (2.0,))[1],
        lambda t: vjp(grad(np.exp), t)[1](2.0)[0],
        lambda t: grad(lambda s: vjp(np.exp, s)[1](2.0)[0])(t),
    ):
        np.testing.assert_allclose(second(0.3), 2 * np.exp(0.3))


def test_a_hessian_times_a_vector():
    z, d = np.array([1.2, 0.7, -0.4]), np.array([1.0, -2.0, 0.5])
    numeric = (grad(rosenbrock)(z + 1e-6 * d) - grad(rosenbrock)(z - 1e-6 * d)) / 2e-6
    np.testing.assert_allclose(hvp(rosenbrock, (z,), (d,)), numeric, rtol=1e-6)
    np.testing.assert_allclose(hvp(rosenbrock, z, d), numeric, rtol=1e-6)
    np.testing.assert_allclose(hessian_vector_product(rosenbrock)(z, d), numeric, rtol=1e-6)
    both = hvp(lambda a, b: (a * b**2).sum(), (v, x), (x, v))
    np.testing.assert_allclose(both[0], 2 * x * v)
    np.testing.assert_allclose(both[1], 2 * x * x + 2 * v * v)


def test_tensors_keep_their_records():
    w = Tensor(v, requires_grad=True)
    y, pull = vjp(lambda x: x**2 * w, x)
    pull(Tensor(np.ones(2)))[0].sum().backward()
    np.testing.assert_allclose(w.grad.data, 2 * x)
    assert y.requires_grad


def test_compiled():
    np.testing.assert_allclose(compile(lambda x, v: jvp(f, (x,), (v,))[1])(x, v), J @ v)
    np.testing.assert_allclose(compile(lambda x, g: vjp(f, x)[1](g)[0])(x, np.ones(3)), np.ones(3) @ J)
    np.testing.assert_allclose(compile(hessian_vector_product(rosenbrock))(x, v), hvp(rosenbrock, x, v))


def test_stopped():
    assert grad(lambda x: x * stop_gradient(x**2))(3.0) == 9
    assert grad(lambda x: stop_gradient({"a": [x]})["a"][0] * x)(3.0) == 3
    assert stop_gradient((1.0, None)) == (1.0, None)
    assert grad(grad(lambda x: stop_gradient(x) * x**2))(3.0) == 6
