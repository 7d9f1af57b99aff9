"""The operators of HIPS autograd, by its names and called as it calls them."""

import pickle

import numpy as np
import pytest

from minigrad import autograd, compile
from minigrad.autograd import (
    deriv,
    elementwise_grad,
    flatten,
    grad,
    grad_and_aux,
    grad_named,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)

rng = np.random.default_rng(0)
A, x, v = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)


def f(x, s=1.0):
    return np.tanh(A @ x) * s


def e(x, s=1.0):
    return (f(x) ** 2).sum() * s


J = (1 - f(x) ** 2)[:, None] * A


def test_first_derivatives():
    np.testing.assert_allclose(grad(e)(x), 2 * f(x) @ J)
    np.testing.assert_allclose(grad(e, argnum=1)(x, 2.0), e(x))
    np.testing.assert_allclose(grad(e, (1, 0))(x, 1.0)[1], 2 * f(x) @ J)
    assert value_and_grad(e)(x)[0] == pytest.approx(e(x))
    np.testing.assert_allclose(grad_named(e, "s")(x, 5.0), e(x))
    gradient, more = grad_and_aux(lambda x: (e(x), 7))(x)
    np.testing.assert_allclose(gradient, 2 * f(x) @ J)
    assert more == 7
    found = multigrad_dict(e)(x, s=3.0)
    assert found["s"] == pytest.approx(e(x))
    assert list(found) == ["x", "s"]
    assert holomorphic_grad(np.sin)(1j) == np.cos(1j)


def test_products():
    pull, y = make_vjp(f)(x)
    np.testing.assert_allclose(y, f(x))
    np.testing.assert_allclose(pull(y), y @ J)
    pull, y = make_vjp(f, (0, 1))(x, 2.0)
    np.testing.assert_allclose(pull(np.ones(4))[1], f(x).sum())
    y, tangent = make_jvp(f)(x)(v)
    np.testing.assert_allclose(tangent, J @ v)
    np.testing.assert_allclose(make_jvp(f, 1)(x, 2.0)(1.0)[1], f(x))
    np.testing.assert_allclose(jacobian(f)(x), J)
    np.testing.assert_allclose(vector_jacobian_product(f)(x, f(x)), f(x) @ J)
    weights, square = rng.normal(size=2), lambda x: f(x).reshape(2, 2)
    expected = np.tensordot(weights, J.reshape(2, 2, 3), 1)
    np.testing.assert_allclose(tensor_jacobian_product(square)(x, weights), expected)


def test_one_number_has_a_gradient_in_any_shape():
    for kept in ({"axis": 0}, {"keepdims": True}):
        np.testing.assert_allclose(autograd.grad(lambda x, kept=kept: np.sum(x[:, None] ** 2, **kept))(x), 2 * x)
    with pytest.raises(ValueError, match=r"grad of <lambda>: wanted a scalar value, and it has shape \(3,\)"):
        autograd.grad(lambda x: x * 2)(x)


def test_elementwise():
    np.testing.assert_allclose(elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(x), -np.sin(x))
    np.testing.assert_allclose(elementwise_grad(lambda a, b: a * b**2, 1)(x, v), 2 * x * v)
    np.testing.assert_allclose(compile(elementwise_grad(np.tanh))(x), 1 - np.tanh(x) ** 2)
    np.testing.assert_allclose(deriv(lambda t: np.stack([t, t**3]))(2.0), [1, 12])
    with pytest.raises(TypeError, match="wanted a real value"):
        elementwise_grad(np.sin)(1j)


def test_second_derivatives():
    H = autograd.hessian(e)(x)
    h = 1e-6
    numeric = [(grad(e)(x + h * d) - grad(e)(x - h * d)) / (2 * h) for d in np.eye(3)]
    np.testing.assert_allclose(H, numeric, rtol=1e-6)
    np.testing.assert_allclose(hessian_vector_product(e)(x, v), H @ v)
    np.testing.assert_allclose(hessian_tensor_product(e)(x, v), H @ v)
    product, gradient = make_hvp(e)(x)
    np.testing.assert_allclose(product(v), H @ v)
    np.testing.assert_allclose(gradient, grad(e)(x))
    np.testing.assert_allclose(make_ggnvp(f)(x)(v), J.T @ (J @ v))
    np.testing.assert_allclose(make_ggnvp(f, lambda y: (y**3).sum())(x)(v), J.T @ (6 * f(x) * (J @ v)))


def test_flattened():
    given = {"W": A, "b": [x, 2.0], "t": (np.ones((1, 2)),)}
    vector, unflatten = flatten(given)
    assert vector.shape == (18,)
    again = unflatten(vector)
    np.testing.assert_array_equal(again["W"], A)
    assert again["b"][1] == 2
    assert again["t"][0].shape == (1, 2)
    np.testing.assert_allclose(grad(lambda z: (unflatten(z)["W"] ** 2).sum())(vector)[:12], 2 * A.ravel())
    np.testing.assert_allclose(grad(lambda p: (flatten(p)[0] ** 2).sum())(given)["b"][0], 2 * x)
    with pytest.raises(ValueError, match="wanted a vector of 18 numbers"):
        unflatten(vector[1:])


def test_all_are_pickled():
    for transform in (grad, elementwise_grad, make_vjp, make_jvp, jacobian, hessian_vector_product, make_hvp, deriv):
        assert pickle.loads(pickle.dumps(transform(e))).args[0] is not None
