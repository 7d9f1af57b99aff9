"""What compiling costs where a program grows: counts of what is done and written, which do not depend on a clock."""

from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, optim, value_and_grad
from minigrad.compiler.passes.layouts import Layout, contiguous_strides, index_layout
from minigrad.compiler.rolling import orbits
from tests.compiling import as_code, running


def layered(n, rule=optim.SGD):
    """The step of n layers that have a W and a b each."""
    params = [
        Tensor(np.full(s, 0.3) + np.eye(3)[: s[0]], requires_grad=True) for _ in range(n) for s in ((3, 3), (1, 3))
    ]
    optimizer = rule(params, lr=0.01)

    def step(x):
        for W, b in zip(params[::2], params[1::2], strict=True):
            x = np.tanh(x @ W + b)
        E = (x**2).sum()
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    return step, params


def test_native_loops_over_layers_are_not_longer_for_more_layers():
    """The addresses of the layers' arrays lie side by side in what the code is given."""
    lines = []
    for n in (30, 60):
        step, params = layered(n)
        eager, others = layered(n)
        with running("interpreted"):
            code = as_code(step, "interpreted")
            E = code(np.ones((2, 3)))
        np.testing.assert_allclose(E.data, eager(np.ones((2, 3))).data, rtol=1e-12)
        for p, q in zip(params, others, strict=True):
            np.testing.assert_allclose(p.data, q.data, rtol=1e-10)
        lines.append([line for line in code.source.splitlines() if "address_of" in line])
        assert sum("pointer64(context[t1" in line for line in code.source.splitlines()) >= 2
    assert lines == [[], []]


def test_layers_whose_arrays_lie_elsewhere_have_a_table():
    """The second loop goes over the same arrays in another order."""
    own = [np.eye(3) * 0.9 + i * 0.01 for i in range(20)]

    def f(x):
        y = x
        for W in own:
            y = np.tanh(y @ W)
        for i in range(20):
            y = np.sin(y @ own[7 * i % 20])
        return np.sum(y)

    x = np.linspace(-1, 1, 6).reshape(2, 3)
    with running("interpreted"):
        code = as_code(value_and_grad(f), "interpreted")
        E, g = code(x)
    right, slope = value_and_grad(f)(x)
    np.testing.assert_allclose([E, *np.ravel(g)], [right, *np.ravel(slope)], rtol=1e-11)
    assert "address_of" in code.source


def test_layers_are_followed_once_for_the_nearest_guess_that_leads_to_nearly_all(monkeypatch):
    reached = []
    follow = orbits._Orbits.follow
    monkeypatch.setattr(orbits._Orbits, "follow", lambda self, a, b: (reached.append(x := follow(self, a, b)), x)[1])
    step, _ = layered(60)
    code = compile(step)
    code(np.ones((2, 3)))
    assert "a loop: ×60" in str(code.report())
    assert sum(len(made) > 200 for made in reached) == 2  # a measure of it, and taking it


def test_a_loop_of_many_arrays_has_no_formula_beside_it():
    sources = []
    for n in (40, 80):
        code = compile(layered(n)[0])
        code(np.ones((2, 3)))
        sources.append([line for line in code.source.splitlines() if "for t in range" in line])
    assert [len(lines) for lines in sources] == [1, 1]
    assert all("#" not in line for lines in sources for line in lines)


@pytest.mark.parametrize("seed", range(20))
def test_where_the_elements_of_a_view_lie(seed):
    """NumPy's own views say it, of an array of positions."""
    rng = np.random.default_rng(seed)
    for _ in range(50):
        shape = tuple(int(n) for n in rng.integers(0, 5, rng.integers(1, 5)))
        whole = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        assert tuple(s // 8 for s in np.empty(shape).strides) == contiguous_strides(shape) or not whole.size
        key: list[Any] = []
        for n in shape[: rng.integers(0, len(shape) + 1)]:
            if n and rng.integers(2):
                key.append(int(rng.integers(-n, n)))
            else:
                ends = [None if rng.integers(3) == 0 else int(rng.integers(-6, 7)) for _ in range(2)]
                key.append(slice(ends[0], ends[1], [None, 1, 2, -1, -2][rng.integers(5)]))
        if rng.integers(4) == 0:
            key.insert(int(rng.integers(0, len(key) + 1)), None)
        seen = whole[(*key, ...)]
        found = index_layout(Layout(None, 3, contiguous_strides(shape)), shape, tuple(key))
        places = np.full(seen.shape, found.offset - 3)
        for axis, stride in enumerate(found.strides):
            places += np.moveaxis(np.arange(seen.shape[axis])[(..., *[None] * (seen.ndim - 1))] * stride, 0, axis)
        np.testing.assert_array_equal(places, seen)
