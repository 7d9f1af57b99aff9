"""The code that a compiled step becomes: one call of BLAS, positions, sums, and what terms share."""

import numpy as np
import pytest

from minigrad import Tensor, compile, optim, value_and_grad
from minigrad.losses import squared_error
from minigrad.ops.arithmetic import multiply
from tests.compiled_steps import RNG
from tests.compiling import as_code, assert_same, each_backend, plain, running, side_by_side


@pytest.mark.parametrize(("threads", "called"), [("1", True), ("2", False)])
def test_a_large_update_is_one_call_of_blas_where_it_has_one_thread(monkeypatch, threads, called):
    """The product is added to W where W lies: the same new W as by hand, and no other array of its size."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, threads)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(32, 200)), rng.normal(size=(32, 180))
    W = Tensor(rng.normal(size=(200, 180)), requires_grad=True, name="W")
    optimizer = optim.SGD([W], lr=0.01)

    @compile
    def step(x, t):
        E = squared_error(x @ W, t)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    wanted = W.data - 0.01 * x.T @ (x @ W.data - t)
    step(x, t)
    np.testing.assert_allclose(W.data, wanted, rtol=1e-12, atol=1e-12)
    assert ("dgemm(" in step.source) is called


PICKED = {
    "rows": lambda Q, i: (Q[i] ** 3).sum(),
    "rows by a matrix": lambda Q, i: (Q[i[:, None] - [0, 1]] ** 3).sum(),
    "an element of each row": lambda Q, i: (Q[np.arange(5) - 2, i] ** 3).sum(),
    "two indices, broadcast": lambda Q, i: (np.exp(Q)[i[:, None], i] ** 3).sum(),
    "of a view": lambda Q, i: (Q.T[i - 1] ** 3).sum(),
    "beside a slice": lambda Q, i: (Q[:, i] ** 3).sum(),
}


@each_backend
@pytest.mark.parametrize("f", PICKED.values(), ids=PICKED)
def test_positions_that_an_argument_names(f, backend):
    Q = RNG.normal(size=(4, 4, 4))
    calls = [(Q, np.array(i)) for i in ([0, 3, 2, 2, -1], [1, 1, 1, 1, 1], [-2, 3, 0, 0, 2])]
    side_by_side(lambda: (value_and_grad(f), lambda: None), calls, backend)


@each_backend
def test_a_position_that_is_not_there(backend):
    with running(backend):
        code = as_code(lambda Q, i: Q[i] * 2, backend)
        code(np.ones((4, 3)), np.array([0, 3]))
        for wrong in (4, -5):
            with pytest.raises(IndexError, match="out of bounds for axis 0 with size 4"):
                code(np.ones((4, 3)), np.array([0, wrong]))


@each_backend
def test_a_sum_over_nothing_is_0_whatever_it_is_divided_by(backend):
    """1 / p goes in front of a sum of something; 0 / 0 would be NaN."""
    with running(backend):
        code = as_code(lambda x, p: (x / p).sum(axis=0), backend)
        np.testing.assert_array_equal(code(np.ones((0, 2)), np.zeros(())), [0, 0])


@each_backend
def test_what_the_terms_of_a_sum_share_is_multiplied_once(backend):
    def f(a, b, c, d):
        return c * a + 3 * (c * b) - d * c, a - c * b * d - c * d, -(c * a) - c * b

    with running(backend):
        code = as_code(f, backend)
        given = np.random.default_rng(0).normal(size=(4, 3))
        assert_same(plain(f(*map(Tensor, given))), plain(code(*given)))
        products = sum(node.op == multiply for node in code.graph.nodes)
        assert products == 5  # c (a + 3 b − d), a − c (b d + d), −c (a + b)


def test_a_long_sum_is_looked_through_without_recursion():
    def f(x, y):
        total = x
        for _ in range(2000):
            total = total + x * y * 1.5
        return total

    code = compile(lambda x, y: f(x, y) + f(y, x * x))
    x, y = np.ones(2), np.full(2, 0.5)
    np.testing.assert_allclose(code(x, y), f(x, y) + f(y, x * x))


@each_backend
def test_rows_of_a_parameter_that_an_argument_names(backend):
    """An embedding, written as one writes it."""

    def embedding():
        W = Tensor(np.random.default_rng(0).normal(size=(6, 4)), requires_grad=True)
        optimizer = optim.SGD([W], lr=0.1)

        def step(i, t):
            E = ((W[i] - t) ** 2).sum() + W[i, 1:][:, 0].sum() if i.ndim == 1 else (W[i[0], i[1]] - t[0, 0]).sum()
            optimizer.zero_grad()
            E.backward()
            optimizer.step()
            return E

        return step, lambda: [W]

    t = np.random.default_rng(1).normal(size=(3, 4))
    calls = [(np.array(i), t) for i in ([1, 1, 3], [0, 5, -1], [[1, 2], [3, 0]])]
    side_by_side(embedding, calls, backend)


def test_the_same_function_becomes_the_same_code():
    """Where two factors are shared as often: native code is kept under its source, from one process to the next."""

    def f(a, b, c, d):
        return a * b * c + b * a * d - c * d * a * b

    kept = [compile(f) for _ in range(12)]
    for code in kept:
        code(*np.ones((4, 3)))
    assert len({code.source for code in kept}) == 1
