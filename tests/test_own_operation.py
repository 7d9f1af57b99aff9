"""``@operation``: an operation of one's own, in everything that ours are in."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, grad, jacobian, operation, sigmoid, vmap
from minigrad.engine.debugging.gradcheck import GradientError

X = np.array([0.3, -1.2, 2.0])


@operation(lambda y, x: sigmoid(x), text="softplus({x})")
def softplus(x):
    """Give ln(1 + eˣ)."""
    return np.logaddexp(0, x)


@operation(lambda y, s, k: k / (k + s) ** 2, lambda y, s, k: -s / (k + s) ** 2, text="{s} / ({k} + {s})", binds=2)
def saturation(s, k):
    return s / (k + s)


@operation(lambda y, u, v, w: v * w, lambda y, u, v, w: u * w, lambda y, u, v, w: u * v)
def triple(u, v, w):
    return u * v * w


@operation(gradients=[lambda g, y, x: g[..., None] * 2 * x], text="‖{x}‖²")
def square_norm(x):
    return (x * x).sum(-1)


@operation(None, text="⌊{x}⌋")
def floored(x):
    return np.floor(x)


ALL = [(softplus, [X]), (saturation, [X**2, 1.5]), (triple, [X, X[:, None], 2.0]), (square_norm, [np.outer(X, X)])]
EACH = pytest.mark.parametrize(("op", "arrays"), ALL, ids=[op.name for op, _ in ALL])


@EACH
def test_its_rules_are_checked_to_second_order(op, arrays):
    assert op.check()
    assert op.check(*map(np.asarray, arrays), order=1)


@EACH
def test_it_is_compiled_by_both_backends_as_it_is_computed(op, arrays):
    f = lambda *xs: op(*xs).sum()  # noqa: E731
    arrays = [np.asarray(x) for x in arrays]
    for backend in ("numpy", "native"):
        compiled = compile(lambda *xs: grad(f)(*xs), backend=backend)
        np.testing.assert_allclose(compiled(*arrays), grad(f)(*arrays))


@EACH
def test_it_is_copied_and_pickled_by_its_name(op, arrays):
    assert pickle.loads(pickle.dumps(op)) is op
    assert copy.deepcopy(op) is op


def test_derivatives_of_any_order_and_in_each_transform():
    s = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(softplus(X), np.log(1 + np.exp(X)))
    np.testing.assert_allclose(vmap(grad(softplus))(X), s)
    np.testing.assert_allclose(vmap(grad(grad(grad(softplus))))(X), s * (1 - s) * (1 - 2 * s))
    np.testing.assert_allclose(np.diag(jacobian(softplus)(X)), s)
    np.testing.assert_allclose(jacobian(square_norm)(X), 2 * X)
    assert softplus(Tensor(np.float32(X), requires_grad=True)).dtype == np.float32
    assert softplus.__doc__ == "Give ln(1 + eˣ)."
    assert not floored(Tensor(X, requires_grad=True)).requires_grad


def test_it_is_written_by_its_notation():
    w, k = Tensor(X, requires_grad=True, name="w"), Tensor(2.0, name="k")
    text = derive(softplus(w).sum() + saturation(w, k).sum(), forward=True).to_text()
    assert "softplus(w)" in text
    assert "w / (k + w)" in text
    assert "σ(w)" in text


def test_a_wrong_derivative_is_found():
    @operation(lambda y, x: np.sin(x))
    def sine(x):
        return np.sin(x)

    with pytest.raises(GradientError, match="input 0, element"):
        sine.check()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: operation(lambda y, x: x)(lambda x, y: x), "2 inputs, x, y, and 1 derivatives"),
        (lambda: operation(lambda y, x: x, gradients=[lambda g, y, x: g]), "not both"),
        (lambda: operation(3.0), "wanted a function, not the float 3.0"),
        (lambda: operation(lambda y, x: x, text="f({z})")(lambda x: x), "the notation"),
        (lambda: operation(np.sin)(X), "wanted a function"),
    ],
)
def test_wrong_definitions_say_so(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
