"""What must grow with the number of operations or of parts, and no faster: the same work at two sizes, in one run."""

import time

import numpy as np
import pytest

from minigrad import Tensor, optim, value_and_grad
from minigrad.compiler.api import compile

TIMES = 8  # as many operations, which take linear work 8 times as long and quadratic work 64 times
MOST = 20


def growth(work, small):
    """How many times as long ``work`` of TIMES the size takes; the processor's time, the better of two."""
    spent = []
    for n in (small, TIMES * small):
        runs = []
        for _ in range(2):
            start = time.process_time()
            work(n)
            runs.append(time.process_time() - start)
        spent.append(min(runs))
    return spent[1] / spent[0]


W, b = np.eye(3) * 0.9, np.full(3, 0.1)

STEPS = {
    "products": lambda x, y, i: np.sin(y) * x + 0.5,
    "powers of one": lambda x, y, i: y * x + np.tanh(y),
    "numbers": lambda x, y, i: y * 1.01 - x,
    "layers": lambda x, y, i: np.tanh(y @ W + b),
    "choices": lambda x, y, i: np.where(y > 0.2, y * 0.9, x),
}


def chain(step, n):
    def f(x):
        y = x
        for i in range(n):
            y = step(x, y, i)
        return y.sum()

    return f


@pytest.mark.parametrize("step", STEPS)
def test_compiling_a_chain_with_its_gradient_is_linear(step):
    x = np.array([0.1, 0.3, 0.5])

    def work(n):
        compile(value_and_grad(chain(STEPS[step], n)))(x)

    assert growth(work, 40) < MOST


@pytest.mark.parametrize("step", STEPS)
def test_a_long_chain_is_compiled_right(step):
    x = np.array([0.1, 0.3, 0.5])
    f = value_and_grad(chain(STEPS[step], 300))
    for found, right in zip(compile(f)(x), f(x), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9)


def test_compiling_a_training_step_is_linear_in_layers():
    def work(n):
        weights = [Tensor(W, requires_grad=True) for _ in range(n)]
        rule = optim.SGD(weights, lr=0.1)

        def step(x):
            rule.zero_grad()
            for w in weights:
                x = np.tanh(x @ w)
            E = (x**2).sum()
            E.backward()
            rule.step()
            return E

        compile(step)(np.ones((2, 3)))

    assert growth(work, 10) < MOST
