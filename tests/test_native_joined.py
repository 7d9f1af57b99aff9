"""Arrays that native code joins of others whose addresses follow each other: in one loop, with NumPy's values."""

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim

pytest.importorskip("numba")

N = 11
RNG = np.random.default_rng(7)

ORDERS = {
    "as they are given": list(range(N)),
    "backwards": list(range(N))[::-1],
    "every second": list(range(0, N, 2)),
    "one again and again": [3] * 6,
    "in two runs": [0, 1, 2, 3, 4, 9, 8, 7, 6],
    "without any": [5, 0, 7, 2, 9, 1, 4],
    "few": [0, 1, 2],
}
JOINS = {
    "rows": np.concatenate,
    "columns": lambda xs: np.concatenate(xs, axis=1),
    "stacked": np.stack,
    "stacked last": lambda xs: np.stack(xs, axis=-1),
    "beside a part of one": lambda xs: np.concatenate([xs[0][1:], *xs, xs[1][:1]]),
    "of views": lambda xs: np.stack([x.T for x in xs]),
    "of what is computed, too": lambda xs: np.concatenate([*xs, xs[0] * 2, *xs]),
}


def make_weights(dtype):
    return [Tensor((RNG.normal(size=(3, 2)) * 4).astype(dtype), name=f"w{i}") for i in range(N)]


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize("order", ORDERS)
def test_parts_lie_where_numpy_puts_them(join, order):
    ws = make_weights(np.float64)

    def f(x):
        xs = [ws[i] for i in range(N)]
        given = sum(w[0, 0] for w in xs) * x  # so that the order in which they are given is one of its own
        return JOINS[join]([xs[i] for i in ORDERS[order]]) * 1.0 + given

    code = compile(f, backend="native")
    for _ in range(2):
        np.testing.assert_allclose(code(1.5).data, f(1.5).data, rtol=1e-14)
        ws[3].data = ws[3].data * 2
    if order in ("as they are given", "backwards") and join in ("rows", "columns", "stacked", "stacked last"):
        assert "each_64" in code.source


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int32, bool])
def test_parts_of_any_kind(dtype):
    ws = make_weights(dtype)
    code = compile(lambda: np.stack(ws), backend="native")
    found = code()
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.data, np.stack([w.data for w in ws]))
    assert "each_" in code.source


def test_a_deep_network_trains_alike():
    """Its weights are joined for a loop over the layers, and what has been joined changes in each step."""
    found = []
    for backend in ("native", None):
        layers = [nn.LayerNorm(4) for _ in range(40)]
        sgd = optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.01)

        def step(X, layers=layers, sgd=sgd):
            for layer in layers:
                X = np.tanh(layer(X))
            E = np.sum(X**2)
            sgd.zero_grad()
            E.backward()
            sgd.step()
            return E

        call = compile(step, backend=backend) if backend else step
        X = np.linspace(-1, 1, 24).reshape(6, 4)
        found.append([float(call(X).data) for _ in range(4)] + [p.data.copy() for p in sgd.params])
        if backend:
            assert len(call.source.splitlines()) < 900
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
