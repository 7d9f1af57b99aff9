"""Gradients of gradients: higher orders, and variables that are not confused."""

import math

import numpy as np
import pytest

from minigrad import Tensor, grad, sigmoid, value_and_grad


def many(f, n):
    for _ in range(n):
        f = grad(f)
    return f


TANH_DERIVATIVES = [  # polynomials in t = tanh x, highest power first: d/dx p(t) = p′(t)(1 − t²)
    np.poly1d([1, 0]),
    np.poly1d([-1, 0, 1]),
    np.poly1d([2, 0, -2, 0]),
    np.poly1d([-6, 0, 8, 0, -2]),
    np.poly1d([24, 0, -40, 0, 16, 0]),
    np.poly1d([-120, 0, 240, 0, -136, 0, 16]),
]


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("x", [-1.3, 0.0, 0.2, 2.0])
def test_derivatives_of_tanh(order, x):
    if order:
        assert TANH_DERIVATIVES[order] == TANH_DERIVATIVES[order - 1].deriv() * np.poly1d([-1, 0, 1])
    np.testing.assert_allclose(many(np.tanh, order)(x), TANH_DERIVATIVES[order](np.tanh(x)), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "order", "exact"),
    [
        (np.exp, 6, np.exp(0.7)),
        (np.sin, 6, -np.sin(0.7)),
        (np.log, 5, 24 / 0.7**5),
        (np.sqrt, 3, 3 / 8 * 0.7**-2.5),
        (lambda x: 1 / x, 5, -120 / 0.7**6),
        (lambda x: x**7, 5, 2520 * 0.7**2),
        (lambda x: x**7, 7, 5040),
        (lambda x: x**7, 8, 0),
        (lambda x: x**-1, 3, -6 / 0.7**4),
        (sigmoid, 2, sigmoid(0.7) * (1 - sigmoid(0.7)) * (1 - 2 * sigmoid(0.7))),
        (lambda x: np.power(x, x), 2, 0.7**0.7 * ((math.log(0.7) + 1) ** 2 + 1 / 0.7)),
        (lambda x: np.where(x > 0, x**3, x**2), 2, 6 * 0.7),
        (lambda x: np.max(np.stack([x**2, x**4])), 2, 2),
        (lambda x: np.stack([x, x**2]) @ np.stack([x**3, x]), 3, 24 * 0.7 + 6),
    ],
)
def test_higher_derivatives(f, order, exact):
    np.testing.assert_allclose(many(f, order)(0.7), exact, rtol=1e-9)


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: x * grad(lambda y: x + y)(1.0), 1.0),
        (lambda x: x * grad(lambda y: x * y)(2.0), 6.0),
        (lambda x: grad(lambda y: x * y * y)(x), 12.0),
        (lambda x: grad(lambda x: x**3)(x) * x, 81.0),
        (lambda x: grad(lambda y: grad(lambda z: x * y * z)(y) * x)(x), 6.0),
        (lambda x: grad(lambda y: y**2)(x * x) * x, 54.0),
        (lambda x: grad(lambda y: grad(lambda z: z**3 * y**2)(x) * x)(x), 3 * 2 * 4 * 27.0),
        (lambda x: grad(lambda y: y * x.detach())(x) * x, 3.0),
        (lambda x: sum(grad(lambda y, c=c: c * x * y)(1.0) for c in (1.0, 2.0)), 3.0),
        (lambda x: value_and_grad(lambda y: y * x)(x)[0] + value_and_grad(lambda y: y * x)(x)[1], 7.0),
        (lambda x: grad(lambda y: np.sin(y).sum())(np.stack([x, x])).sum(), -2 * np.sin(3.0)),
        (lambda x: grad(lambda y, z: x * y * z, (0, 1))(x, 2.0)[1], 6.0),
    ],
)
def test_variables_of_nested_gradients_are_not_confused(f, exact):
    """At x = 3. The inner gradient takes the outer variable for a constant, and the outer one sees through both."""
    np.testing.assert_allclose(grad(f)(3.0), exact, rtol=1e-12)


def test_the_classic_case_of_perturbation_confusion():
    """Siskind & Pearlmutter (2005): a confused system answers 2."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1


def test_a_hessian_row_by_row():
    """∂²/∂x² of ½ xᵀ A x is the symmetric part of A."""
    A = np.random.default_rng(0).normal(size=(3, 3))
    x = np.array([1.0, -2.0, 0.5])
    gradient = grad(lambda x: x @ A @ x / 2)
    rows = [grad(lambda x, i=i: gradient(x)[i])(x) for i in range(3)]
    np.testing.assert_allclose(rows, (A + A.T) / 2)


def test_outer_tensors_of_a_users_own_graph():
    """grad inside a computation that backward() goes through: ∂/∂w of d/dx (w x²) = 2 w x at x = w."""
    w = Tensor(3.0, requires_grad=True)
    y = grad(lambda x: w * x**2)(w)
    assert y.item() == 18
    y.backward()
    assert w.grad.item() == 12


def test_the_gradients_of_a_function_do_not_add_to_grad():
    w = Tensor([3.0], requires_grad=True)
    grad(lambda x: (w * x).sum())(np.array([2.0]))
    grad(lambda x: (w * x).sum())(w)
    assert w.grad is None


def test_backward_may_be_used_inside_a_function():
    def slope(x):
        y = x * 1.0
        inner = Tensor(y.data, requires_grad=True)
        (inner**2).backward()
        return y * inner.grad.item()

    assert grad(slope)(3.0) == 6
