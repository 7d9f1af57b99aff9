"""What the engine leaves behind is freed as soon as it is let go of, without the cyclic collector."""

import gc
from weakref import ref

import numpy as np
import pytest

from minigrad import Tensor, derive, grad, trace


@pytest.fixture
def uncollected():
    """No cyclic collector, and nothing for it to find."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def penalized(x, w):
    ((x @ w) ** 3).sum().backward(create_graph=True)
    (x.grad**2).sum().backward()


def passed_through(x, w):
    (x + w).sum().backward(create_graph=True)


def to_third_order(x, w):
    for _ in range(3):
        E = ((x * w) ** 4).sum() if x.grad is None else x.grad.sum()
        x.grad = None
        E.backward(create_graph=True)


def transformed(x, w):
    grad(lambda a: grad(lambda b: (b**3 * w).sum())(a).sum())(x)


@pytest.mark.parametrize("compute", [penalized, passed_through, to_third_order, transformed])
def test_recorded_gradients_are_freed_with_their_leaf(compute, uncollected):
    x, w = (Tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))
    compute(x, w)
    gone = ref(x), ref(w)
    del x, w
    assert gone[0]() is None
    assert gone[1]() is None
    assert gc.collect() == 0


def test_a_gradient_can_be_differentiated_and_read_after_as_before():
    a = Tensor([2.0], requires_grad=True, name="a")
    (a**3).sum().backward(create_graph=True)
    g = a.grad
    a.grad = None
    g.sum().backward(create_graph=True)
    np.testing.assert_allclose(a.grad.data, [12.0])
    h, a.grad = a.grad, None
    h.sum().backward()
    np.testing.assert_allclose(a.grad.data, [6.0])
    assert any(x is a for x in trace_leaves(g))
    assert str(derive((g**2).sum())) == "∂E/∂a = 36 x₁² ⊙ a³"
    del a
    g.sum().backward()  # to nobody
    assert "a²" in str(trace(g))


def trace_leaves(t):
    found, stack = [], [t]
    while stack:
        x = stack.pop()
        found += [] if x.inputs else [x]
        stack += [y for y in x.inputs if isinstance(y, Tensor)]
    return found
