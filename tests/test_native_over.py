"""Native loops that write over what they read for the last time, element by element: the values stay the same."""

import re

import numpy as np
import pytest

from minigrad import compile
from tests.compiling import assert_same, plain, running

pytest.importorskip("numba")
rng = np.random.default_rng(0)
A, B, C = rng.normal(size=(3, 12, 12)) / 3


def in_order(A, B, C):
    """Each loop reads all that it writes over before."""
    x = np.exp(A @ B)
    y = np.tanh(x @ C) * 2
    return (y @ y).sum()


def read_later(A, B, C):
    """B C is read when exp(A B) has been stored already, and A B is needed afterwards."""
    m, n = A @ B, B @ C
    e = np.exp(m)
    return e @ A + (e + n) @ C + m


def two_of_a_kind(A, B, C):
    """Two results of one loop, over two operands."""
    m, n = A @ B, B @ C
    s, d = m + n, m - n
    return s @ A, d @ C


def turned(A, B, C):
    """It is read in another order, too."""
    m = A @ B
    return (m + m.T) @ C


def in_rows(A, B, C):
    """One of its rows is read beside each."""
    m = A @ B
    return (m * m[2]) @ C


def gathered(A, B, C):
    """Sums go to no place that the loop reads from: over rows, of as many as are subtracted from each, and over one."""
    e = np.exp(A - A.max(axis=0))
    m = (A @ B)[:, None]
    k = np.tanh(m)
    return e / e.sum(axis=0), k - k.sum(axis=1, keepdims=True), (m + 1).sum(axis=1) @ C


def reshaped(A, B, C):
    """The result has another shape than what it is written over."""
    m = (A @ B).reshape(3, 4, 12)
    return (np.exp(m) * C[:4]).reshape(36, 4).T @ B.reshape(36, 4)


@pytest.mark.parametrize("how", ["interpreted", "machine"])
@pytest.mark.parametrize("f", [in_order, read_later, two_of_a_kind, turned, in_rows, gathered, reshaped])
def test_values(f, how):
    with running(how):
        assert_same(plain(f(A, B, C)), plain(compile(f, backend="native")(A, B, C)), 1e-12)


def test_a_chain_of_loops_takes_one_place():
    """Of e = exp(A B), f = tanh(e), g = f², which products read, each but the first is where the one before was."""

    def chain(A, B):
        e = np.exp(A @ B)
        f = np.tanh(e - e.max(axis=1, keepdims=True))
        return f - f.sum(axis=1, keepdims=True)

    with running("interpreted"):
        code = compile(lambda A, B: chain(A, B) @ B, backend="native")
        np.testing.assert_allclose(code(A, B), chain(A, B) @ B, rtol=1e-11)
    stored = re.findall(r"m64\[i0 \* 12 \+ i1(?: \+ (\d+))?\] = ", code.source)
    assert len(stored) == 3
    assert len(set(stored)) == 1
